using System.CommandLine;
using Proxy.Actors;
using Proxy.Policy.Balancing;

namespace Proxy.Node.Commands;

/// <summary>How connections get to a server: what a server that came up gets at first, who waits for a full one, who goes on to another.</summary>
internal sealed class ServiceOptions
{
    private readonly Option<string> _slowStart = new("--slow-start")
    {
        Description = "How long the share of a server that came up takes to grow to its whole. Default: it has it at once.",
        HelpName = "DURATION",
        DefaultValueFactory = _ => "0s",
    };

    private readonly Option<string> _queue = new("--server-queue")
    {
        Description = "Connections that may wait while all servers have their maximum, and for how long; 0: none waits.",
        HelpName = Form,
        DefaultValueFactory = _ => "1000,timeout=5s",
    };

    private readonly Option<int> _retries = new("--retries")
    {
        Description = "How many more servers a connection tries when one does not answer.",
        HelpName = "N",
        DefaultValueFactory = _ => 15,
    };

    public void AddTo(Command command)
    {
        command.Add(_slowStart);
        command.Add(_queue);
        command.Add(_retries);
    }

    public UpstreamSettings Apply(ParseResult parsed, UpstreamSettings settings) => settings with
    {
        SlowStart = Values.Duration(parsed.GetValue(_slowStart)!, "--slow-start"),
        Queue = Queue(parsed.GetValue(_queue)!),
    };

    public int ReadRetries(ParseResult parsed) => parsed.GetValue(_retries) is var retries and >= 0 and <= MaximumRetries
        ? retries
        : throw new UsageException($"--retries: a number from 0 to {MaximumRetries} is expected");

    private static ConnectionQueueSettings Queue(string text)
    {
        var read = KeyedText.Read(text, "--server-queue", Form, "timeout");
        var timeout = read.Microseconds("timeout", (long)ConnectionQueueSettings.Default.Timeout.TotalMicroseconds);
        return new ConnectionQueueSettings
        {
            MaximumWaiting = read.Number(read.Head, 0, MaximumWaiting),
            Timeout = TimeSpan.FromMicroseconds(timeout),
        };
    }

    private const string Form = "N[,timeout=DURATION]";

    /// <summary>Each holds a client's descriptor, and no process has more.</summary>
    private const int MaximumWaiting = 1_000_000;

    /// <summary>Each costs the connection a search through all servers.</summary>
    private const int MaximumRetries = 100;
}

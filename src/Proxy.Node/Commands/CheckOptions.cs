using System.CommandLine;
using Proxy.Actors;
using Proxy.Policy.Health;

namespace Proxy.Node.Commands;

/// <summary>Active checks of a relay's servers; off unless asked for.</summary>
internal sealed class CheckOptions
{
    private readonly Option<string?> _check = new("--check")
    {
        Description = "Asks every server whether it is well: tcp connects, http:PATH wants a status from 200 to 399. Default: none is asked.",
        HelpName = "tcp|http:PATH",
    };

    private readonly Option<string> _interval = new("--check-interval")
    {
        Description = "From one check of a server to the next.",
        HelpName = "DURATION",
        DefaultValueFactory = _ => "2s",
    };

    public void AddTo(Command command)
    {
        command.Add(_check);
        command.Add(_interval);
    }

    public HealthCheckSettings? Read(ParseResult parsed)
    {
        if (parsed.GetValue(_check) is not { } text)
        {
            return null;
        }

        var interval = Values.Duration(parsed.GetValue(_interval)!, "--check-interval");
        return interval > TimeSpan.Zero
            ? new HealthCheckSettings(Kind(text), CheckSettings.Default with { Interval = interval })
            : throw new UsageException("--check-interval: a duration above 0 is expected");
    }

    private static CheckKind Kind(string text)
    {
        if (text == "tcp")
        {
            return new TcpCheck();
        }

        if (!text.StartsWith(HttpPrefix, StringComparison.Ordinal))
        {
            throw new UsageException($"--check '{text}': tcp or http:PATH is expected, such as http:/health");
        }

        return HttpCheck.TryCreate("GET", text[HttpPrefix.Length..], "localhost", HttpStatusSet.Default, out var check, out var error)
            ? check
            : throw new UsageException($"--check: {error}");
    }

    private const string HttpPrefix = "http:";
}

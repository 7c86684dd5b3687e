using System.CommandLine;
using Proxy.Policy.Limits;

namespace Proxy.Node.Commands;

/// <summary>How many connections come in, of whom, how fast, and who waits.</summary>
internal sealed class LimitOptions
{
    private const string PerPrefixForm = "N[,v4=BITS][,v6=BITS]";
    private const string AcceptRateForm = "N/s[,burst=M]";
    private const string QueueForm = "N[,timeout=DURATION]";

    // More a second, or more that wait, is a slip of the pen.
    private const int MaximumRate = 1_000_000;
    private const int MaximumQueued = 1_000_000;

    private readonly Option<int?> _maximum = new("--max-connections")
    {
        Description = "Connections at once, so that the servers behind are not overrun; more wait (--queue) or are refused. "
            + "Default: no limit but the node's.",
        HelpName = "N",
    };

    private readonly Option<int?> _perAddress = new("--max-connections-per-ip")
    {
        Description = "Connections of one client's address at once, so that one client leaves room for the others; more are refused. Default: no limit.",
        HelpName = "N",
    };

    private readonly Option<string?> _perPrefix = new("--max-connections-per-prefix")
    {
        Description = "Connections of one network of clients at once, so that many addresses in one hand count as one; more are refused. "
            + "v4 and v6 are the network's length in bits, by default 24 (one site) and 64 (one customer). Default: no limit.",
        HelpName = PerPrefixForm,
    };

    private readonly Option<string?> _acceptRate = new("--accept-rate")
    {
        Description = "New connections a second, so that a storm of them is spread; more wait (--queue) or are refused. burst: how many may come at "
            + "once, by default a tenth of a second's worth. Default: no limit.",
        HelpName = AcceptRateForm,
    };

    private readonly Option<string?> _queue = new("--queue")
    {
        Description = "Connections that may wait, unread, for a place or for the accept rate, each for at most timeout (5s by default), so that a "
            + "short peak is served late and not refused. Default: none waits.",
        HelpName = QueueForm,
    };

    private readonly Option<int?> _node = new("--node-max-connections")
    {
        Description = "Connections of all frontends of this node at once, so that it never runs out of descriptors; more wait (--queue) or are refused. "
            + "Default: what the descriptor limit carries (two descriptors each).",
        HelpName = "N",
    };

    public void AddTo(Command command)
    {
        command.Add(_maximum);
        command.Add(_perAddress);
        command.Add(_perPrefix);
        command.Add(_acceptRate);
        command.Add(_queue);
        command.Add(_node);
    }

    public AdmissionSettings Read(ParseResult parsed)
    {
        var limits = new AdmissionSettings
        {
            MaximumConnections = Count(_maximum),
            MaximumConnectionsPerSource = Count(_perAddress),
        };
        if (parsed.GetValue(_perPrefix) is { } perPrefix)
        {
            var text = KeyedText.Read(perPrefix, "--max-connections-per-prefix", PerPrefixForm, "v4", "v6");
            limits = limits with
            {
                MaximumConnectionsPerPrefix = text.Number(text.Head, 1, int.MaxValue),
                IPv4PrefixLength = text.Number("v4", limits.IPv4PrefixLength, 1, 32),
                IPv6PrefixLength = text.Number("v6", limits.IPv6PrefixLength, 1, 128),
            };
        }

        if (parsed.GetValue(_acceptRate) is { } acceptRate)
        {
            var text = KeyedText.Read(acceptRate, "--accept-rate", AcceptRateForm, "burst");
            limits = limits with
            {
                AcceptsPerSecond = text.Number(text.HeadWithout("/s"), 1, MaximumRate),
                AcceptBurst = text.Number("burst", 0, 1, MaximumRate),
            };
        }

        if (parsed.GetValue(_queue) is { } queue)
        {
            var text = KeyedText.Read(queue, "--queue", QueueForm, "timeout");
            limits = limits with
            {
                MaximumQueued = text.Number(text.Head, 1, MaximumQueued),
                QueueDeadlineMicroseconds = text.Microseconds("timeout", limits.QueueDeadlineMicroseconds),
            };
        }

        return limits;

        int Count(Option<int?> option) => parsed.GetValue(option) is { } maximum ? Values.Count(maximum, option.Name) : int.MaxValue;
    }

    /// <summary>Null: what the descriptor limit carries.</summary>
    public int? ReadNodeMaximum(ParseResult parsed) =>
        parsed.GetValue(_node) is { } maximum ? Values.Count(maximum, "--node-max-connections") : null;
}

using System.Globalization;
using System.Net;

namespace Proxy.Link.Bench;

/// <summary>What a link does to each datagram, in each direction alike.</summary>
internal sealed record LinkSettings
{
    public required IPEndPoint Listen { get; init; }

    public required IPEndPoint Target { get; init; }

    public double DelayMilliseconds { get; init; }

    /// <summary>Added to the delay, evenly from 0 up; what overtakes is reordered.</summary>
    public double JitterMilliseconds { get; init; }

    /// <summary>The share that is lost, behind the bottleneck: a lost datagram has used its part of the rate.</summary>
    public double Loss { get; init; }

    /// <summary>The share that comes later than its turn, by <see cref="ReorderingMilliseconds"/>.</summary>
    public double Reordering { get; init; }

    public double ReorderingMilliseconds { get; init; } = 5;

    /// <summary>The share that arrives twice.</summary>
    public double Duplication { get; init; }

    /// <summary>Of the bottleneck, IP and UDP headers counted; 0: there is none.</summary>
    public double MegabitsPerSecond { get; init; }

    /// <summary>In front of the bottleneck; what does not fit is dropped.</summary>
    public double QueueBytes { get; init; } = 2 << 20;

    /// <summary>Larger UDP payloads are dropped, as a path of a smaller MTU would; 0: none are.</summary>
    public int MaximumPayloadBytes { get; init; }

    public int Seed { get; init; } = 1;

    /// <summary>LISTEN TARGET [name=value]…</summary>
    public static LinkSettings Read(string[] arguments)
    {
        var settings = new LinkSettings { Listen = IPEndPoint.Parse(arguments[0]), Target = IPEndPoint.Parse(arguments[1]) };
        foreach (var argument in arguments.Skip(2))
        {
            var (name, text) = argument.Split('=') is [var first, var second] ? (first, second) : throw new FormatException($"'{argument}': name=value is expected");
            var value = double.Parse(text, CultureInfo.InvariantCulture);
            settings = name switch
            {
                "delay" => settings with { DelayMilliseconds = value },
                "jitter" => settings with { JitterMilliseconds = value },
                "loss" => settings with { Loss = value },
                "reordering" => settings with { Reordering = value },
                "duplication" => settings with { Duplication = value },
                "rate" => settings with { MegabitsPerSecond = value },
                "queue" => settings with { QueueBytes = value * 1024 },
                "payload" => settings with { MaximumPayloadBytes = (int)value },
                "seed" => settings with { Seed = (int)value },
                _ => throw new FormatException($"'{name}' is none of delay, jitter, loss, reordering, duplication, rate, queue, payload and seed"),
            };
        }

        return settings;
    }
}

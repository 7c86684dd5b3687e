namespace Proxy.TestKit;

/// <summary>What a rule says about one packet. Delays come on top of the path's latency.</summary>
public abstract record Verdict
{
    private Verdict()
    {
    }

    /// <summary>Not this rule's matter: the next rule is asked, and after the last one the packet is delivered.</summary>
    public static Verdict Pass { get; } = new Passed();

    public static Verdict Drop { get; } = new Dropped();

    public static Verdict Deliver(TimeSpan delay) => new Delivered([delay]);

    /// <summary>Several copies arrive, each after its own delay.</summary>
    public static Verdict Duplicate(params TimeSpan[] delays) => new Delivered(delays);

    public sealed record Passed : Verdict;

    public sealed record Dropped : Verdict;

    /// <summary>Arrives, once per delay.</summary>
    public sealed record Delivered(IReadOnlyList<TimeSpan> Delays) : Verdict;
}

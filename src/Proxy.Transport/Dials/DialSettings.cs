namespace Proxy.Transport.Dials;

public sealed record DialSettings
{
    public static readonly DialSettings Default = new();

    /// <summary>How long one attempt is alone before the next address is tried beside it (RFC 8305, Connection Attempt Delay: 250 ms).</summary>
    public TimeSpan Stagger { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// Whether the addresses are tried in the order in which they are given, each one asked for when its turn has come; no address may be among
    /// them twice. Otherwise IPv6 comes first, the families take turns, and what is there twice is tried once.
    /// </summary>
    public bool IsOrderGiven { get; init; }

    /// <summary>Whether datagrams are wanted: then the first address that there is a way to wins, for nobody answers.</summary>
    public bool IsUdp { get; init; }

    public SourceAddresses Sources { get; init; } = SourceAddresses.Any;

    /// <summary>How long the whole dial may take.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(10);
}

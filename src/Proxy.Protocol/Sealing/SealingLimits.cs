namespace Proxy.Protocol.Sealing;

/// <summary>The sizes and times of the sealed dialect that are the same at every node, each with its reason.</summary>
public static class SealingLimits
{
    /// <summary>
    /// A hello is at least this long, and so is the answer: it shows that the path carries such datagrams both ways, and an answer is never
    /// longer than what provoked it.
    /// </summary>
    public const int HandshakeBytes = 1200;

    /// <summary>The longest hello that is looked at: an Ethernet frame's UDP payload over IPv6, rounded.</summary>
    public const int MaximumHelloBytes = 1452;

    /// <summary>Settings in a handshake message; twice and more what is known today, and all of them fit into 1200 bytes.</summary>
    public const int Settings = 64;

    /// <summary>Ciphers or framing versions that one hello may offer.</summary>
    public const int Offers = 16;

    /// <summary>Numbers behind the highest that may still arrive. At 1 Gbit/s that is about 80 ms of reordering.</summary>
    public const int ReplayWindowNumbers = 8192;

    /// <summary>A datagram shorter than this is never answered by a reset, so that a reset, which is shorter, can not provoke a reset.</summary>
    public const int ResetTriggerBytes = 64;

    /// <summary>Resets a second, all strangers together.</summary>
    public const int ResetsPerSecond = 100;

    /// <summary>Sent to an address that has not proved itself: this many times what came from it (RFC 9000, 8.1).</summary>
    public const int AmplificationFactor = 3;

    /// <summary>How far a hello's clock may be off before it needs a cookie.</summary>
    public static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(60);

    /// <summary>How long a cookie is good: the minute it was made in and the next.</summary>
    public static readonly TimeSpan CookiePeriod = TimeSpan.FromMinutes(1);
}

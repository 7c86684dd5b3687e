namespace Proxy.Protocol.Tunnels;

/// <summary>The deadlines of a tunnel's control plane, with vproxy's numbers where it has one.</summary>
public static class TunnelTimes
{
    /// <summary>From the start (client) or the first byte (server) to the peer's SETTINGS; vproxy's 5 s.</summary>
    public static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Silence after which a PING is sent; vproxy's client period.</summary>
    public static readonly TimeSpan KeepAlivePeriod = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Silence after traffic that asks for one PING ahead of the period: whoever waits for a peer that died in the middle of an exchange may
    /// have nothing to send, and so nothing that could be refused.
    /// </summary>
    public static readonly TimeSpan KeepAliveAfterTraffic = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a PING may stay without any sign of life; vproxy's 5 s.</summary>
    public static readonly TimeSpan KeepAliveTimeout = TimeSpan.FromSeconds(5);

    /// <summary>PINGs missed in a row until the peer counts as dead; vproxy tolerates two. Silence until then: 10 + 3 · 5 = 25 s.</summary>
    public const int KeepAliveMisses = 3;
}

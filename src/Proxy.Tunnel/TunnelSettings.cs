namespace Proxy.Tunnel;

/// <summary>Which end of a tunnel an engine is: the client opens the tunnel and its streams.</summary>
public enum TunnelRole
{
    Client,
    Server,
}

/// <summary>What a tunnel engine holds itself to. All sizes are bytes, all times <see cref="TimeSpan"/>.</summary>
public sealed record TunnelSettings
{
    public static readonly TunnelSettings Default = new();

    /// <summary>How long the peer's handshake may take; vproxy's own figure.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Silence after which a PING asks whether the peer is there.</summary>
    public TimeSpan KeepAliveInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Silence, while an answer is owed, after which the tunnel is given up. Long enough to outlive a blackout of 20 s, which vproxy's 3.5 s
    /// do not.
    /// </summary>
    public TimeSpan DeadAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>For how long every send must have been answered by ICMP "port unreachable" before the peer counts as gone.</summary>
    public TimeSpan RefusedFor { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Streams that may exist at once, those still being cleaned up included.</summary>
    public int MaximumStreams { get; init; } = 8192;

    /// <summary>Streams a peer may open per second, over a burst of <see cref="MaximumStreams"/>.</summary>
    public int OpensPerSecond { get; init; } = 2000;

    /// <summary>Answers (PING acknowledgement, RST to unknown streams) per second; a peer that provokes more loses its tunnel.</summary>
    public int RepliesPerSecond { get; init; } = 1000;

    /// <summary>Received bytes waiting for a slow reader at which its peer is asked to pause.</summary>
    public int PauseAtBytes { get; init; } = 256 * 1024;

    /// <summary>Received bytes waiting at which a paused peer is asked to go on.</summary>
    public int ResumeAtBytes { get; init; } = 64 * 1024;

    /// <summary>
    /// Received bytes that may wait for one reader. Reached only when the peer does not know how to pause (a real vproxy); the stream is
    /// then reset, so that it holds neither memory nor the other streams.
    /// </summary>
    public int StreamReceiveLimitBytes { get; init; } = 32 * 1024 * 1024;

    /// <summary>Received bytes that may wait for all readers of the tunnel together; beyond it the stream that holds most is reset.</summary>
    public long TunnelReceiveLimitBytes { get; init; } = 128L * 1024 * 1024;

    /// <summary>
    /// Bytes of one DATA frame, header excluded. As vproxy's own chunks; small enough that streams take turns within a few milliseconds.
    /// </summary>
    public int FrameBytes { get; init; } = 16 * 1024;
}

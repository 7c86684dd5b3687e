using Proxy.Kcp;
using Proxy.Protocol.Tunnels;

namespace Proxy.Tunnel;

/// <summary>What a tunnel engine holds itself to. All sizes are bytes, all times <see cref="TimeSpan"/>.</summary>
public sealed record TunnelSettings
{
    public static readonly TunnelSettings Default = new();

    /// <summary>The ARQ below. The default is vproxy's own default, and so is what its peers expect.</summary>
    public KcpSettings Kcp { get; init; } = KcpSettings.VproxyFast4;

    public TimeSpan HandshakeTimeout { get; init; } = TunnelTimes.HandshakeTimeout;

    /// <summary>Silence after which a PING asks whether the peer is there.</summary>
    public TimeSpan KeepAlivePeriod { get; init; } = TunnelTimes.KeepAlivePeriod;

    /// <summary>How long a PING may stay without a sign of life before it counts as missed.</summary>
    public TimeSpan KeepAliveTimeout { get; init; } = TunnelTimes.KeepAliveTimeout;

    /// <summary>PINGs missed in a row that end the tunnel. With the defaults silence of 25 s does, so that a blackout of 20 s is outlived.</summary>
    public int KeepAliveMisses { get; init; } = TunnelTimes.KeepAliveMisses;

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
    /// Segments that may wait in the lane before streams are asked for more: a little more than a frame. More would let a bulk stream's
    /// backlog stand in front of everybody else's next byte.
    /// </summary>
    public int LaneBacklogSegments { get; init; } = 16;

    /// <summary>
    /// Bytes of one DATA frame, header excluded. As vproxy's own chunks; small enough that streams take turns within a few milliseconds.
    /// </summary>
    public int FrameBytes { get; init; } = 16 * 1024;
}

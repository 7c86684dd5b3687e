using Proxy.Kcp;
using Proxy.Protocol.Frames;
using Proxy.Protocol.Tunnels;

namespace Proxy.Tunnel;

/// <summary>What a tunnel engine holds itself to; immutable. All sizes are bytes, all times <see cref="TimeSpan"/>.</summary>
public sealed record TunnelSettings
{
    public static readonly TunnelSettings Default = new();

    /// <summary>
    /// The ARQ below: vproxy's own default, and so what its peers expect, with the waits for an answer growing by the same step each time.
    /// That is vproxy's growth too; growing by half of themselves they reach 10 s in a blackout of 20 s, and as long the streams would stand
    /// still after it.
    /// </summary>
    public KcpSettings Kcp { get; init; } = KcpSettings.VproxyFast4 with { NoDelay = KcpNoDelay.Faster };

    public TimeSpan HandshakeTimeout { get; init; } = TunnelTimes.HandshakeTimeout;

    /// <summary>Silence after which a PING asks whether the peer is there.</summary>
    public TimeSpan KeepAlivePeriod { get; init; } = TunnelTimes.KeepAlivePeriod;

    /// <summary>How long a PING may stay without a sign of life before it counts as missed.</summary>
    public TimeSpan KeepAliveTimeout { get; init; } = TunnelTimes.KeepAliveTimeout;

    /// <summary>PINGs missed in a row that end the tunnel. With the defaults silence of 25 s does, so that a blackout of 20 s is outlived.</summary>
    public int KeepAliveMisses { get; init; } = TunnelTimes.KeepAliveMisses;

    /// <summary>For how long every send must have been answered by ICMP "port unreachable" before the peer counts as gone.</summary>
    public TimeSpan RefusedFor { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long our last words (GOAWAY, and what the lane took before it) are sent again until the peer acknowledges them. A peer that misses
    /// them finds out by its keepalive.
    /// </summary>
    public TimeSpan LastWordsTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How long, after the peer shut the tunnel down, readers may take what had arrived for streams that were complete. The owner, who needs
    /// the tunnel's end to begin a new one, waits as long at most.
    /// </summary>
    public TimeSpan ReadersTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Streams that may exist at once, those still being cleaned up included.</summary>
    public int MaximumStreams { get; init; } = 8192;

    /// <summary>The first id a client gives; odd. Anything but 1 is for tests of the last one.</summary>
    public int FirstStreamId { get; init; } = 1;

    /// <summary>With ids for fewer streams left, a client's tunnel is to be replaced.</summary>
    public int ReplaceBelowStreams { get; init; } = 64 * 1024;

    /// <summary>
    /// Streams a peer may open per second, over a burst of <see cref="MaximumStreams"/>. More than two cores can connect, so that honest clients never
    /// meet it, and who opens and resets in a flood costs no more than they.
    /// </summary>
    public int OpensPerSecond { get; init; } = 20_000;

    /// <summary>Answers (PING acknowledgement, RST to unknown streams) per second; a peer that provokes more loses its tunnel.</summary>
    public int RepliesPerSecond { get; init; } = 1000;

    /// <summary>
    /// Control frames that may wait for the lane; at half of it no streams are opened any more, and a peer that provokes answers beyond it
    /// without taking any loses its tunnel. A blackout of 20 s with 800 short connections a second stays below the half.
    /// </summary>
    public int MaximumControlFrames { get; init; } = 64 * 1024;

    /// <summary>Received bytes waiting for a slow reader at which its peer is asked to pause.</summary>
    public int PauseAtBytes { get; init; } = 256 * 1024;

    /// <summary>Received bytes waiting at which a paused peer is asked to go on.</summary>
    public int ResumeAtBytes { get; init; } = 64 * 1024;

    /// <summary>
    /// Received bytes that may wait for one reader. Reached only when the peer does not know how to pause (a real vproxy); the stream is
    /// then reset, so that it holds neither memory nor the other streams.
    /// </summary>
    public int StreamReceiveLimitBytes { get; init; } = 32 * 1024 * 1024;

    /// <summary>
    /// Received bytes that may wait for all readers of the tunnel together; beyond it the stream that holds most is reset. From half of it on
    /// whatever waits at all is asked to pause, so that many slow readers with a peer that pauses do not get there.
    /// </summary>
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

    /// <summary>Segments that a stream's turn needs at most: a DATA frame and a FIN, beginning inside a segment.</summary>
    internal int TurnSegments =>
        ((DataFrame.LengthBytes(FrameBytes) + DataFrame.LengthBytes(0) - 1) / (Kcp.MtuBytes - KcpSegment.HeaderBytes)) + 2;

    /// <summary>Throws on a value no engine can work with; a mistake of the program, as settings never come from a peer.</summary>
    public void Validate()
    {
        Kcp.Validate();
        Check(MaximumStreams, 1, int.MaxValue, nameof(MaximumStreams));
        Check(OpensPerSecond, 1, int.MaxValue, nameof(OpensPerSecond));
        Check(RepliesPerSecond, 1, int.MaxValue, nameof(RepliesPerSecond));
        Check(MaximumControlFrames, 2, int.MaxValue, nameof(MaximumControlFrames));
        Check(PauseAtBytes, 1, int.MaxValue, nameof(PauseAtBytes));
        Check(ResumeAtBytes, 0, PauseAtBytes - 1, nameof(ResumeAtBytes));
        Check(StreamReceiveLimitBytes, PauseAtBytes, int.MaxValue, nameof(StreamReceiveLimitBytes));
        Check(TunnelReceiveLimitBytes, PauseAtBytes, long.MaxValue, nameof(TunnelReceiveLimitBytes));
        Check(LaneBacklogSegments, 1, int.MaxValue, nameof(LaneBacklogSegments));
        Check(FrameBytes, 1, DataFrame.MaxPayloadBytes, nameof(FrameBytes));
        Check(Kcp.SendBufferSegments, TurnSegments, int.MaxValue, nameof(KcpSettings.SendBufferSegments));
        Check(FirstStreamId & 1, 1, 1, nameof(FirstStreamId));
        Check(FirstStreamId, 1, int.MaxValue, nameof(FirstStreamId));
    }

    private static void Check(long value, long minimum, long maximum, string name)
    {
        if (value < minimum || value > maximum)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} is {minimum} to {maximum}.");
        }
    }
}

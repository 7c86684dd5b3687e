namespace Proxy.Kcp;

/// <summary>How eagerly a segment is sent again; the protocol's <c>nodelay</c>.</summary>
public enum KcpNoDelay
{
    /// <summary>0: the timeout doubles, and the first one has an eighth on top.</summary>
    Off = 0,

    /// <summary>1: the segment's own timeout grows by half each time.</summary>
    Fast = 1,

    /// <summary>2: it grows by half of the timeout in force each time.</summary>
    Faster = 2,
}

/// <summary>Who finds out what arrived.</summary>
public enum KcpAcknowledgement
{
    /// <summary>The engine: it sends and reads ACK segments, measures the round trip and resends by timeout.</summary>
    Own,

    /// <summary>The caller, by <see cref="KcpEngine.Acknowledged"/> and <see cref="KcpEngine.Lost"/>; no ACK segments, no timeout.</summary>
    External,
}

/// <summary>What an engine is made with; immutable. The defaults are those of the protocol's reference, in stream mode.</summary>
public sealed record KcpSettings
{
    /// <summary>No wider window can be told: wnd is 16 bits.</summary>
    public const int MaximumWindowSegments = ushort.MaxValue;

    /// <summary>Below it a header leaves no room worth using; the protocol's own minimum.</summary>
    public const int MinimumMtuBytes = 50;

    /// <summary>The largest UDP payload.</summary>
    public const int MaximumMtuBytes = ushort.MaxValue;

    /// <summary>vproxy's profile "normal".</summary>
    public static KcpSettings VproxyNormal { get; } = new()
    {
        IntervalMilliseconds = 40,
        FastResend = 2,
        CongestionWindow = false,
        SendWindowSegments = 1024,
        ReceiveWindowSegments = 1024,
        SendBufferSegments = 2048,
        MtuBytes = 1250,
    };

    /// <summary>vproxy's "fast1", KcpTun's fast 1.</summary>
    public static KcpSettings VproxyFast1 { get; } = VproxyNormal with { IntervalMilliseconds = 30, MinimumRtoMilliseconds = 60 };

    /// <summary>vproxy's "fast2", KcpTun's fast 2.</summary>
    public static KcpSettings VproxyFast2 { get; } = VproxyNormal with
    {
        NoDelay = KcpNoDelay.Fast,
        IntervalMilliseconds = 20,
        MinimumRtoMilliseconds = 30,
    };

    /// <summary>vproxy's "fast3", KcpTun's fast 3.</summary>
    public static KcpSettings VproxyFast3 { get; } = VproxyFast2 with { IntervalMilliseconds = 10 };

    /// <summary>vproxy's "clientFast3".</summary>
    public static KcpSettings VproxyClientFast3 { get; } = VproxyFast3 with { SendWindowSegments = 128, SendBufferSegments = 256 };

    /// <summary>vproxy's "fast4", the default of its server and of KcpTun.</summary>
    public static KcpSettings VproxyFast4 { get; } = VproxyFast3 with { FastResend = 1 };

    /// <summary>vproxy's "clientFast4", the default of its agent.</summary>
    public static KcpSettings VproxyClientFast4 { get; } = VproxyFast4 with { SendWindowSegments = 256, SendBufferSegments = 512 };

    /// <summary>Whether the payloads are one stream of bytes; otherwise each <see cref="KcpEngine.SendMessage"/> is received as one.</summary>
    public bool StreamMode { get; init; } = true;

    public KcpNoDelay NoDelay { get; init; }

    /// <summary>The least allowance for variance in the timeout; nothing here ticks. 10 to 5000.</summary>
    public int IntervalMilliseconds { get; init; } = 100;

    /// <summary>Resend after so many later segments were acknowledged; 0 never does.</summary>
    public int FastResend { get; init; }

    /// <summary>Whether, with no new segment to send, one overtaken by a later one is resent without waiting for <see cref="FastResend"/>.</summary>
    public bool EarlyRetransmit { get; init; }

    /// <summary>Whether the congestion window limits what is in flight; the reverse of the protocol's <c>nc</c>.</summary>
    public bool CongestionWindow { get; init; } = true;

    /// <summary>In flight at most.</summary>
    public int SendWindowSegments { get; init; } = 32;

    /// <summary>Received but unread at most, out of order ones included.</summary>
    public int ReceiveWindowSegments { get; init; } = 128;

    /// <summary>In flight and queued together at most; what is beyond is not taken.</summary>
    public int SendBufferSegments { get; init; } = 256;

    /// <summary>What the peer is taken to have room for until it says so; the reference assumes 128.</summary>
    public int InitialPeerWindowSegments { get; init; } = 128;

    /// <summary>A datagram at most.</summary>
    public int MtuBytes { get; init; } = 1400;

    /// <summary>
    /// The largest payload taken from the peer, whose mtu may be another. With the receive window it bounds what a peer can make us hold.
    /// </summary>
    public int MaximumReceivedPayloadBytes { get; init; } = 1500;

    public int MinimumRtoMilliseconds { get; init; } = 100;

    /// <summary>How long a closed window is waited for before the first probe; the following waits grow by half each, up to two minutes.</summary>
    public int ProbeMilliseconds { get; init; } = 500;

    /// <summary>A segment sent so often without an answer makes the link dead; 0 never does.</summary>
    public int DeadLinkTransmissions { get; init; } = 20;

    /// <summary>The first number, of both directions; anything but 0 is for tests of the wrap-around.</summary>
    public uint InitialSequenceNumber { get; init; }

    public KcpAcknowledgement Acknowledgement { get; init; }

    /// <summary>Throws on a value no engine can work with; a mistake of the program, as settings never come from a peer.</summary>
    public void Validate()
    {
        Check(IntervalMilliseconds, 10, 5000, nameof(IntervalMilliseconds));
        Check(FastResend, 0, ushort.MaxValue, nameof(FastResend));
        Check(SendWindowSegments, 1, MaximumWindowSegments, nameof(SendWindowSegments));
        Check(ReceiveWindowSegments, 1, MaximumWindowSegments, nameof(ReceiveWindowSegments));
        Check(SendBufferSegments, 1, 4 * MaximumWindowSegments, nameof(SendBufferSegments));
        Check(InitialPeerWindowSegments, 1, MaximumWindowSegments, nameof(InitialPeerWindowSegments));
        Check(MtuBytes, MinimumMtuBytes, MaximumMtuBytes, nameof(MtuBytes));
        Check(MaximumReceivedPayloadBytes, 1, MaximumMtuBytes, nameof(MaximumReceivedPayloadBytes));
        Check(MinimumRtoMilliseconds, 1, KcpEngine.MaximumRtoMilliseconds, nameof(MinimumRtoMilliseconds));
        Check(ProbeMilliseconds, 1, KcpEngine.MaximumProbeMilliseconds, nameof(ProbeMilliseconds));
        Check(DeadLinkTransmissions, 0, ushort.MaxValue, nameof(DeadLinkTransmissions));
    }

    private static void Check(int value, int minimum, int maximum, string name)
    {
        if (value < minimum || value > maximum)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} is {minimum} to {maximum}.");
        }
    }
}

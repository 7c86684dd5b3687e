using Proxy.Protocol;
using Proxy.Protocol.Parts;
using Proxy.Tunnel.Native.Fec;

namespace Proxy.Tunnel.Native;

/// <summary>What a native engine holds itself to; immutable. Sizes are bytes, times <see cref="TimeSpan"/>.</summary>
public sealed record NativeTunnelSettings
{
    public static readonly NativeTunnelSettings Default = new();

    /// <summary>User lanes; both ends have the same number, agreed in the handshake.</summary>
    public int UserLanes { get; init; } = 8;

    /// <summary>Segments that a lane may have under way, and hold out of order.</summary>
    public int LaneWindowSegments { get; init; } = 16_384;

    /// <summary>Received out of order in all lanes together; beyond it only what closes a gap is taken.</summary>
    public long OutOfOrderBytes { get; init; } = 32L * 1024 * 1024;

    /// <summary>All credit that peers may use up against us at once; the most that unread streams can hold here.</summary>
    public long CreditBudgetBytes { get; init; } = 256L * 1024 * 1024;

    /// <summary>What a stream's window begins with while the budget has plenty, the initial credit included.</summary>
    public int FirstWindowBytes { get; init; } = 256 * 1024;

    /// <summary>What a stream's window may grow to.</summary>
    public int MaximumWindowBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>Server: places that its tunnels share with others of the node; null: there are as many as anybody wants.</summary>
    public StreamPlaces? Places { get; init; }

    /// <summary>Streams that may exist at once, those still being cleaned up included.</summary>
    public int MaximumStreams { get; init; } = 8192;

    /// <summary>
    /// Streams a peer may open per second, over a burst of <see cref="MaximumStreams"/>. More than two cores can connect, so that honest clients never
    /// meet it, and who opens and resets in a flood costs no more than they.
    /// </summary>
    public int OpensPerSecond { get; init; } = 20_000;

    /// <summary>Answers (PING acknowledgement, RST to unknown streams) per second; a peer that provokes more loses its tunnel.</summary>
    public int RepliesPerSecond { get; init; } = 1000;

    /// <summary>
    /// Control frames that may wait for the lanes; at half of it no streams are opened any more, and a peer that provokes answers beyond it
    /// without taking any loses its tunnel.
    /// </summary>
    public int MaximumControlFrames { get; init; } = 64 * 1024;

    /// <summary>Bytes of a stream that wait to be sent at which its source is stopped.</summary>
    public int SendHighBytes { get; init; } = 64 * 1024;

    /// <summary>… and at which it is asked for more.</summary>
    public int SendLowBytes { get; init; } = 32 * 1024;

    /// <summary>A stream with more than that waiting keeps others off its lane.</summary>
    public int BulkBytes { get; init; } = 64 * 1024;

    /// <summary>The largest datagram ever tried.</summary>
    public int MaximumDatagramBytes { get; init; } = 1452;

    /// <summary>The guess before the first measurement; the handshake knows better.</summary>
    public TimeSpan InitialRoundTrip { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>0: found out; else the tunnel sends at that rate, whatever the path says.</summary>
    public double FixedBytesPerSecond { get; init; }

    /// <summary>Whether we send shards, so that the peer can mend what is lost.</summary>
    public FecMode Fec { get; init; } = FecMode.Off;

    /// <summary>Datagrams of a group of <see cref="FecMode.Fixed"/>.</summary>
    public int FecMembers { get; init; } = 20;

    /// <summary>Shards of a group of <see cref="FecMode.Fixed"/>: as many of its datagrams may be lost.</summary>
    public int FecShards { get; init; } = 2;

    /// <summary>Silence after which a PING asks whether the peer is there, give or take a tenth.</summary>
    public TimeSpan KeepAlivePeriod { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Silence with something unanswered after which the peer is gone.</summary>
    public TimeSpan DeadAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>For how long every send must have been answered by ICMP "port unreachable" before the peer counts as gone.</summary>
    public TimeSpan RefusedFor { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long the end of the tunnel is told to a peer that does not acknowledge it.</summary>
    public TimeSpan LastWordsTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long, after the peer shut the tunnel down, readers may take what had arrived for streams that were complete.</summary>
    public TimeSpan ReadersTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The first id a client may give; odd. Anything but 1 is for tests of the last one.</summary>
    public int FirstStreamId { get; init; } = 1;

    /// <summary>With ids for fewer streams left, a client's tunnel is to be replaced.</summary>
    public int ReplaceBelowStreams { get; init; } = 64 * 1024;

    /// <summary>Throws on a value no engine can work with; a mistake of the program, as settings never come from a peer.</summary>
    public void Validate()
    {
        Check(UserLanes, 1, MostUserLanes, nameof(UserLanes));
        Check(LaneWindowSegments, 1, ushort.MaxValue, nameof(LaneWindowSegments));
        Check(OutOfOrderBytes, 1, long.MaxValue, nameof(OutOfOrderBytes));
        Check(MaximumStreams, 1, int.MaxValue, nameof(MaximumStreams));
        Check(CreditBudgetBytes, ProtocolLimits.InitialCreditBytes, long.MaxValue, nameof(CreditBudgetBytes));
        Check(FirstWindowBytes, ProtocolLimits.InitialCreditBytes, MaximumWindowBytes, nameof(FirstWindowBytes));
        Check(MaximumWindowBytes, ProtocolLimits.InitialCreditBytes, 1 << 30, nameof(MaximumWindowBytes));
        Check(OpensPerSecond, 1, int.MaxValue, nameof(OpensPerSecond));
        Check(RepliesPerSecond, 1, int.MaxValue, nameof(RepliesPerSecond));
        Check(MaximumControlFrames, 2, int.MaxValue, nameof(MaximumControlFrames));
        Check(SendHighBytes, 1, int.MaxValue, nameof(SendHighBytes));
        Check(SendLowBytes, 0, SendHighBytes, nameof(SendLowBytes));
        Check(BulkBytes, 1, int.MaxValue, nameof(BulkBytes));
        Check(MaximumDatagramBytes, LeastDatagramBytes, MostDatagramBytes, nameof(MaximumDatagramBytes));
        Check(FecMembers, 1, ErasureCode.MostMembers, nameof(FecMembers));
        Check(FecShards, 1, ErasureCode.MostShards, nameof(FecShards));
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

    /// <summary>What every path carries; the size a tunnel begins with and falls back to.</summary>
    public const int LeastDatagramBytes = 1200;

    /// <summary>A segment of the largest goes in two halves where the path turns out to carry only the least.</summary>
    public const int MostDatagramBytes = PiecePart.MaxSegmentBytes;

    /// <summary>One bit each of a word, with the control lane.</summary>
    public const int MostUserLanes = 63;
}

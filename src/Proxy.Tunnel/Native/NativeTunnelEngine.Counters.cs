using Proxy.Tunnel.Native;

namespace Proxy.Tunnel;

/// <summary>What was counted.</summary>
public sealed partial class NativeTunnelEngine
{
    public TunnelCounters Counters
    {
        get
        {
            ref readonly var native = ref _nativeStatistics;
            return new TunnelCounters
            {
                Streams = _statistics.StreamsOpened,
                StreamsRefused = _statistics.StreamsRefused,
                PayloadBytesSent = _statistics.BytesSent,
                PayloadBytesReceived = _statistics.BytesReceived,
                DatagramsSent = native.DatagramsSent,
                DatagramsReceived = native.DatagramsReceived,
                DatagramBytesSent = native.DatagramBytesSent,
                DatagramBytesReceived = native.DatagramBytesReceived,
                DatagramsRefused = native.DatagramsRefused,
                DatagramsMalformed = _statistics.DatagramsMalformed,
                DatagramsLost = native.DatagramsLost,
                DatagramsSpurious = native.DatagramsSpurious,
                SegmentsSent = native.SegmentsSent,
                SegmentsReceived = _lanes.Sum(lane => lane.Kcp.Statistics.SegmentsReceived),
                SegmentsRepeated = _lanes.Sum(lane => lane.Kcp.Statistics.Duplicates),
                ResentFast = native.SegmentsResent - native.SegmentsResentByProbe,
                ResentProbe = native.SegmentsResentByProbe,
                ProbesSent = native.ProbesSent,
                FecGroupsSent = native.FecGroupsSent,
                FecParitySent = native.FecShardsSent,
                FecParityBytesSent = native.FecBytesSent,
                FecParityReceived = native.FecShardsReceived,
                FecParityRefused = native.FecShardsRefused,
                FecRecovered = native.DatagramsRecovered,
                FecGroupsNotRecovered = native.FecGroupsNotRecovered,
                PacketsSent = _packetStatistics.Sent,
                PacketsReceived = _packetStatistics.Received,
                PacketsDropped = PacketStatistics.Dropped,
                PacketsTooLarge = _packetStatistics.TooLarge,
                PacketsIncomplete = PacketStatistics.Incomplete,
                Suspicions = native.Suspicions,
                AddressChanges = native.PathChanges,
                BlackHoles = native.BlackHoles,
            };
        }
    }

    /// <summary>Bytes that streams gave and that have not been put into segments yet.</summary>
    public long UnsentBytes => _lanes.Sum(lane => lane.UnsentBytes);

    /// <summary>How the user lanes are, in their order.</summary>
    public IReadOnlyList<LaneCounts> Lanes =>
        [.. _lanes.Skip(1).Select(lane => new LaneCounts(lane.Streams, lane.UnsentBytes, lane.Kcp.InFlightSegments))];
}

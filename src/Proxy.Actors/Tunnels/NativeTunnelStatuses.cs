using Proxy.Tunnel;
using Proxy.Tunnel.Native;

namespace Proxy.Actors;

/// <summary>How a tunnel of the native dialect looks from outside, beside what every tunnel has.</summary>
internal static class NativeTunnelStatuses
{
    public static NativeTunnelStatus Of(NativeTunnelEngine engine)
    {
        ref readonly var counters = ref engine.NativeStatistics;
        var sums = engine.Counters;
        return new NativeTunnelStatus(
            engine.CongestionPhase,
            (long)engine.BandwidthBytesPerSecond,
            engine.CongestionWindowBytes,
            engine.BytesInFlight,
            counters.DatagramsSent,
            counters.DatagramsReceived,
            counters.DatagramsLost,
            counters.DatagramsSpurious,
            counters.DatagramsRefused,
            counters.ProbesSent,
            counters.PathChanges,
            counters.BlackHoles,
            engine.CreditBytes,
            engine.IsSuspect)
        {
            PacingBytesPerS = (long)engine.PacingBytesPerSecond,
            Mtu = engine.PresentDatagramBytes,
            UnsentBytes = engine.UnsentBytes,
            ControlFramesWaiting = engine.ControlFrames,
            OutOfOrderBytes = engine.OutOfOrderBytes,
            ResentFast = sums.ResentFast,
            ResentProbe = sums.ResentProbe,
            SegmentsRepeated = sums.SegmentsRepeated,
            Lanes = [.. engine.Lanes.Select(lane => new LaneStatus(lane.Streams, lane.UnsentBytes, lane.SegmentsInFlight))],
            Fec = FecOf(engine),
        };
    }

    private static FecStatus FecOf(NativeTunnelEngine engine)
    {
        ref readonly var counters = ref engine.NativeStatistics;
        return new FecStatus(
            engine.Fec switch
            {
                FecMode.Fixed => "fixed",
                FecMode.Adaptive => "adaptive",
                _ => "off",
            },
            engine.IsFecOn,
            counters.FecGroupsSent,
            counters.FecShardsSent,
            counters.FecBytesSent,
            counters.FecShardsReceived,
            counters.FecShardsRefused,
            counters.DatagramsRecovered,
            counters.FecGroupsNotRecovered,
            counters.DatagramsRecoveredByPeer);
    }
}

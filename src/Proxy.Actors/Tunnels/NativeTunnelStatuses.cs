using Proxy.Tunnel;
using Proxy.Tunnel.Native;

namespace Proxy.Actors;

/// <summary>How a tunnel of the native dialect looks from outside, beside what every tunnel has.</summary>
internal static class NativeTunnelStatuses
{
    public static NativeTunnelStatus Of(NativeTunnelEngine engine)
    {
        ref readonly var counters = ref engine.NativeStatistics;
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

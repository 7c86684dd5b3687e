using Proxy.Tunnel;

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
            engine.IsSuspect);
    }
}

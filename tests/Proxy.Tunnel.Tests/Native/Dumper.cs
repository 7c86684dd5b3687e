#pragma warning disable
using System.Reflection;
using Proxy.Tunnel.Native;

namespace Proxy.Tunnel.Tests.Native;

internal static class Dumper
{
    public static string Dump(NativeTunnelEngine x, long now)
    {
        var flags = BindingFlags.NonPublic | BindingFlags.Instance;
        object F(string name) => typeof(NativeTunnelEngine).GetField(name, flags)!.GetValue(x)!;
        var text = $"state {x.State} active {F("_activeLanes")} blocked {F("_blockedLanes")} read {F("_lanesToRead")} flight {x.BytesInFlight}/{((SentBook)F("_sent")).DatagramsInFlight} window {x.CongestionWindowBytes} phase {x.CongestionPhase} pacing {x.PacingBytesPerSecond} ooo {x.OutOfOrderBytes} deadline {(x.NextDeadlineMicroseconds(now) - now) / 1000.0} ms\n   {x.NativeStatistics}\n";
        foreach (var lane in (Lane[])F("_lanes"))
        {
            if (lane.Kcp.InFlightSegments > 0 || lane.Kcp.QueuedSegments > 0 || lane.HasFrames || lane.Kcp.OutOfOrderBytes > 0)
            {
                text += $"   lane {lane.Index}: flight {lane.Kcp.InFlightSegments} queued {lane.Kcp.QueuedSegments} una {lane.Kcp.SendUnacknowledged} nxt {lane.Kcp.SendNext} peer {lane.Kcp.PeerWindowSegments} frames {lane.HasFrames} ooo {lane.Kcp.OutOfOrderBytes} rcv {lane.Kcp.ReceiveNext} next {lane.Kcp.NextSegmentBytes((uint)(now / 1000))} turn {lane.TurnBytes}\n";
            }
        }

        foreach (var st in ((Dictionary<int, NativeStream>)F("_streams")).Values.Take(10))
        {
            text += $"   stream {st.Id}: {st.Machine.State} credit {st.SendCreditBytes} unsent {st.Unsent.Length} window {st.WindowBytes} granted {st.GrantedBytes} received {st.ReceivedBytes} delivered {st.DeliveredBytes} inCredit {st.IsInCreditTurn} inSend {st.IsInSendTurn} fin {st.OwesFin}\n";
        }

        return text;
    }
}

using Proxy.Protocol.Tunnels;

namespace Proxy.Actors;

/// <summary>How a tunnel looks from outside.</summary>
internal static class TunnelStatuses
{
    public static TunnelStatus Of(TunnelLink link, string scheme, string peer, string? principal = null)
    {
        var counters = link.Counters;
        return new TunnelStatus(
            $"{scheme}://{peer}",
            scheme,
            Name(link.State),
            link.RoundTripMilliseconds,
            link.ActiveStreams,
            counters.Streams,
            counters.PayloadBytesSent,
            counters.PayloadBytesReceived,
            link.ReceivedBytesWaiting,
            counters.SegmentsSent,
            counters.ResentFast + counters.ResentEarly + counters.ResentTimeout + counters.ResentProbe,
            counters.DatagramsMalformed)
        {
            Principal = principal,
            Native = link.Native is { } native ? NativeTunnelStatuses.Of(native) : null,
        };
    }

    /// <summary>There should be a tunnel and is none.</summary>
    public static TunnelStatus Down(TunnelAddress address, string state) => new($"{address}", address.Scheme, state, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    private static string Name(TunnelState state) => state switch
    {
        TunnelState.Init => "init",
        TunnelState.HandshakeSent => "handshake_sent",
        TunnelState.Ready => "ready",
        TunnelState.Draining => "draining",
        _ => "closed",
    };
}

using Proxy.Policy.Health;
using Proxy.Protocol.Ends;
using Proxy.Transport;
using Proxy.Transport.Relays;

namespace Proxy.Actors;

/// <summary>The transport's words in those of connections.</summary>
internal static class Faults
{
    /// <summary>Why a dial failed.</summary>
    public static EndReason ToEndReason(this TransportFault fault) => fault.Kind switch
    {
        TransportFaultKind.Refused or TransportFaultKind.Reset => EndReason.Refused,
        TransportFaultKind.TimedOut => EndReason.ConnectTimeout,
        TransportFaultKind.Exhausted => EndReason.Busy,
        _ => EndReason.Unreachable,
    };

    /// <summary>Why no TLS came about with a client.</summary>
    public static EndReason ToClientTlsReason(this TransportFault fault) => fault.Kind switch
    {
        TransportFaultKind.Tls => EndReason.ClientTlsFailed,
        TransportFaultKind.TimedOut => EndReason.HeaderTimeout,
        _ => EndReason.ResetByClient,
    };

    /// <summary>Why no TLS came about with a server.</summary>
    public static EndReason ToUpstreamTlsReason(this TransportFault fault) => fault.Kind switch
    {
        TransportFaultKind.TimedOut => EndReason.ConnectTimeout,
        TransportFaultKind.Reset => EndReason.ResetByUpstream,
        _ => EndReason.UpstreamTlsFailed,
    };

    /// <summary>What a failed dial says of the server; null: nothing, the trouble is on this machine.</summary>
    public static ServerOutcome? ToServerOutcome(this TransportFault fault) => fault.Kind switch
    {
        TransportFaultKind.Refused => ServerOutcome.Refused,

        // A reset that answers a connect is told as a refusal: this one was connected.
        TransportFaultKind.Reset => ServerOutcome.ResetEarly,
        TransportFaultKind.TimedOut => ServerOutcome.TimedOut,
        TransportFaultKind.Unreachable => ServerOutcome.Unreachable,
        _ => null,
    };

    public static RelaySettings ToRelaySettings(this ConnectionTimeouts timeouts, bool isUdp = false) => new()
    {
        IdleTimeout = isUdp ? timeouts.UdpIdle : timeouts.Idle,
        HalfCloseTimeout = timeouts.HalfClose,
        Lifetime = timeouts.Lifetime,
        CarriesPackets = isUdp,
    };
}

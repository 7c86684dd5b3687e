namespace Proxy.Protocol.Ends;

/// <summary>Blame and wording of an <see cref="EndReason"/>.</summary>
public static class EndReasons
{
    /// <summary>Whose fault the end was, as seen by the node that gives the reason.</summary>
    public static Fault Fault(this EndReason reason) => reason switch
    {
        EndReason.ResetByClient or EndReason.ClientTooSlow or EndReason.HeaderTimeout
            or EndReason.NotAllowed or EndReason.Unauthenticated or EndReason.BadHeader or EndReason.ClientTlsFailed => Ends.Fault.Client,

        EndReason.ResetByUpstream or EndReason.UpstreamTooSlow or EndReason.ConnectTimeout or EndReason.Refused
            or EndReason.Unreachable or EndReason.NameNotFound or EndReason.NoUpstream
            or EndReason.UpstreamDown or EndReason.UpstreamTlsFailed => Ends.Fault.Upstream,

        EndReason.Malformed or EndReason.NoTunnel or EndReason.HandshakeTimeout or EndReason.TunnelLost
            or EndReason.PeerShutDown or EndReason.ChainBroken => Ends.Fault.Tunnel,

        EndReason.Loop or EndReason.Busy or EndReason.Draining or EndReason.LifetimeReached
            or EndReason.KilledLocally or EndReason.InternalError or EndReason.Filtered => Ends.Fault.Us,

        _ => Ends.Fault.Nobody,
    };

    /// <summary>A few lower-case words for a log line or a GOAWAY; ASCII, at most 40 characters.</summary>
    public static string Text(this EndReason reason) => reason switch
    {
        EndReason.None => "open",
        EndReason.Completed => "completed",
        EndReason.ResetByClient => "reset by client",
        EndReason.ResetByUpstream => "reset by upstream",
        EndReason.ClientTooSlow => "client reads too slowly",
        EndReason.UpstreamTooSlow => "upstream reads too slowly",
        EndReason.IdleTimeout => "idle timeout",
        EndReason.HalfCloseTimeout => "half-close timeout",
        EndReason.LifetimeReached => "lifetime reached",
        EndReason.HeaderTimeout => "header timeout",
        EndReason.ConnectTimeout => "connect timeout",
        EndReason.Refused => "connection refused",
        EndReason.Unreachable => "unreachable",
        EndReason.NameNotFound => "name not found",
        EndReason.NoUpstream => "no upstream available",
        EndReason.UpstreamDown => "upstream marked down",
        EndReason.NotAllowed => "not allowed",
        EndReason.Unauthenticated => "unauthenticated",
        EndReason.Loop => "loop",
        EndReason.Busy => "busy",
        EndReason.Draining => "draining",
        EndReason.Malformed => "malformed input",
        EndReason.NoTunnel => "no tunnel ready",
        EndReason.HandshakeTimeout => "handshake timeout",
        EndReason.TunnelLost => "tunnel lost",
        EndReason.PeerShutDown => "shut down by peer",
        EndReason.KilledLocally => "killed locally",
        EndReason.InternalError => "internal error",
        EndReason.BadHeader => "bad header",
        EndReason.Filtered => "cut by a filter",
        EndReason.ClientTlsFailed => "TLS with client failed",
        EndReason.UpstreamTlsFailed => "TLS with upstream failed",
        EndReason.ChainBroken => "chain broken",
        _ => "unknown",
    };
}

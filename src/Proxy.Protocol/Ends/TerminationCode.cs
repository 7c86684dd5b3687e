namespace Proxy.Protocol.Ends;

/// <summary>
/// Who ended a connection and in which phase, in the two letters that HAProxy's users read (its manual, "Session state at disconnection").
/// First: C client, S server, c and s their deadlines, P refused by a rule or cut by a filter, R resources, D the server went down, L a limit of ours, K killed or
/// drained, I a defect; second: R request (header or handshake), Q queue, C connect, D data, L last data, one side having finished. Both are '-'
/// after an orderly end.
/// </summary>
public static class TerminationCode
{
    public const string Orderly = "--";

    /// <param name="isClientAwaited">For deadlines without a byte: whether it was the client who should have sent or read.</param>
    public static string Of(EndReason reason, ConnectionPhase phase, bool isClientAwaited) => reason switch
    {
        EndReason.None or EndReason.Completed => Orderly,
        _ => $"{WhoOf(reason, isClientAwaited)}{LetterOf(phase)}",
    };

    private static char WhoOf(EndReason reason, bool isClientAwaited) => reason switch
    {
        EndReason.ResetByClient => 'C',
        EndReason.ResetByUpstream or EndReason.Refused or EndReason.Unreachable or EndReason.NameNotFound or EndReason.NoUpstream or EndReason.UpstreamTlsFailed
            or EndReason.ChainBroken => 'S',
        EndReason.ClientTooSlow or EndReason.HeaderTimeout => 'c',
        EndReason.UpstreamTooSlow or EndReason.ConnectTimeout or EndReason.NoTunnel or EndReason.HandshakeTimeout or EndReason.TunnelLost => 's',
        EndReason.IdleTimeout or EndReason.HalfCloseTimeout => isClientAwaited ? 'c' : 's',
        EndReason.NotAllowed or EndReason.Unauthenticated or EndReason.Loop or EndReason.Malformed or EndReason.BadHeader
            or EndReason.Filtered or EndReason.ClientTlsFailed => 'P',
        EndReason.Busy => 'R',
        EndReason.LifetimeReached => 'L',
        EndReason.UpstreamDown => 'D',
        EndReason.Draining or EndReason.KilledLocally or EndReason.PeerShutDown => 'K',
        _ => 'I',
    };

    private static char LetterOf(ConnectionPhase phase) => phase switch
    {
        ConnectionPhase.Opening => 'R',
        ConnectionPhase.Queued => 'Q',
        ConnectionPhase.Connecting => 'C',
        ConnectionPhase.Relaying => 'D',
        _ => 'L',
    };
}

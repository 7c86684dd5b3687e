using System.Net;
using Proxy.Protocol.Ends;
using Proxy.Transport.Relays;

namespace Proxy.Actors;

/// <summary>
/// What is known of one connection of a frontend, from accept to end: for its actor, the logs and the status. Written by the connection's loop;
/// other threads may read it at any time and see each value a moment late. Times are microseconds of the loops' clock.
/// </summary>
internal sealed class ConnectionRecord
{
    public ConnectionRecord(long id, string frontend, IPEndPoint peer, IPEndPoint? local, DateTimeOffset acceptedAt, long startMicroseconds)
    {
        (Id, Frontend, Peer, Local, AcceptedAt, StartMicroseconds) = (id, frontend, peer, local, acceptedAt, startMicroseconds);
        Client = peer;
    }

    /// <summary>Unique in the process.</summary>
    public long Id { get; }

    public string Frontend { get; }

    /// <summary>The other end of the socket.</summary>
    public IPEndPoint Peer { get; }

    public IPEndPoint? Local { get; }

    public DateTimeOffset AcceptedAt { get; }

    public long StartMicroseconds { get; }

    /// <summary>Who it is for: <see cref="Peer"/>, unless a trusted PROXY header named another.</summary>
    public IPEndPoint Client { get; set; }

    /// <summary>Who its tunnel was authenticated as; null where nobody was.</summary>
    public string? Principal { get; set; }

    public ConnectionPhase Phase { get; set; }

    /// <summary>The server it was given to, as logs call it; null before the first.</summary>
    public string? Server { get; set; }

    /// <summary>What TLS with the client agreed on; null: there is none.</summary>
    public string? ClientTls { get; set; }

    /// <summary>What TLS with the server agreed on; null: there is none.</summary>
    public string? UpstreamTls { get; set; }

    /// <summary>Ties it to what it is at the other hops of its chain; null: there are none, or nobody said.</summary>
    public UInt128? TraceId { get; set; }

    /// <summary>Servers that were dialled.</summary>
    public int Attempts { get; set; }

    /// <summary>From accept until a server was dialled first; null before.</summary>
    public long? WaitMicroseconds { get; set; }

    /// <summary>From the last dial until the server answered; null before.</summary>
    public long? ConnectMicroseconds { get; set; }

    /// <summary>The pumps, once there are any.</summary>
    public Relay? Relay { get; set; }

    public EndReason Reason { get; private set; }

    public string Detail { get; private set; } = "";

    /// <summary>Whether it was the client who should have sent or read something when a deadline ended it.</summary>
    public bool IsClientAwaited { get; set; }

    public long? EndMicroseconds { get; private set; }

    public long BytesFromClient => Relay?.BytesFromClient ?? 0;

    public long BytesFromUpstream => Relay?.BytesFromUpstream ?? 0;

    public string TerminationCode => Protocol.Ends.TerminationCode.Of(Reason, Phase, IsClientAwaited);

    // The list of the living, FrontendCounters'.
    public ConnectionRecord? Next { get; set; }

    public ConnectionRecord? Previous { get; set; }

    /// <summary>The first end is kept.</summary>
    public void End(EndReason reason, string detail, long nowMicroseconds)
    {
        if (EndMicroseconds is null)
        {
            (Reason, Detail, EndMicroseconds) = (reason, detail, nowMicroseconds);
        }
    }

    public TimeSpan Duration(long nowMicroseconds) => TimeSpan.FromMicroseconds((EndMicroseconds ?? nowMicroseconds) - StartMicroseconds);
}

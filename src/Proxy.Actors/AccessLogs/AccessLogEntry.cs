using System.Net;
using Proxy.Protocol.Ends;

namespace Proxy.Actors;

/// <summary>When in a connection's life a line of the access log is written.</summary>
[Flags]
public enum AccessLogEvents
{
    None = 0,

    /// <summary>A server has answered and bytes begin to pass.</summary>
    Start = 1,

    /// <summary>It lives still, an interval later.</summary>
    Live = 2,

    /// <summary>It has ended, or never came as far as a server.</summary>
    End = 4,

    All = Start | Live | End,
}

/// <summary>One line of the access log: a connection at one moment. Immutable.</summary>
public sealed record AccessLogEntry
{
    public required AccessLogEvents Event { get; init; }

    public required DateTimeOffset Time { get; init; }

    /// <summary>Unique in the process; the lines of one connection share it.</summary>
    public required long Id { get; init; }

    public required string Frontend { get; init; }

    /// <summary>Who it is for, as a trusted PROXY header says where there was one.</summary>
    public required IPEndPoint Client { get; init; }

    /// <summary>The other end of the socket.</summary>
    public required IPEndPoint Peer { get; init; }

    /// <summary>Who its tunnel was authenticated as; null where nobody was.</summary>
    public string? Principal { get; init; }

    /// <summary>Null: none was chosen.</summary>
    public required string? Server { get; init; }

    /// <summary>What TLS with the client agreed on; null: there is none. Holds names that the client gave, printable.</summary>
    public string? ClientTls { get; init; }

    /// <summary>What TLS with the server agreed on; null: there is none.</summary>
    public string? UpstreamTls { get; init; }

    /// <summary>Ties it to the lines of the other hops of its chain; null: there are none, or nobody said.</summary>
    public UInt128? TraceId { get; init; }

    public required ConnectionPhase Phase { get; init; }

    /// <summary>As HAProxy's users know it: who, and in which phase; <c>--</c> while it lives.</summary>
    public required string TerminationCode { get; init; }

    /// <summary><see cref="EndReason.None"/> while it lives.</summary>
    public required EndReason Reason { get; init; }

    /// <summary>More about the reason; may hold what a stranger sent.</summary>
    public required string Detail { get; init; }

    /// <summary>From accept until the first server was dialled; null: none was.</summary>
    public required TimeSpan? Wait { get; init; }

    /// <summary>What the server took to answer; null: none did.</summary>
    public required TimeSpan? Connect { get; init; }

    public required TimeSpan Duration { get; init; }

    public required long BytesFromClient { get; init; }

    public required long BytesFromUpstream { get; init; }

    /// <summary>Servers tried after the first.</summary>
    public required int Retries { get; init; }
}

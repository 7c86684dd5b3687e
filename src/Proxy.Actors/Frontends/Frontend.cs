using System.Net;
using Proxy.Kernel.Event;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>What the connections of one frontend share. Any thread.</summary>
internal sealed class Frontend(string name, string target, ConnectionIds ids, ILoggingAdapter log, ConnectionAccessLog? accessLog, FrontendInspection? inspection = null)
{
    public FrontendCounters Counters { get; init; } = new();

    public TlsCounters Tls { get; init; } = new();

    public string Name { get; } = name;

    /// <summary>Where its connections go, for status and log.</summary>
    public string Target { get; } = target;

    public ILoggingAdapter Log { get; } = log;

    /// <summary>Null: nobody wants one.</summary>
    public ConnectionAccessLog? AccessLog { get; } = accessLog;

    /// <summary>Null: bytes go straight from socket to socket.</summary>
    public FrontendInspection? Inspection { get; } = inspection;

    /// <summary>For a server's streams: what each principal has used. Null: nobody counts.</summary>
    public PrincipalQuotas? Principals { get; init; }

    /// <summary>Begins the record of a connection, which counts as living until <see cref="Leave"/>.</summary>
    public ConnectionRecord Enter(IAcceptedConnection accepted, DateTimeOffset now, long nowMicroseconds) =>
        Enter(accepted.RemoteEndPoint, accepted.LocalEndPoint, now, nowMicroseconds);

    /// <summary>The same for what has no socket of its own.</summary>
    public ConnectionRecord Enter(IPEndPoint peer, IPEndPoint? local, DateTimeOffset now, long nowMicroseconds)
    {
        var record = new ConnectionRecord(ids.Next(), Name, peer, local, now, nowMicroseconds);
        Counters.Add(record);
        return record;
    }

    /// <summary>Once for each record, at the very end.</summary>
    public void Leave(ConnectionRecord record, DateTimeOffset now)
    {
        Counters.Remove(record);
        AccessLog?.Ended(record, now);
    }
}

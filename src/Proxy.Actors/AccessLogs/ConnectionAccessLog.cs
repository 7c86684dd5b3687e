namespace Proxy.Actors;

/// <summary>Writes the lines of connections that are wanted. Any thread.</summary>
internal sealed class ConnectionAccessLog(AccessLogSettings settings)
{
    public void Started(ConnectionRecord record, DateTimeOffset now) => Write(AccessLogEvents.Start, record, now, record.StartMicroseconds);

    public void Live(ConnectionRecord record, DateTimeOffset now, long nowMicroseconds) => Write(AccessLogEvents.Live, record, now, nowMicroseconds);

    public void Ended(ConnectionRecord record, DateTimeOffset now) => Write(AccessLogEvents.End, record, now, record.StartMicroseconds);

    private void Write(AccessLogEvents happened, ConnectionRecord record, DateTimeOffset now, long nowMicroseconds)
    {
        if (!settings.Events.HasFlag(happened))
        {
            return;
        }

        settings.Sink.Write(new AccessLogEntry
        {
            Event = happened,
            Time = now,
            Id = record.Id,
            Frontend = record.Frontend,
            Client = record.Client,
            Peer = record.Peer,
            Principal = record.Principal,
            Server = record.Server,
            ClientTls = record.ClientTls,
            UpstreamTls = record.UpstreamTls,
            TraceId = record.TraceId,
            Phase = record.Phase,
            TerminationCode = record.TerminationCode,
            Reason = record.Reason,
            Detail = record.Detail,
            Wait = SpanOf(record.WaitMicroseconds),
            Connect = SpanOf(record.ConnectMicroseconds),
            Duration = happened == AccessLogEvents.Start ? now - record.AcceptedAt : record.Duration(nowMicroseconds),
            BytesFromClient = record.BytesFromClient,
            BytesFromUpstream = record.BytesFromUpstream,
            Retries = Math.Max(0, record.Attempts - 1),
        });
    }

    private static TimeSpan? SpanOf(long? microseconds) => microseconds is { } value ? TimeSpan.FromMicroseconds(value) : null;
}

namespace Proxy.Actors;

/// <summary>Handshakes of one frontend since its start. Any thread.</summary>
internal sealed class TlsCounters
{
    private long _clientDone;
    private long _clientFailed;
    private long _upstreamDone;
    private long _upstreamFailed;

    public void CountClient(bool isDone) => Interlocked.Increment(ref isDone ? ref _clientDone : ref _clientFailed);

    public void CountUpstream(bool isDone) => Interlocked.Increment(ref isDone ? ref _upstreamDone : ref _upstreamFailed);

    public TlsStatus Status(string frontend) => new(
        frontend,
        Interlocked.Read(ref _clientDone),
        Interlocked.Read(ref _clientFailed),
        Interlocked.Read(ref _upstreamDone),
        Interlocked.Read(ref _upstreamFailed));
}

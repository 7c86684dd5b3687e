namespace Proxy.Actors;

/// <summary>Numbers for the connections of a node, from 1 on. Any thread.</summary>
internal sealed class ConnectionIds
{
    private long _last;

    public long Next() => Interlocked.Increment(ref _last);
}

namespace Proxy.Cluster.Etcd;

/// <summary>Which endpoint is asked: the same one as long as it does. Thread-safe.</summary>
internal sealed class EndpointRing(IReadOnlyList<Uri> endpoints)
{
    private int _current;

    public int Count => endpoints.Count;

    public Uri Current => endpoints[Volatile.Read(ref _current)];

    /// <summary>That one has failed: the next is asked. Many who failed at one endpoint move on by one together.</summary>
    public void MoveFrom(Uri failed)
    {
        var current = Volatile.Read(ref _current);
        if (endpoints[current] == failed)
        {
            Interlocked.CompareExchange(ref _current, (current + 1) % endpoints.Count, current);
        }
    }
}

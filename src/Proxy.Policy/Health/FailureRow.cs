namespace Proxy.Policy.Health;

/// <summary>The times of the last failures of one kind since a success, in a ring of fixed size; a ring of none is never full.</summary>
internal sealed class FailureRow(int length, long windowMicroseconds)
{
    private readonly long[] _times = new long[length];
    private int _count;
    private int _next;

    public void Add(long nowMicroseconds)
    {
        if (_times.Length > 0)
        {
            _times[_next] = nowMicroseconds;
            _next = (_next + 1) % _times.Length;
            _count = Math.Min(_count + 1, _times.Length);
        }
    }

    /// <summary>Whether the row has its length, all of it within the window.</summary>
    public bool IsFull(long nowMicroseconds) =>

        // With the ring full, the next place to be written holds the oldest time.
        _times.Length > 0 && _count == _times.Length && nowMicroseconds - _times[_next] <= windowMicroseconds;

    public void Clear() => _count = 0;
}

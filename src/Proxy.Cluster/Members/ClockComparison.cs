namespace Proxy.Cluster.Members;

/// <summary>
/// How far each member's clock is from this node's, seen when its record arrives, and who is more than 10 s from the median of all. A watch is
/// milliseconds late, so only what is gross is seen, and that is what is asked.
/// </summary>
internal sealed class ClockComparison
{
    private readonly Dictionary<string, long> _aheadMilliseconds = [];
    private readonly HashSet<string> _told = [];
    private long _medianMilliseconds;

    /// <summary>Takes a member's clock against this node's. How far it is ahead of the median, where that is far and was not said before.</summary>
    public long? Compare(string name, long aheadMilliseconds)
    {
        _aheadMilliseconds[name] = aheadMilliseconds;
        if (!IsFar(aheadMilliseconds))
        {
            _told.Remove(name);
            return null;
        }

        // Only who is far from where the median was makes it worth while to look where it is.
        var sorted = _aheadMilliseconds.Values.Order().ToArray();
        _medianMilliseconds = sorted[(sorted.Length - 1) / 2];
        if (!IsFar(aheadMilliseconds))
        {
            _told.Remove(name);
            return null;
        }

        return _told.Add(name) ? aheadMilliseconds - _medianMilliseconds : null;
    }

    public void Forget(string name)
    {
        _aheadMilliseconds.Remove(name);
        _told.Remove(name);
    }

    private bool IsFar(long aheadMilliseconds) => Math.Abs(aheadMilliseconds - _medianMilliseconds) > MaximumMilliseconds;

    private const long MaximumMilliseconds = 10_000;
}

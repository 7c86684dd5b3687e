namespace Proxy.Cluster.Members;

/// <summary>
/// How far each member's clock is from this node's, seen when its record arrives, and who is more than 10 s from the median of all. A watch is
/// milliseconds late, so only what is gross is seen, and that is what is asked.
/// </summary>
internal sealed class ClockComparison
{
    private readonly Dictionary<string, long> _aheadMilliseconds = [];
    private readonly HashSet<string> _told = [];

    /// <summary>Takes a member's clock against this node's. How far it is ahead of the median, where that is too far and was not said before.</summary>
    public long? Compare(string name, long aheadMilliseconds)
    {
        _aheadMilliseconds[name] = aheadMilliseconds;
        var sorted = _aheadMilliseconds.Values.Order().ToArray();
        var ahead = aheadMilliseconds - sorted[(sorted.Length - 1) / 2];
        if (Math.Abs(ahead) <= MaximumMilliseconds)
        {
            _told.Remove(name);
            return null;
        }

        return _told.Add(name) ? ahead : null;
    }

    public void Forget(string name)
    {
        _aheadMilliseconds.Remove(name);
        _told.Remove(name);
    }

    private const long MaximumMilliseconds = 10_000;
}

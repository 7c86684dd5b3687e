using Proxy.Cluster.Engine;

namespace Proxy.Cluster.Members;

public sealed partial class KeyMirror
{
    // Once it may be on its way; twice without anything having come, the watch is dead.
    private void HandleCheck(RangeAnswer found, long nowMicroseconds)
    {
        if (found.Header.ClusterId != ClusterId)
        {
            List(nowMicroseconds);
            return;
        }

        var isDifferent = found.Values.Count > 0 || found.Count != _keys.Count - _ghosts.Count;
        if (!isDifferent)
        {
            _suspectRevision = 0;
            _checkAt = nowMicroseconds + CheckInterval + _random.NextInt64(CheckInterval / 2);
        }
        else if (_suspectRevision == Revision)
        {
            // Listed again, as a deletion that was missed is nowhere any more.
            _suspectRevision = 0;
            List(nowMicroseconds);
        }
        else
        {
            _suspectRevision = Revision;
            _checkAt = nowMicroseconds + SecondLook;
        }
    }

    private void EndGhosts(long nowMicroseconds)
    {
        if (_ghosts.Count == 0)
        {
            return;
        }

        foreach (var (key, _) in _ghosts.Where(ghost => ghost.Value <= nowMicroseconds).ToArray())
        {
            _ghosts.Remove(key);
            Remove(key, isLive: false);
        }
    }

    private void Set(string key, KeyValue value, bool isLive)
    {
        _keys[key] = value;
        _changes.Enqueue(new KeyChange(key, value, isLive));
    }

    private void Remove(string key, bool isLive)
    {
        if (_keys.Remove(key))
        {
            _changes.Enqueue(new KeyChange(key, null, isLive));
        }
    }

    private const long SecondLook = 2 * Clock.Second;
}

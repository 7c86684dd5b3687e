using Proxy.Policy.Rules;

namespace Proxy.Policy.Limits;

/// <summary>
/// Who guesses is made to wait: after a few failures a source is banned, twice as long with each further one. IPv6 addresses of one /64 are one
/// source. Knows a bounded number of sources; the one that has been quiet the longest is forgotten for a new one. Thread-safe; time is the
/// caller's, in microseconds.
/// </summary>
public sealed class SourceBans
{
    private readonly Lock _lock = new();
    private readonly Dictionary<NetworkAddress, LinkedListNode<Source>> _sources = [];
    private readonly LinkedList<Source> _byLastFailure = new();

    /// <summary>Sources that are remembered.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _sources.Count;
            }
        }
    }

    public bool IsBanned(NetworkAddress source, long nowMicroseconds)
    {
        lock (_lock)
        {
            return _sources.TryGetValue(KeyOf(source), out var node) && nowMicroseconds < node.Value.BannedUntilMicroseconds;
        }
    }

    /// <summary>How long the source is banned from now on; 0: not yet.</summary>
    public long NoteFailure(NetworkAddress source, long nowMicroseconds)
    {
        lock (_lock)
        {
            var key = KeyOf(source);
            var failures = 0;
            if (_sources.Remove(key, out var known))
            {
                _byLastFailure.Remove(known);
                failures = nowMicroseconds - known.Value.LastMicroseconds < MemoryMicroseconds ? known.Value.Failures : 0;
            }
            else if (_sources.Count == MostSources)
            {
                _sources.Remove(_byLastFailure.First!.Value.Address);
                _byLastFailure.RemoveFirst();
            }

            failures++;
            var doublings = Math.Min(failures - FreeFailures - 1, 30);
            var ban = doublings < 0 ? 0 : Math.Min(FirstBanMicroseconds << doublings, LongestBanMicroseconds);
            _sources.Add(key, _byLastFailure.AddLast(new Source(key, failures, nowMicroseconds, nowMicroseconds + ban)));
            return ban;
        }
    }

    /// <summary>What was before is forgiven.</summary>
    public void NoteSuccess(NetworkAddress source)
    {
        lock (_lock)
        {
            if (_sources.Remove(KeyOf(source), out var node))
            {
                _byLastFailure.Remove(node);
            }
        }
    }

    /// <summary>The address that stands for a source: its own, or the first of its IPv6 /64.</summary>
    public static NetworkAddress KeyOf(NetworkAddress source) => source.IsIPv4 ? source : new NetworkAddress(source.Value >> 64 << 64);

    private sealed record Source(NetworkAddress Address, int Failures, long LastMicroseconds, long BannedUntilMicroseconds);

    /// <summary>A person who mistypes is not made to wait.</summary>
    public const int FreeFailures = 3;

    /// <summary>Half a megabyte at most.</summary>
    public const int MostSources = 4096;

    public const long FirstBanMicroseconds = 1_000_000;
    public const long LongestBanMicroseconds = 300_000_000;

    /// <summary>After so long without a failure a source begins anew.</summary>
    public const long MemoryMicroseconds = 900_000_000;
}

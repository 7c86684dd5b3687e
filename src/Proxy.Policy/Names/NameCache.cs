using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace Proxy.Policy.Names;

/// <summary>
/// What is known of names, and for how long: answers and that there is none, each for the time that it says itself within the settings' bounds; and the
/// last good answer when nobody gives a new one. The names that were used longest ago go first. Pure; times are the caller's, in microseconds. One owner.
/// </summary>
public sealed class NameCache(NameCacheSettings settings)
{
    private readonly Dictionary<string, LinkedListNode<Entry>> _entries = new(StringComparer.Ordinal);
    private readonly LinkedList<Entry> _byUse = new();

    public int Count => _entries.Count;

    /// <summary>Questions that were answered from here.</summary>
    public long Hits { get; private set; }

    /// <summary>Questions that were not.</summary>
    public long Misses { get; private set; }

    /// <summary>Failures that an old answer has stood in for.</summary>
    public long Stale { get; private set; }

    /// <summary>Failures that nothing has stood in for.</summary>
    public long Failures { get; private set; }

    /// <summary>False: somebody has to be asked. No addresses: it is known that there are none.</summary>
    public bool TryGet(string name, long nowMicroseconds, [NotNullWhen(true)] out IReadOnlyList<IPAddress>? addresses)
    {
        addresses = null;
        if (_entries.TryGetValue(name, out var node) && nowMicroseconds < node.Value.FreshUntilMicroseconds)
        {
            Use(node);
            Hits++;
            addresses = node.Value.Addresses;
            return true;
        }

        Misses++;
        return false;
    }

    /// <summary>Somebody has answered.</summary>
    public void HandleAnswer(string name, NameAnswer answer, long nowMicroseconds)
    {
        ArgumentNullException.ThrowIfNull(answer);
        var age = answer.Addresses.Count == 0
            ? Clamp(answer.Age, settings.LeastAge, settings.NegativeAge)
            : Clamp(answer.Age, settings.LeastAge, settings.MostAge);
        var fresh = nowMicroseconds + (long)age.TotalMicroseconds;
        var entry = new Entry(name, answer.Addresses, fresh, answer.Addresses.Count == 0 ? fresh : fresh + (long)settings.StaleAge.TotalMicroseconds);
        if (_entries.Remove(name, out var old))
        {
            _byUse.Remove(old);
        }

        _entries.Add(name, _byUse.AddLast(entry));
        if (_entries.Count > settings.Names)
        {
            _entries.Remove(_byUse.First!.Value.Name);
            _byUse.RemoveFirst();
        }
    }

    /// <summary>Nobody has answered. True: what was known before is to be used on, for a while.</summary>
    public bool TryStandIn(string name, long nowMicroseconds, [NotNullWhen(true)] out IReadOnlyList<IPAddress>? addresses)
    {
        addresses = null;
        if (_entries.TryGetValue(name, out var node) && nowMicroseconds < node.Value.UsableUntilMicroseconds && node.Value.Addresses.Count > 0)
        {
            // Who does not answer now is not asked again at once.
            node.Value = node.Value with { FreshUntilMicroseconds = nowMicroseconds + (long)settings.LeastAge.TotalMicroseconds };
            Use(node);
            Stale++;
            addresses = node.Value.Addresses;
            return true;
        }

        Failures++;
        return false;
    }

    private void Use(LinkedListNode<Entry> node)
    {
        _byUse.Remove(node);
        _byUse.AddLast(node);
    }

    private static TimeSpan Clamp(TimeSpan age, TimeSpan least, TimeSpan most) => age < least ? least : age > most ? most : age;

    private sealed record Entry(string Name, IReadOnlyList<IPAddress> Addresses, long FreshUntilMicroseconds, long UsableUntilMicroseconds);
}

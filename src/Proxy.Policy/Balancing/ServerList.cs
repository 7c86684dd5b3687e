using System.Net;

namespace Proxy.Policy.Balancing;

/// <summary>
/// What a group's settings name, and the addresses that those names have at present: a value from which the servers follow. A name that was
/// resolved gives a new list, which <see cref="UpstreamGroup.SetServers"/> compares with its own; servers that stay keep their counters.
/// Immutable.
/// </summary>
public sealed class ServerList
{
    private readonly IReadOnlyList<ServerEntry> _entries;

    public ServerList(IReadOnlyList<ServerEntry> entries)
    {
        _entries = entries;
        Servers = [.. entries.SelectMany(entry => entry.ToServers()).DistinctBy(server => server.Address).Take(BalancingLimits.MaximumServers)];
    }

    /// <summary>
    /// Every address of every entry, in the order of the settings. An address that two entries have belongs to the first of them, and goes
    /// to the second when the first loses it.
    /// </summary>
    public IReadOnlyList<ServerSettings> Servers { get; }

    /// <summary>The names to resolve, each once.</summary>
    public IReadOnlyList<string> Names =>
        [.. _entries.Select(entry => entry.Name).OfType<string>().Distinct(StringComparer.OrdinalIgnoreCase)];

    /// <summary>
    /// The list after <paramref name="name"/> was resolved to <paramref name="addresses"/>, in any order and with repetitions; this same list
    /// if nothing is different. An empty answer is a failure, and a failure (which need not be told) leaves the last good addresses.
    /// </summary>
    public ServerList Resolve(string name, IReadOnlyList<IPAddress> addresses)
    {
        var fresh = addresses.Select(Normalize).Distinct().Take(BalancingLimits.MaximumAddressesPerName).ToHashSet();
        if (fresh.Count == 0 || !_entries.Any(entry => Names(entry, name) && !fresh.SetEquals(entry.Addresses)))
        {
            return this;
        }

        return new ServerList([.. _entries.Select(entry => Names(entry, name) ? entry with { Addresses = Merge(entry.Addresses, fresh) } : entry)]);

        static bool Names(ServerEntry entry, string name) => string.Equals(entry.Name, name, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The list for other settings; a name that was there before means what it meant, until it is resolved again.</summary>
    public ServerList Change(IReadOnlyList<ServerEntry> entries) => new(
    [
        .. entries.Select(entry => entry.Name is { } name && AddressesOf(name) is { Count: > 0 } known ? entry with { Addresses = known } : entry),
    ]);

    private IReadOnlyList<IPAddress>? AddressesOf(string name) =>
        _entries.FirstOrDefault(entry => string.Equals(entry.Name, name, StringComparison.OrdinalIgnoreCase))?.Addresses;

    // Name servers rotate their answers: what stays keeps its place, or policies that go by the order would move clients for nothing.
    private static List<IPAddress> Merge(IReadOnlyList<IPAddress> known, HashSet<IPAddress> fresh) =>
        [.. known.Where(fresh.Contains), .. fresh.Except(known)];

    private static IPAddress Normalize(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}

using System.Net;
using System.Net.Sockets;
using Proxy.Actors;
using Proxy.Node.Hosting;
using Proxy.Policy.Routes;
using Proxy.Transport;

namespace Proxy.Node.Settings;

/// <summary>An address that something listens at, and where that was said.</summary>
internal sealed record ListenPlace(bool IsUdp, IPEndPoint EndPoint, string Who, SettingsObject Place);

/// <summary>Settings that are right one by one and do not go together.</summary>
internal static class Contradictions
{
    /// <summary>What frontends and chains name has to be there.</summary>
    public static void CheckNames(
        NodeSettings settings, IReadOnlyDictionary<string, SettingsObject> frontends, IReadOnlyDictionary<string, SettingsObject> chains)
    {
        var upstreams = settings.Upstreams.Select(upstream => upstream.Name).ToHashSet(StringComparer.Ordinal);
        var tunnels = settings.Tunnels.Select(tunnel => tunnel.Name).ToHashSet(StringComparer.Ordinal);
        var sets = settings.ChainSets.Select(set => set.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var set in settings.ChainSets)
        {
            foreach (var chain in set.Chains.Where(chain => chain.Tunnel is not null))
            {
                // A chain that is not of the table is that of a frontend.
                var place = chains.TryGetValue(set.Name, out var own) ? own.Inside("paths").Inside(chain.Name) : frontends[set.Name[..^"/via".Length]];
                Require(place, "tunnel", chain.Tunnel!, tunnels);
            }
        }

        foreach (var frontend in settings.Frontends)
        {
            switch (frontend.To)
            {
                case TunnelTarget target:
                    Require(frontends[frontend.Name], "tunnel", target.Tunnel, tunnels);
                    break;
                case ChainTarget target:
                    Require(frontends[frontend.Name], "chain", target.ChainSet, sets);
                    break;
                case UpstreamTarget target:
                    foreach (var name in target.Routes.Select(route => route.Upstream).Append(target.Upstream).OfType<string>().Distinct())
                    {
                        Require(frontends[frontend.Name], "upstream", name, upstreams);
                    }

                    break;
            }
        }
    }

    /// <summary>The tunnels and chains that servers go on through have to be there.</summary>
    public static void CheckLegs(NodeSettings settings, IReadOnlyDictionary<string, SettingsObject> servers)
    {
        var tunnels = settings.Tunnels.Select(tunnel => tunnel.Name).ToHashSet(StringComparer.Ordinal);
        var chains = settings.ChainSets.Select(set => set.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var server in settings.Servers)
        {
            if (server.Chain is { } chain)
            {
                Require(servers[server.Name], "chain", chain, chains);
            }

            foreach (var name in server.Legs)
            {
                Require(servers[server.Name], "tunnel", name, tunnels, "legs");
            }
        }
    }

    /// <summary>What a table of routes names has to be there.</summary>
    public static void CheckRoutes(NodeSettings settings, IEnumerable<(RouteTable Table, SettingsObject Place)> tables)
    {
        var chains = settings.ChainSets.Select(set => set.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var (table, place) in tables)
        {
            foreach (var name in table.ChainSets)
            {
                Require(place, "chain", name, chains);
            }
        }
    }

    /// <summary>Nobody listens where somebody else does; port 0 is any free one.</summary>
    public static void CheckListens(IReadOnlyList<ListenPlace> listens)
    {
        var all = new Dictionary<string, ListenPlace>(StringComparer.Ordinal);
        foreach (var place in listens.Where(listen => listen.EndPoint.Port != 0 && IsAny(listen.EndPoint.Address)))
        {
            all.TryAdd(PortOf(place), place);
        }

        var taken = new Dictionary<string, ListenPlace>(StringComparer.Ordinal);
        foreach (var place in listens.Where(listen => listen.EndPoint.Port != 0 || listen.EndPoint is UnixEndPoint))
        {
            var port = PortOf(place);
            var whole = place.EndPoint is UnixEndPoint ? $"{place.EndPoint}" : $"{port} {place.EndPoint.Address}";
            var other = taken.TryAdd(whole, place) ? all.GetValueOrDefault(port) : taken[whole];
            if (other is not null && other != place)
            {
                place.Place.WrongAt("listen", $"{place.EndPoint} is taken by {other.Who}, which listens at {other.EndPoint}", "give it another port or address");
            }
        }
    }

    /// <summary>Nobody is promised more connections than the process can have descriptors for.</summary>
    public static void CheckLimits(NodeSettings settings, SettingsObject node, IReadOnlyDictionary<string, SettingsObject> frontends)
    {
        if (NodeCapacity.CarriedBy(settings) is not { } capacity)
        {
            return;
        }

        if (settings.MaximumConnections > capacity.Connections)
        {
            node.Inside("limits").WrongAt("connections", Message(settings.MaximumConnections.Value, capacity), NodeCapacity.Hint);
        }

        foreach (var frontend in settings.Frontends.Where(frontend => frontend.Limits.MaximumConnections != int.MaxValue))
        {
            if (frontend.Limits.MaximumConnections > capacity.Connections)
            {
                frontends[frontend.Name].Inside("limits").WrongAt("connections", Message(frontend.Limits.MaximumConnections, capacity), NodeCapacity.Hint);
            }
        }
    }

    private static string Message(int asked, (int Connections, int Descriptors) capacity) =>
        $"{asked} connections were asked for, and the limit of {capacity.Descriptors} descriptors carries {capacity.Connections}";

    /// <param name="key">Where it is named, if that is not called as what is named.</param>
    private static void Require(SettingsObject place, string what, string name, HashSet<string> names, string? key = null)
    {
        if (!names.Contains(name))
        {
            place.WrongAt(key ?? what, $"there is no {what} '{Spelling.Shorten(name)}'", names.Count == 0 ? $"{what}s {{ {Spelling.Shorten(name)} {{ … }} }} makes one" : Spelling.Hint(name, names));
        }
    }

    // IPv4 and IPv6 are apart, as are TCP and UDP.
    private static string PortOf(ListenPlace place) =>
        $"{(place.IsUdp ? "udp" : "tcp")}{(place.EndPoint.AddressFamily == AddressFamily.InterNetworkV6 ? 6 : 4)} {place.EndPoint.Port}";

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);
}

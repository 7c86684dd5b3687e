using Proxy.Actors;
using Proxy.Node.Commands;
using Proxy.Policy.Routes;
using Proxy.Protocol.Chains;

namespace Proxy.Node.Settings;

/// <summary>Where the connections of a frontend go, and what goes together with that.</summary>
internal static class TargetReader
{
    /// <summary>Null: nowhere that makes sense, and why is reported.</summary>
    /// <param name="chains">Where a chain of its own is added.</param>
    public static FrontendTarget? Read(string name, FrontendDraft draft, List<ChainSetSettings> chains, SettingsObject place)
    {
        string[] ways = [.. new[] { draft.Upstream is null ? null : "upstream", draft.Tunnel is null ? null : "tunnel", draft.Chain is null ? null : "chain" }.OfType<string>()];
        if (ways.Length > 1)
        {
            place.WrongAt(ways[^1], $"it goes to {string.Join(" and ", ways)}", "set one of them");
            return null;
        }

        if (draft.Via.Count > 0 && (draft.Upstream ?? draft.Chain) is not null)
        {
            place.WrongAt("via", $"via is for what goes through a tunnel, or for itself, and this goes to {ways[0]}", "remove one of them");
            return null;
        }

        if ((draft.Tunnel ?? draft.Chain) is not null || draft.Via.Count > 0)
        {
            return ReadFar(name, draft, chains, place);
        }

        if (!place.Lacks("via"))
        {
            // What is there and wrong has been reported.
            return null;
        }

        if (draft.To is not null)
        {
            place.WrongAt("to", "'to' is for the far end of a tunnel or of a chain, and there is none", "set tunnel or via, or give servers of your own a name: upstream = NAME");
            return null;
        }

        if (draft.IsProxy)
        {
            place.WrongAt("listen", "its clients say where they want to go, and there is nothing to carry them there", "set tunnel = NAME, or via, or chain = NAME");
            return null;
        }

        if (draft.Upstream is null && draft.Routes.Count == 0)
        {
            place.Wrong("it goes nowhere", "set upstream = NAME, or tunnel = NAME with to = \"HOST:PORT\"");
            return null;
        }

        return new UpstreamTarget(draft.Upstream) { Routes = draft.Routes };
    }

    /// <summary>The way that a table finds; null with a report as in <see cref="Read"/>.</summary>
    public static RoutedTarget? ReadRouted(string name, FrontendDraft draft, IReadOnlyDictionary<string, RouteTable?> tables, SettingsObject place)
    {
        RefuseWithTunnel(draft, place);
        if ((draft.Upstream ?? draft.Tunnel ?? draft.Chain) is not null || draft.Via.Count > 0)
        {
            place.WrongAt("route-table", "a table finds its way, and there is another", "set one of upstream, tunnel, chain, via and route-table");
            return null;
        }

        if (!tables.TryGetValue(name, out var table))
        {
            place.WrongAt("route-table", $"there is no route-table '{Spelling.Shorten(name)}'", $"route-tables {{ {Spelling.Shorten(name)} {{ … }} }} makes one");
            return null;
        }

        if (draft.IsProxy)
        {
            return RefusesTo(draft, place) || table is null ? null : new RoutedTarget(table, null) { TellsSource = draft.TellsSource };
        }

        if (!Destination.TryParse(draft.To, out var destination))
        {
            place.WrongAt("to", $"to = '{draft.To}': HOST:PORT is expected", "such as \"example.org:80\" or \"[2001:db8::1]:80\"");
            return null;
        }

        return table is null ? null : new RoutedTarget(table, destination) { TellsSource = draft.TellsSource };
    }

    private static FrontendTarget? ReadFar(string name, FrontendDraft draft, List<ChainSetSettings> chains, SettingsObject place)
    {
        RefuseWithTunnel(draft, place);
        if (draft.IsProxy)
        {
            return ReadProxied(name, draft, chains, place);
        }

        if (draft.To is not { } to)
        {
            if (draft.At is null && !place.Lacks("listen"))
            {
                // What is there and wrong has been reported; it may have meant that clients say it.
                return null;
            }

            place.Wrong("it goes through a tunnel or a chain, and nobody says where to", "to = \"HOST:PORT\", or to = \"-\" where a tunnel's server has a target of its own");
            return null;
        }

        if (to == NoHeader && draft is { Tunnel: { } bare, Via.Count: 0 })
        {
            return new TunnelTarget(bare, null) { TellsSource = draft.TellsSource };
        }

        if (!Destination.TryParse(to, out var destination))
        {
            place.WrongAt("to", $"to = '{to}': HOST:PORT is expected", "such as \"example.org:80\" or \"[2001:db8::1]:80\"");
            return null;
        }

        if (draft.Via.Count == 0 && draft.Tunnel is { } tunnel)
        {
            return new TunnelTarget(tunnel, destination) { TellsSource = draft.TellsSource };
        }

        return new ChainTarget(draft.Chain ?? AddOwn(name, draft, chains, place), destination) { TellsSource = draft.TellsSource };
    }

    private static bool RefusesTo(FrontendDraft draft, SettingsObject place)
    {
        if (draft.To is not null)
        {
            place.WrongAt("to", "its clients say where they want to go, and 'to' says it, too", "remove it, or listen at tcp://");
        }

        return draft.To is not null;
    }

    private static FrontendTarget? ReadProxied(string name, FrontendDraft draft, List<ChainSetSettings> chains, SettingsObject place)
    {
        if (RefusesTo(draft, place))
        {
            return null;
        }

        return draft.Via.Count == 0 && draft.Tunnel is { } tunnel
            ? new TunnelTarget(tunnel, null) { TellsSource = draft.TellsSource }
            : new ChainTarget(draft.Chain ?? AddOwn(name, draft, chains, place), null) { TellsSource = draft.TellsSource };
    }

    // A set of one chain, for this frontend alone.
    private static string AddOwn(string name, FrontendDraft draft, List<ChainSetSettings> chains, SettingsObject place)
    {
        ChainReader.CheckHops(draft.Tunnel, draft.Via, place);
        ChainUrlReader.CheckOpen(draft.Via, draft.IsInsecure, place, "via");
        var own = $"{name}/via";
        if (chains.Exists(chain => chain.Name == own))
        {
            place.WrongAt("via", $"'{own}' is the name of its chain, and there is one of that name already", "give that one another name");
        }

        chains.Add(new ChainSetSettings { Name = own, Chains = [new ChainSettings { Name = own, Tunnel = draft.Tunnel, Hops = draft.Via }] });
        return own;
    }

    // What would be passed over must not look as if it held.
    private static void RefuseWithTunnel(FrontendDraft draft, SettingsObject place)
    {
        Refuse(draft.Routes.Count > 0, place, "routes");
        Refuse(draft.Tls.Certificates.Count > 0, place.Inside("tls"), "certificates");
        Refuse(draft.Filters is { } filters && filters.List().Count > 0, place, "filters");
        Refuse(draft.Bandwidth != BandwidthSettings.Unlimited, place.Inside("limits"), "bandwidth");
        Refuse(draft.ProxyProtocol.Out is not null, place.Inside("proxy-protocol"), "out");

        static void Refuse(bool isSet, SettingsObject inside, string what)
        {
            if (isSet)
            {
                inside.WrongAt(what, $"{what}: they are for upstreams, and this goes through a tunnel or a chain", "remove them, or give the server at its end what it needs");
            }
        }
    }

    private const string NoHeader = "-";
}

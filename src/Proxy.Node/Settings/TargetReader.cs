using Proxy.Actors;
using Proxy.Node.Commands;
using Proxy.Policy.Routes;
using Proxy.Protocol.Chains;

namespace Proxy.Node.Settings;

/// <summary>Where the connections of a frontend go, and what goes together with that.</summary>
internal static class TargetReader
{
    /// <summary>Null: nowhere that makes sense, and why is reported.</summary>
    public static FrontendTarget? Read(FrontendDraft draft, SettingsObject place, IReadOnlyDictionary<string, RouteTable?> tables)
    {
        if (draft.RouteTable is { } table)
        {
            return ReadRouted(table, draft, place, tables);
        }

        if (draft.Chains is not null && (draft.Upstream ?? draft.Tunnel) is not null)
        {
            place.WrongAt("chains", "it goes through chains and another way", "set one of upstream, tunnel and chains");
            return null;
        }

        if (draft is { Upstream: not null, Tunnel: not null })
        {
            place.WrongAt("tunnel", "it goes to an upstream and to a tunnel", "set one of upstream and tunnel");
            return null;
        }

        if (draft.Chains is { } chains)
        {
            return ReadFarEnd(draft, place) is (true, { } destination) ? new ChainTarget(chains, destination) { TellsSource = draft.TellsSource } : null;
        }

        if (draft.Tunnel is { } tunnel)
        {
            return ReadFarEnd(draft, place) is (true, var destination) ? new TunnelTarget(tunnel, destination) { TellsSource = draft.TellsSource } : null;
        }

        if (draft.To is not null)
        {
            place.WrongAt("to", "'to' is for the far end of a tunnel, and there is none", "set tunnel, or give servers of your own a name: upstream = NAME");
            return null;
        }

        if (draft.Upstream is null && draft.Routes.Count == 0)
        {
            place.Wrong("it goes nowhere", "set upstream = NAME, or tunnel = NAME with to = \"HOST:PORT\"");
            return null;
        }

        return new UpstreamTarget(draft.Upstream) { Routes = draft.Routes };
    }

    private static RoutedTarget? ReadRouted(string name, FrontendDraft draft, SettingsObject place, IReadOnlyDictionary<string, RouteTable?> tables)
    {
        if ((draft.Upstream ?? draft.Tunnel ?? draft.Chains) is not null)
        {
            place.WrongAt("route-table", "a table finds its way, and there is another", "set one of upstream, tunnel, chains and route-table");
            return null;
        }

        if (!tables.TryGetValue(name, out var table))
        {
            place.WrongAt("route-table", $"there is no route-table '{Spelling.Shorten(name)}'", $"route-tables {{ {Spelling.Shorten(name)} {{ … }} }} makes one");
            return null;
        }

        return ReadFarEnd(draft, place) is (true, { } destination) && table is not null
            ? new RoutedTarget(table, destination) { TellsSource = draft.TellsSource }
            : null;
    }

    /// <summary>Null with true: no header is sent.</summary>
    private static (bool IsRight, Destination? Destination) ReadFarEnd(FrontendDraft draft, SettingsObject place)
    {
        RefuseWithTunnel(draft, place);
        if (draft.To is not { } to)
        {
            place.Wrong(
                draft.Tunnel is not null ? "it goes through a tunnel, and nobody says where to" : "it goes through chains, and nobody says where to",
                draft.Tunnel is not null ? "to = \"HOST:PORT\", or to = \"-\" where the server has a target of its own" : "to = \"HOST:PORT\"");
            return default;
        }

        if (to == NoHeader && draft.Tunnel is not null)
        {
            return (true, null);
        }

        if (!Destination.TryParse(to, out var destination))
        {
            place.WrongAt("to", $"to = '{to}': HOST:PORT is expected", "such as \"example.org:80\" or \"[2001:db8::1]:80\"");
            return default;
        }

        return (true, destination);
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
                inside.WrongAt(what, $"{what}: they are for upstreams, and this goes through a tunnel or a chain", "remove them, or give the server at the far end what it needs");
            }
        }
    }

    private const string NoHeader = "-";
}

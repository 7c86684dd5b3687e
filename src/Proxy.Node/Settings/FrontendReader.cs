using System.Net;
using Proxy.Actors;
using Proxy.Node.Commands;
using Proxy.Policy.Limits;
using Proxy.Policy.Names;
using Proxy.Policy.Routes;
using Proxy.Policy.Rules;
using Proxy.Protocol.Chains;

namespace Proxy.Node.Settings;

/// <summary>What a frontend says, over what the defaults say.</summary>
internal sealed record FrontendDraft
{
    public static readonly FrontendDraft Default = new();

    public IPEndPoint? Listen { get; init; }

    public string? Upstream { get; init; }

    public string? Tunnel { get; init; }

    public string? Chain { get; init; }

    public string? RouteTable { get; init; }

    public IReadOnlyList<ChainHop> Via { get; init; } = [];

    public bool IsInsecure { get; init; }

    public string? To { get; init; }

    public bool TellsSource { get; init; }

    public int MaximumRetries { get; init; } = 15;

    public AdmissionSettings Limits { get; init; } = AdmissionSettings.Unlimited;

    public int ClusterConnections { get; init; } = int.MaxValue;

    public BandwidthSettings Bandwidth { get; init; } = BandwidthSettings.Unlimited;

    public AccessRules Rules { get; init; } = AccessRules.AllowAll;

    public ConnectionTimeouts Timeouts { get; init; } = ConnectionTimeouts.Default;

    public ProxyHeaderSettings ProxyProtocol { get; init; } = ProxyHeaderSettings.Default;

    public SettingsValue? Filters { get; init; }

    public TlsTerminationSettings Tls { get; init; } = new() { Certificates = [] };

    public IReadOnlyList<ServerNameRoute> Routes { get; init; } = [];
}

internal static class FrontendReader
{
    private const string Scheme = "tcp://";

    // Each costs the connection a search through all servers.
    private const int MaximumRetries = 100;

    public static FrontendDraft Read(SettingsObject frontend, FrontendDraft missing, SettingsReading reading)
    {
        var limits = frontend.Inside("limits");
        return new FrontendDraft
        {
            Listen = frontend.Optional("listen", missing.Listen, value => value.TryParse(ListenOf, out var listen) ? listen : null),
            Upstream = frontend.Optional("upstream", missing.Upstream, value => value.Text()),
            Tunnel = frontend.Optional("tunnel", missing.Tunnel, value => value.Text()),
            RouteTable = frontend.Optional("route-table", missing.RouteTable, value => value.Text()),
            Chain = frontend.Optional("chain", missing.Chain, value => value.Text()),
            Via = frontend.Find("via") is { } via ? ChainUrlReader.ReadHops(via, reading) : missing.Via,
            IsInsecure = frontend.Switch("insecure", missing.IsInsecure),
            To = frontend.Optional("to", missing.To, value => value.Text()),
            TellsSource = frontend.Switch("pass-source", missing.TellsSource),
            MaximumRetries = frontend.Whole("retries", missing.MaximumRetries, 0, MaximumRetries),
            Limits = LimitsReader.Read(limits, missing.Limits),
            ClusterConnections = limits.Limit("cluster-connections", missing.ClusterConnections),
            Bandwidth = BandwidthReader.Read(limits, missing.Bandwidth),
            Rules = frontend.Find("rules") is { } rules ? RulesReader.Read(rules, reading) : missing.Rules,
            Timeouts = TimeoutsReader.Read(frontend.Inside("timeouts"), missing.Timeouts, hasHeader: true),
            ProxyProtocol = ProxyProtocolReader.Read(frontend.Inside("proxy-protocol"), missing.ProxyProtocol),
            Filters = frontend.Find("filters") ?? missing.Filters,
            Tls = TlsReader.ReadFrontend(frontend.Inside("tls"), missing.Tls, reading),
            Routes = frontend.Find("routes") is { } routes ? ReadRoutes(routes) : missing.Routes,
        };
    }

    /// <summary>Null: it cannot be, and why is reported.</summary>
    /// <param name="chains">Where a chain of its own is added.</param>
    /// <param name="tables">Of routes, by name; null where one could not be read.</param>
    public static FrontendSettings? Build(
        string name,
        FrontendDraft draft,
        List<ChainSetSettings> chains,
        IReadOnlyDictionary<string, RouteTable?> tables,
        SettingsObject place,
        SettingsReading reading)
    {
        var to = draft.RouteTable is { } table ? TargetReader.ReadRouted(table, draft, tables, place) : TargetReader.Read(name, draft, chains, place);
        var tls = TlsReader.Build(draft.Tls, place, reading);
        var filters = draft.Filters is { } specs ? FiltersReader.Read(specs) : [];
        if (draft.Tls is { Certificates.Count: 0, ClientAuthoritiesPath: not null })
        {
            place.Inside("tls").WrongAt("client-ca", "tls.client-ca has no effect: TLS does not end here", "set tls.certificates");
        }

        if (draft.Listen is null && place.Lacks("listen"))
        {
            place.Wrong("a frontend without an address", $"listen = \"{Scheme}HOST:PORT\"");
        }

        return to is null || draft.Listen is not { } listen ? null : new FrontendSettings
        {
            Name = name,
            Listen = listen,
            To = to,
            MaximumRetries = draft.MaximumRetries,
            Limits = draft.Limits,
            ClusterConnections = draft.ClusterConnections == int.MaxValue ? null : draft.ClusterConnections,
            Bandwidth = draft.Bandwidth,
            Rules = draft.Rules,
            Timeouts = draft.Timeouts,
            ProxyProtocol = draft.ProxyProtocol.Build(),
            Filters = [.. filters.Select(filter => filter.Filter)],
            FilterTexts = [.. filters.Select(filter => filter.Text)],
            Tls = tls,
        };
    }

    private static IPEndPoint ListenOf(string url) => url.StartsWith(Scheme, StringComparison.Ordinal)
        ? Values.ListenEndPoint(url[Scheme.Length..], "")
        : throw new UsageException($"'{url}': {Scheme}HOST:PORT is expected, such as {Scheme}127.0.0.1:8080");

    private static List<ServerNameRoute> ReadRoutes(SettingsValue routes)
    {
        var read = new List<ServerNameRoute>();
        foreach (var item in routes.List())
        {
            var route = item.AsObject();
            var (names, upstream) = (route.Find("names"), route.Find("upstream")?.Text());
            if (route.IsThere && (names is null || upstream is null))
            {
                route.Wrong("a route without names or without an upstream", "{ names = [\"example.org\"], upstream = NAME }");
            }

            foreach (var name in names?.List() ?? [])
            {
                var pattern = name.Text()?.ToLowerInvariant();
                if (pattern is not null && ServerNames.IsPattern(pattern) && !read.Exists(other => other.Pattern == pattern))
                {
                    read.Add(new ServerNameRoute(pattern, upstream ?? ""));
                }
                else
                {
                    name.Wrong("a name of its own is expected", "example.org, or *.example.org for all below it; each once");
                }
            }
        }

        return read;
    }
}

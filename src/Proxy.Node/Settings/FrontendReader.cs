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

    public FrontendListen? At { get; init; }

    public IPEndPoint? Listen => At?.EndPoint;

    public bool IsUdp => At is { IsUdp: true };

    /// <summary>Whether clients say where they want to go.</summary>
    public bool IsProxy => At is { Protocols: not ForwardProtocols.None };

    public ProxyUsers? Users { get; init; }

    /// <summary>Null: nobody is told of the proxy.</summary>
    public string? HttpVia { get; init; }

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

    public int ClusterAccepts { get; init; }

    public int ClusterPerSource { get; init; } = int.MaxValue;

    public BandwidthSettings Bandwidth { get; init; } = BandwidthSettings.Unlimited;

    public AccessRules Rules { get; init; } = AccessRules.AllowAll;

    public ConnectionTimeouts Timeouts { get; init; } = ConnectionTimeouts.Default;

    /// <summary>The short form of timeouts.udp-idle.</summary>
    public TimeSpan? UdpIdle { get; init; }

    public ProxyHeaderSettings ProxyProtocol { get; init; } = ProxyHeaderSettings.Default;

    public SettingsValue? Filters { get; init; }

    public TlsTerminationSettings Tls { get; init; } = new() { Certificates = [] };

    public IReadOnlyList<ServerNameRoute> Routes { get; init; } = [];
}

/// <summary>An address, and what clients speak there that say themselves where they want to go; none: they say nothing.</summary>
internal sealed record FrontendListen(IPEndPoint EndPoint, ForwardProtocols Protocols, bool IsUdp = false);

internal static class FrontendReader
{
    private const string Scheme = "tcp://";
    private const string UdpScheme = "udp://";
    private const string TransparentUdpScheme = "tproxy+udp://";

    private static readonly (string Text, ForwardProtocols Protocols)[] Schemes =
    [
        (Scheme, ForwardProtocols.None),
        (UdpScheme, ForwardProtocols.None),
        ("socks5://", ForwardProtocols.Socks),
        ("http://", ForwardProtocols.Http),
        ("mixed://", ForwardProtocols.Socks | ForwardProtocols.Http),
        ("redirect://", ForwardProtocols.Redirect),
        ("tproxy://", ForwardProtocols.Transparent),
        (TransparentUdpScheme, ForwardProtocols.Transparent),
    ];

    // Each costs the connection a search through all servers.
    private const int MaximumRetries = 100;

    public static FrontendDraft Read(SettingsObject frontend, FrontendDraft missing, SettingsReading reading)
    {
        var limits = frontend.Inside("limits");
        return new FrontendDraft
        {
            At = frontend.Optional("listen", missing.At, value => value.TryParse(ListenOf, out var listen) ? listen : null),
            Upstream = frontend.Optional("upstream", missing.Upstream, value => value.Text()),
            Tunnel = frontend.Optional("tunnel", missing.Tunnel, value => value.Text()),
            RouteTable = frontend.Optional("route-table", missing.RouteTable, value => value.Text()),
            Chain = frontend.Optional("chain", missing.Chain, value => value.Text()),
            Via = frontend.Find("via") is { } via ? ChainUrlReader.ReadHops(via, reading) : missing.Via,
            IsInsecure = frontend.Switch("insecure", missing.IsInsecure),
            Users = frontend.Optional("proxy-users", missing.Users, value => ReadUsers(value, reading)),
            HttpVia = frontend.Optional("http-via", missing.HttpVia, ViaOf),
            To = frontend.Optional("to", missing.To, value => value.Text()),
            TellsSource = frontend.Switch("pass-source", missing.TellsSource),
            MaximumRetries = frontend.Whole("retries", missing.MaximumRetries, 0, MaximumRetries),
            Limits = LimitsReader.Read(limits, missing.Limits),
            ClusterConnections = limits.Limit("cluster-connections", missing.ClusterConnections),
            ClusterAccepts = (int)(limits.Find("cluster-accepts")?.Frequency(1_000_000) ?? missing.ClusterAccepts),
            ClusterPerSource = limits.Limit("cluster-per-ip", missing.ClusterPerSource),
            Bandwidth = BandwidthReader.Read(limits, missing.Bandwidth),
            Rules = frontend.Find("rules") is { } rules ? RulesReader.Read(rules, reading) : missing.Rules,
            Timeouts = TimeoutsReader.Read(frontend.Inside("timeouts"), missing.Timeouts, hasHeader: true),
            UdpIdle = frontend.OptionalValue<TimeSpan>("idle", missing.UdpIdle, value => value.Wait()),
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

        if (draft is { At.Protocols: ForwardProtocols.Redirect or ForwardProtocols.Transparent, Users: not null })
        {
            place.WrongAt("proxy-users", "clients that are redirected know nothing of a proxy and cannot say who they are", "remove it; rules { … } can tell them by their addresses");
        }

        CheckUdp(draft, place);
        if (draft.Listen is null && place.Lacks("listen"))
        {
            place.Wrong("a frontend without an address", $"listen = \"{Scheme}HOST:PORT\"");
        }

        return to is null || draft.Listen is not { } listen ? null : new FrontendSettings
        {
            Name = name,
            Listen = listen,
            IsUdp = draft.IsUdp,
            To = to,
            Proxy = draft.IsProxy ? new ForwardProxySettings { Protocols = draft.At!.Protocols, Users = draft.Users, Via = draft.HttpVia } : null,
            MaximumRetries = draft.MaximumRetries,
            Limits = draft.Limits,
            ClusterConnections = draft.ClusterConnections == int.MaxValue ? null : draft.ClusterConnections,
            ClusterAcceptsPerSecond = draft.ClusterAccepts == 0 ? null : draft.ClusterAccepts,
            ClusterConnectionsPerSource = draft.ClusterPerSource == int.MaxValue ? null : draft.ClusterPerSource,
            Bandwidth = draft.Bandwidth,
            Rules = draft.Rules,
            Timeouts = draft.UdpIdle is { } idle ? draft.Timeouts with { UdpIdle = idle } : draft.Timeouts,
            ProxyProtocol = draft.ProxyProtocol.Build(),
            Filters = [.. filters.Select(filter => filter.Filter)],
            FilterTexts = [.. filters.Select(filter => filter.Text)],
            Tls = tls,
        };
    }

    // What would be passed over must not look as if it held.
    private static void CheckUdp(FrontendDraft draft, SettingsObject place)
    {
        if (!draft.IsUdp)
        {
            if (draft.UdpIdle is not null && draft.At is not null)
            {
                place.WrongAt("idle", "idle is for udp://", "timeouts.idle is for connections");
            }

            return;
        }

        Refuse(draft.Tls.Certificates.Count > 0, place.Inside("tls"), "certificates");
        Refuse(draft.Routes.Count > 0, place, "routes");
        Refuse(draft.Filters is { } filters && filters.List().Count > 0, place, "filters");
        Refuse(draft.Bandwidth != BandwidthSettings.Unlimited, place.Inside("limits"), "bandwidth");
        Refuse(draft.ProxyProtocol.IsIn || draft.ProxyProtocol.Out is not null, place, "proxy-protocol");
        if (draft.To == "-")
        {
            place.WrongAt("to", "to = \"-\" sends no header, and without one the server does not know that it is UDP", "to = \"HOST:PORT\"");
        }

        static void Refuse(bool isSet, SettingsObject inside, string what)
        {
            if (isSet)
            {
                inside.WrongAt(what, $"{what}: datagrams have none", "remove it");
            }
        }
    }

    private static FrontendListen ListenOf(string url)
    {
        foreach (var (scheme, protocols) in Schemes)
        {
            if (url.StartsWith(scheme, StringComparison.Ordinal))
            {
                var isUdp = scheme is UdpScheme or TransparentUdpScheme;
                var hasPath = !isUdp && protocols is not (ForwardProtocols.Redirect or ForwardProtocols.Transparent);
                var place = url[scheme.Length..];
                return new FrontendListen(hasPath ? Values.FrontendEndPoint(place, "") : Values.ListenEndPoint(place, ""), protocols, isUdp);
            }
        }

        throw new UsageException($"'{url}': {Scheme}HOST:PORT is expected, such as {Scheme}127.0.0.1:8080 or {Scheme}unix:/run/web.sock, or {string.Join(" or ", Schemes.Skip(1).Select(known => known.Text))}");
    }

    // A pseudonym (RFC 9110, 7.6.3): a word.
    private static string? ViaOf(SettingsValue value)
    {
        if (value.Text() is not { } name)
        {
            return null;
        }

        if (name.Length is > 0 and <= 64 && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.'))
        {
            return name;
        }

        value.Wrong("a word of letters, digits, '-', '_' and '.' is expected", "such as \"edge-1\"");
        return null;
    }

    private static ProxyUsers? ReadUsers(SettingsValue value, SettingsReading reading)
    {
        if (value.File() is not { } path)
        {
            return null;
        }

        reading.AddFile(path);
        try
        {
            return ProxyUsers.Read(path);
        }
        catch (KeyFileException wrong)
        {
            value.Wrong(wrong.Message);
            return null;
        }
    }

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

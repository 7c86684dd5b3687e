using Proxy.Actors;
using Proxy.Hocon;
using Proxy.Node.Hosting;
using Proxy.Policy.Routes;
using Proxy.Protocol.Sealing.Ciphers;
using Proxy.Protocol.Sealing.Keys;

namespace Proxy.Node.Settings;

/// <summary>Makes the settings of a node out of a configuration, or tells everything that is wrong with it.</summary>
internal sealed class NodeReader
{
    private static readonly string[] Tables = ["frontends", "upstreams", "tunnels", "chains", "route-tables", "servers", "principals", "defaults", "node", "log", "admin", "key", "cluster"];

    private readonly SettingsReading _reading = new();
    private readonly SettingsSource _source;
    private readonly Dictionary<string, SettingsObject> _frontendPlaces = [];
    private readonly Dictionary<string, (RouteTable Table, SettingsObject Place)> _routeTables = [];
    private readonly Dictionary<string, SettingsObject> _chainPlaces = [];
    private readonly Dictionary<string, SettingsObject> _serverPlaces = [];
    private readonly List<ListenPlace> _listens = [];
    private readonly List<string> _startLines = [];
    private bool _isSecretRead;
    private SecretBytes? _resetSecret;

    private NodeReader(SettingsSource source) => _source = source;

    /// <param name="files">What the document was made from.</param>
    public static SettingsResult Read(HoconDocument document, IReadOnlyList<string> files, SettingsSource source)
    {
        var settings = Read(document, source, out var reading);
        IReadOnlyList<string> allFiles = [.. files.Concat(reading.Files).Distinct()];
        return new SettingsResult(reading.ErrorCount == 0 ? settings : null, reading.InOrder(), reading.ErrorCount, allFiles);
    }

    /// <summary>What the document means as far as it is right, and what was seen on the way.</summary>
    internal static LoadedSettings Read(HoconDocument document, SettingsSource source, out SettingsReading reading)
    {
        var reader = new NodeReader(source);
        reading = reader._reading;
        RefuseOutside(document, reading);
        var settings = reader.Read(reading.Open(document, SettingsSource.Scope));
        reading.RefuseUnknown();
        return settings;
    }

    private LoadedSettings Read(SettingsObject root)
    {
        var defaults = DefaultsReader.Read(root.Inside("defaults"), _reading);
        var node = root.Inside("node");
        var host = HostReader.Read(root);
        var stateDirectory = node.Optional("state-directory", missing: null, value => value.File());
        host = host with { Cluster = ClusterReader.Read(root.Inside("cluster"), () => ReadIdentity(stateDirectory, node)) };
        var maximum = node.Inside("limits").Limit("connections", int.MaxValue);
        var keys = KeysReader.Read(root, defaults.Principal, _reading, _source.Environment.GetValueOrDefault(KeySource.Variable));
        List<ChainSetSettings> chains = [.. root.Entries("chains").Select(entry => ReadChains(entry, defaults))];
        var tables = root.Entries("route-tables").ToDictionary(entry => entry.Key, entry => ReadRoutes(entry), StringComparer.Ordinal);
        var settings = new NodeSettings
        {
            Name = node.Optional("name", missing: null, value => value.Text()) ?? Environment.MachineName,
            MaximumConnections = maximum == int.MaxValue ? null : maximum,
            Servers = [.. root.Entries("servers").Select(entry => ReadServer(entry, defaults, keys, stateDirectory, node))],
            Tunnels = [.. root.Entries("tunnels").Select(entry => TunnelReader.Build(entry.Key, TunnelReader.Read(entry.Value, defaults.Tunnel, _reading), entry.Value, keys, _reading))],
            Upstreams = [.. root.Entries("upstreams").Select(entry => UpstreamReader.Build(entry.Key, UpstreamReader.Read(entry.Value, defaults.Upstream), entry.Value, _reading))],
            Frontends = [.. root.Entries("frontends").Select(entry => ReadFrontend(entry, defaults, chains, tables)).OfType<FrontendSettings>()],
        };
        settings = settings with { ChainSets = chains };
        settings = JoinCluster(settings, root, host.Cluster, () => ReadIdentity(stateDirectory, node));
        Check(settings, root, node, host);
        var dialect = settings.Servers.Any(server => server.Native is not null) || settings.Tunnels.Any(tunnel => tunnel.Native is not null)
            ? [$"tunnels are sealed: {CipherChoice.Best.Name}"]
            : Array.Empty<string>();
        return new LoadedSettings(settings, host with { StartLines = [.. dialect, .. _startLines, .. chains.SelectMany(Describe)] });
    }

    private static IEnumerable<string> Describe(ChainSetSettings set) => set.Chains.SelectMany(chain => chain.Hops.Select((hop, index) =>
        $"hop {index + 1} of {(chain.Name == set.Name ? set.Name : $"{set.Name}/{chain.Name}")}: {hop}, {(hop.Key is { } key ? $"headers sealed with the key {key}" : "headers open")}"));

    private ChainSetSettings ReadChains(KeyValuePair<string, SettingsObject> entry, Defaults defaults)
    {
        _chainPlaces[entry.Key] = entry.Value;
        return ChainReader.Build(
            entry.Key, ChainReader.Read(entry.Value, defaults.Chain), entry.Value.Entries("paths"), defaults.Path, entry.Value, _reading);
    }

    private RouteTable? ReadRoutes(KeyValuePair<string, SettingsObject> entry)
    {
        var table = RouteTableReader.Read(entry.Value);
        if (table is not null)
        {
            _routeTables[entry.Key] = (table, entry.Value);
        }

        return table;
    }

    private ServerSettings ReadServer(KeyValuePair<string, SettingsObject> entry, Defaults defaults, NodeKeys keys, string? stateDirectory, SettingsObject node)
    {
        var settings = ServerReader.Build(
            entry.Key, ServerReader.Read(entry.Value, defaults.Server, _reading), entry.Value, keys, () => ReadSecret(stateDirectory, node), _reading);
        _serverPlaces[entry.Key] = entry.Value;
        _listens.AddRange(settings.Listen.Select(listen => new ListenPlace(IsUdp: true, listen, $"servers.{entry.Key}", entry.Value)));
        _listens.AddRange(settings.ListenTcp.Concat(settings.ListenTls).Select(listen => new ListenPlace(IsUdp: false, listen, $"servers.{entry.Key}", entry.Value)));
        _listens.AddRange(settings.Chains.Select(chain => new ListenPlace(chain.IsUdp, chain.Listen, $"servers.{entry.Key}", entry.Value)));
        if (settings.Native is { } native)
        {
            _startLines.Add($"{entry.Key}: keys of {string.Join(", ", native.Keys.Keys)}");
        }

        return settings;
    }

    private FrontendSettings? ReadFrontend(
        KeyValuePair<string, SettingsObject> entry, Defaults defaults, List<ChainSetSettings> chains, IReadOnlyDictionary<string, RouteTable?> tables)
    {
        var draft = FrontendReader.Read(entry.Value, defaults.Frontend, _reading);
        _frontendPlaces[entry.Key] = entry.Value;
        if (draft.Listen is { } listen)
        {
            _listens.Add(new ListenPlace(draft.IsUdp, listen, $"frontends.{entry.Key}", entry.Value));
        }

        return FrontendReader.Build(entry.Key, draft, chains, tables, entry.Value, _reading);
    }

    private void Check(NodeSettings settings, SettingsObject root, SettingsObject node, HostSettings host)
    {
        if (host.IsAdminAsked)
        {
            _listens.Add(new ListenPlace(IsUdp: false, host.Admin, "admin", root.Inside("admin")));
        }

        Contradictions.CheckNames(settings, _frontendPlaces, _chainPlaces);
        Contradictions.CheckLegs(settings, _serverPlaces);
        Contradictions.CheckRoutes(settings, _routeTables.Values);
        Contradictions.CheckListens(_listens);
        Contradictions.CheckLimits(settings, node, _frontendPlaces);
        if (_frontendPlaces.Count == 0 && settings.Servers.Count == 0 && root.IsThere)
        {
            root.Wrong("there is neither a frontend nor a server: the node would do nothing", "frontends { NAME { … } } or servers { NAME { … } } is expected");
        }
    }

    // Once for all servers.
    private SecretBytes? ReadSecret(string? directory, SettingsObject node)
    {
        if (_isSecretRead || _source.IsCheckOnly)
        {
            return _resetSecret;
        }

        _isSecretRead = true;
        try
        {
            _resetSecret = StateDirectory.ReadResetSecret(directory, out var line);
            _startLines.Add(line);
        }
        catch (UsageException wrong)
        {
            node.Wrong(wrong.Message);
        }

        return _resetSecret;
    }

    private string ReadIdentity(string? directory, SettingsObject node)
    {
        try
        {
            return _source.IsCheckOnly ? "" : StateDirectory.ReadIdentity(directory);
        }
        catch (UsageException wrong)
        {
            node.Wrong(wrong.Message);
            return "";
        }
    }

    private static NodeSettings JoinCluster(NodeSettings settings, SettingsObject root, ClusterHostSettings? cluster, Func<string> identity)
    {
        if (cluster is null && settings.Tunnels.Any(tunnel => tunnel.Cluster is { IsLearned: false }))
        {
            root.Inside("cluster").Wrong("a tunnel has the cluster's servers, and there is no cluster", "cluster { endpoints = [\"http://HOST:4053\"] }");
        }

        if (cluster is null && (settings.Frontends.Any(SharesLimits) || settings.Servers.Any(server => server.Principals.Values.Any(principal => principal.SharesLimits))))
        {
            root.Inside("cluster").Wrong("limits are shared with the cluster, and there is no cluster", "cluster { endpoints = [\"http://HOST:4053\"] }");
        }

        var zone = root.Inside("cluster").Text("zone", "");

        // A hop of a chain is the server that was named and no other of its cluster.
        var hops = settings.Servers.SelectMany(server => server.Legs).Concat(settings.ChainSets.SelectMany(set => set.Chains).Select(chain => chain.Tunnel)).ToHashSet();
        settings = settings with
        {
            Tunnels = [.. settings.Tunnels.Select(tunnel => tunnel.Cluster is { IsLearned: true } && hops.Contains(tunnel.Name) ? tunnel with { Cluster = null } : tunnel)],
        };

        var own = settings.Tunnels.Any(tunnel => tunnel.Cluster is not null) ? cluster?.Identity ?? identity() : "";

        // Who the clients are among which the servers are spread.
        return settings with
        {
            Tunnels =
            [
                .. settings.Tunnels.Select(tunnel => tunnel.Cluster is { } servers
                    ? tunnel with { Cluster = servers with { Client = $"{settings.Name}/{tunnel.Name}@{own}", Zone = zone } }
                    : tunnel),
            ],
        };
    }

    private static bool SharesLimits(FrontendSettings frontend) =>
        frontend.ClusterConnections is not null || frontend.ClusterAcceptsPerSecond is not null || frontend.ClusterConnectionsPerSource is not null;

    // What stands beside the scope is its owner's, for references; but a table of ours there was meant to be inside.
    private static void RefuseOutside(HoconDocument document, SettingsReading reading)
    {
        foreach (var key in document.Section.Keys)
        {
            if (key != "defaults" && Tables.Contains(key) && document.Section.TryGetKey(key, out var section, out _))
            {
                reading.Add(section.Error($"'{key}' stands outside of {SettingsSource.Scope}", $"everything lies inside {SettingsSource.Scope} {{ … }}"));
            }
        }
    }
}

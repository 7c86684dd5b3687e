using System.Net;
using System.Reflection;
using Proxy.Policy.Balancing;
using Proxy.Policy.Chains;
using Proxy.Policy.Health;
using Proxy.Policy.Limits;
using Proxy.Policy.Rules;
using Proxy.Policy;
using Proxy.Protocol.Chains;
using Proxy.Protocol.Sealing.Keys;
using Proxy.Protocol.Sealing.Resets;
using Proxy.Protocol.Sealing.Sessions;
using Proxy.Transport;
using Proxy.Transport.Dials;
using Proxy.Tunnel.Native;
using Proxy.Tunnel;

namespace Proxy.Actors.Tests;

/// <summary>What is different between two configurations: nothing where they mean the same, and every setting there is where it was changed.</summary>
public sealed class SettingsPlanTests
{
    // Derived from the others.
    private static readonly string[] Derived = ["TargetText", "EqualityContract"];

    [Fact]
    public void Equal_configurations_give_an_empty_plan()
    {
        var plan = SettingsPlan.Between(Node(), Node());

        Assert.Empty(plan.Changes);
    }

    [Fact]
    public void Forwards_to_free_ports_may_share_a_name()
    {
        static FrontendSettings Forward(string upstream) =>
            new() { Name = "127.0.0.1:0", Listen = IPEndPoint.Parse("127.0.0.1:0"), To = new UpstreamTarget(upstream) };
        var settings = Node() with { Frontends = [Forward("a"), Forward("b")] };

        Assert.Empty(SettingsPlan.Between(settings, Node() with { Frontends = [Forward("a"), Forward("b")] }).Changes);
        Assert.Equal(2, SettingsPlan.Between(Node() with { Frontends = [] }, settings).Changes.Count);
    }

    [Fact]
    public void Where_nothing_is_different_the_old_objects_stay()
    {
        var old = Node();

        var plan = SettingsPlan.Between(old, Node() with { MaximumConnections = 7 });

        Assert.Same(old.Frontends[0], plan.New.Frontends[0]);
        Assert.Same(old.Upstreams[0], plan.New.Upstreams[0]);
        Assert.Same(old.Tunnels[0], plan.New.Tunnels[0]);
        Assert.Same(old.Servers[0], plan.New.Servers[0]);
        Assert.Equal(7, plan.New.MaximumConnections);
    }

    [Fact]
    public void Every_setting_of_a_frontend_makes_a_difference() => EverySettingCounts<FrontendSettings>(
        changed => Node() with { Frontends = [changed(Frontend())] },
        new()
        {
            ["Name"] = frontend => frontend with { Name = "other" },
            ["Listen"] = frontend => frontend with { Listen = IPEndPoint.Parse("10.0.0.2:7009") },
            ["IsUdp"] = frontend => frontend with { IsUdp = true },
            ["To"] = frontend => frontend with { To = new UpstreamTarget("web") { Routes = [new ServerNameRoute("a.example", "web")] } },
            ["Proxy"] = frontend => frontend with { Proxy = new ForwardProxySettings { Protocols = ForwardProtocols.Socks } },
            ["Timeouts"] = frontend => frontend with { Timeouts = new ConnectionTimeouts { Idle = TimeSpan.FromMinutes(1) } },
            ["Limits"] = frontend => frontend with { Limits = new AdmissionSettings { MaximumQueued = 3 } },
            ["ClusterAcceptsPerSecond"] = frontend => frontend with { ClusterAcceptsPerSecond = 9 },
            ["ClusterConnectionsPerSource"] = frontend => frontend with { ClusterConnectionsPerSource = 9 },
            ["ClusterConnections"] = frontend => frontend with { ClusterConnections = 9 },
            ["Rules"] = frontend => frontend with { Rules = Rules("192.0.2.0/25") },
            ["ProxyProtocol"] = frontend => frontend with { ProxyProtocol = new ProxyProtocolSettings { TrustedSenders = Networks("10.0.0.0/9") } },
            ["Filters"] = frontend => frontend with { Filters = [new Policy.Filters.CutFilterFactory(1, null)] },
            ["FilterTexts"] = frontend => frontend with { Filters = [new Policy.Filters.CutFilterFactory(1, null)], FilterTexts = ["cut=1"] },
            ["Bandwidth"] = frontend => frontend with { Bandwidth = new BandwidthSettings { ConnectionUp = 5 } },
            ["Tls"] = frontend => frontend with { Tls = TlsTermination.Read(new TlsTerminationSettings { Certificates = [] }) },
            ["MaximumRetries"] = frontend => frontend with { MaximumRetries = 1 },
        });

    [Fact]
    public void The_mode_of_a_socket_with_a_path_is_a_difference_that_a_restart_makes()
    {
        static NodeSettings At(string place) => Node() with
        {
            Frontends = [Frontend() with { Listen = UnixEndPoint.TryParse(place, out var listen, out var error) ? listen : throw new ArgumentException(error, nameof(place)) }],
        };

        Assert.Empty(SettingsPlan.Between(At("unix:/a"), At("unix:/a")).Changes);
        Assert.Equal(ChangeEffect.Restart, Assert.Single(SettingsPlan.Between(At("unix:/a"), At("unix:/a?mode=660")).Changes).Effect);
    }

    [Fact]
    public void Every_setting_of_an_upstream_makes_a_difference() => EverySettingCounts<UpstreamSettings>(
        changed => Node() with { Upstreams = [changed(Upstream())] },
        new()
        {
            ["Name"] = upstream => upstream with { Name = "other" },
            ["Targets"] = upstream => upstream with { Targets = [.. upstream.Targets.Skip(1)] },
            ["Sources"] = upstream => upstream with { Sources = new SourceAddresses([IPAddress.Parse("10.0.0.9")]) },
            ["Balance"] = upstream => upstream with { Balance = BalancePolicies.First },
            ["Ejection"] = upstream => upstream with { Ejection = null },
            ["Check"] = upstream => upstream with { Check = new HealthCheckSettings(Check("/other"), CheckSettings.Default) },
            ["EndsSessionsOnDown"] = upstream => upstream with { EndsSessionsOnDown = true },
            ["SlowStart"] = upstream => upstream with { SlowStart = TimeSpan.FromSeconds(1) },
            ["Queue"] = upstream => upstream with { Queue = upstream.Queue with { MaximumWaiting = 1 } },
            ["Tls"] = upstream => upstream with { Tls = new UpstreamTlsSettings { ServerName = "b" } },
        });

    [Fact]
    public void Every_setting_of_a_tunnel_makes_a_difference() => EverySettingCounts<TunnelPoolSettings>(
        changed => Node() with { Tunnels = [changed(Tunnel())] },
        new()
        {
            ["Name"] = tunnel => tunnel with { Name = "other" },
            ["Servers"] = tunnel => tunnel with { Servers = [Destination.Of(IPAddress.Parse("10.0.0.3"), 4001)] },
            ["Cluster"] = tunnel => tunnel with { Cluster = new ClusterPoolSettings("client") },
            ["Balance"] = tunnel => tunnel with { Balance = TunnelBalance.Source },
            ["Connections"] = tunnel => tunnel with { Connections = 3 },
            ["RenewAfter"] = tunnel => tunnel with { RenewAfter = TimeSpan.FromHours(1) },
            ["Tls"] = tunnel => tunnel with { Tls = tunnel.Tls with { ServerName = "a" } },
            ["Tunnel"] = tunnel => tunnel with { Tunnel = TunnelSettings.Default with { MaximumStreams = 9 } },
            ["Native"] = tunnel => tunnel with { Native = tunnel.Native! with { Key = Key("alice", 8) } },
            ["MaximumWaiting"] = tunnel => tunnel with { MaximumWaiting = 1 },
        });

    [Fact]
    public void Every_setting_of_a_server_makes_a_difference() => EverySettingCounts<ServerSettings>(
        changed => Node() with { Servers = [changed(Server())] },
        new()
        {
            ["Name"] = server => server with { Name = "other" },
            ["Listen"] = server => server with { Listen = [IPEndPoint.Parse("10.0.0.2:4001")] },
            ["ListenTcp"] = server => server with { ListenTcp = [IPEndPoint.Parse("10.0.0.2:4001")] },
            ["ListenTls"] = server => server with { ListenTls = [IPEndPoint.Parse("10.0.0.2:4001")] },
            ["Tls"] = server => server with { Tls = TlsTermination.Read(new TlsTerminationSettings { Certificates = [] }) },
            ["Chains"] = server => server with { Chains = [Chains(8)] },
            ["Chain"] = server => server with { Chain = "chains" },
            ["Legs"] = server => server with { Legs = ["tunnels"] },
            ["Destinations"] = server => server with { Destinations = Destinations("10.0.0.0/8", "10.2.0.0/16") },
            ["FixedTarget"] = server => server with { FixedTarget = Destination.Of(IPAddress.Loopback, 1) },
            ["Sources"] = server => server with { Sources = new SourceAddresses([IPAddress.Parse("10.0.0.9")]) },
            ["Tunnel"] = server => server with { Tunnel = TunnelSettings.Default with { MaximumStreams = 9 } },
            ["Native"] = server => server with { Native = server.Native! with { Keys = new KeyRing([Key("alice", 7), Key("bob", 9)]) } },
            ["ProxyProtocolOut"] = server => server with { ProxyProtocolOut = ProxyHeaderVersion.V2 },
            ["Timeouts"] = server => server with { Timeouts = new ConnectionTimeouts { Idle = TimeSpan.FromMinutes(1) } },
            ["MaximumTunnels"] = server => server with { MaximumTunnels = 1 },
            ["Principals"] = server => server with { Principals = Principals(4) },
        });

    [Fact]
    public void Every_setting_of_the_keys_of_a_server_makes_a_difference() => EverySettingCounts<NativeServerSettings>(
        changed => Node() with { Servers = [Server() with { Native = changed(Server().Native!) }] },
        new()
        {
            ["Keys"] = native => native with { Keys = new KeyRing([Key("alice", 8)]) },
            ["ServerKey"] = native => native with { ServerKey = new SecretBytes(32) },
            ["ResetSecret"] = native => native with { ResetSecret = Secret(8) },
            ["Tunnel"] = native => native with { Tunnel = NativeTunnelSettings.Default with { UserLanes = 3 } },
            ["Session"] = native => native with { Session = SessionLimits.Default with { KeyLifetime = TimeSpan.FromSeconds(77) } },
        });

    [Fact]
    public void Every_setting_of_the_node_makes_a_difference() => EverySettingCounts<NodeSettings>(
        changed => changed(Node()),
        new()
        {
            ["Name"] = node => node with { Name = "other" },
            ["MaximumConnections"] = node => node with { MaximumConnections = 3 },
            ["Drain"] = node => node with { Drain = TimeSpan.FromSeconds(1) },
            ["Frontends"] = node => node with { Frontends = [] },
            ["Upstreams"] = node => node with { Upstreams = [] },
            ["Tunnels"] = node => node with { Tunnels = [] },
            ["ChainSets"] = node => node with { ChainSets = [Set("other", 1)] },
            ["Servers"] = node => node with { Servers = [] },
            ["AccessLog"] = node => node with { AccessLog = new AccessLogSettings(new NoSink(), AccessLogEvents.End, TimeSpan.Zero) },
        });

    [Fact]
    public void What_only_a_restart_changes_is_told_and_stays()
    {
        var changed = Node() with { Name = "other", Servers = [Server() with { Native = Server().Native! with { ResetSecret = Secret(8) } }] };

        var plan = SettingsPlan.Between(Node(), changed);

        Assert.Equal(
            ["node: name node → other [needs a restart]", "server egress: other reset secret [needs a restart]"],
            plan.Changes.Select(change => change.ToString()));
        Assert.Equal(plan.Changes, SettingsPlan.Between(plan.New, changed).Changes);
    }

    [Fact]
    public void Every_setting_of_a_set_of_chains_makes_a_difference() => EverySettingCounts<ChainSetSettings>(
        changed => Node() with { ChainSets = [changed(Set("chains", 1))] },
        new()
        {
            ["Name"] = set => set with { Name = "other" },
            ["Chains"] = set => set with { Chains = [set.Chains[0] with { Weight = 2 }] },
            ["Choice"] = set => set with { Choice = set.Choice with { Interval = TimeSpan.FromSeconds(7) } },
        });

    [Fact]
    public void Servers_of_an_upstream_are_told_one_by_one()
    {
        var changed = Upstream() with
        {
            Targets = [RelayRig.To("10.0.0.4:80") with { Weight = 3 }, RelayRig.To("10.0.0.6:80"), RelayRig.To("name.example:80")],
        };

        var plan = SettingsPlan.Between(Node(), Node() with { Upstreams = [changed] });

        Assert.Equal(
            [
                "upstream web: server 10.0.0.4:80: weight 1 → 3 [at once]",
                "upstream web: server 10.0.0.6:80 added [at once]",
                "upstream web: server 10.0.0.5:80 removed; its connections go on [for what is new; what lives goes on as it began]",
            ],
            plan.Changes.Select(change => change.ToString()));
    }

    private static void EverySettingCounts<T>(Func<Func<T, T>, NodeSettings> build, Dictionary<string, Func<T, T>> changes)
    {
        var settings = typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite).Select(property => property.Name);
        Assert.Equal(settings.Except(Derived).Order(), changes.Keys.Order());
        foreach (var (name, change) in changes)
        {
            Assert.False(SettingsPlan.Between(Node(), build(change)).IsEmpty, $"{typeof(T).Name}.{name} was changed, and nobody noticed");
            if (name is not ("Filters" or "AccessLog"))
            {
                // Those two are the same only if they are the same objects.
                Assert.Empty(SettingsPlan.Between(build(change), build(change)).Changes);
            }
        }
    }

    private static NodeSettings Node() => new()
    {
        Name = "node",
        Frontends = [Frontend()],
        Upstreams = [Upstream()],
        Tunnels = [Tunnel()],
        ChainSets = [Set("chains", 1)],
        Servers = [Server()],
    };

    private static FrontendSettings Frontend() => new()
    {
        Name = "web",
        Listen = IPEndPoint.Parse("10.0.0.2:7000"),
        To = new UpstreamTarget("web"),
        Rules = Rules("192.0.2.0/24"),
        ProxyProtocol = new ProxyProtocolSettings { TrustedSenders = Networks("10.0.0.0/8"), Out = ProxyHeaderVersion.V1 },
    };

    private static UpstreamSettings Upstream() => new()
    {
        Name = "web",
        Targets = [RelayRig.To("10.0.0.4:80"), RelayRig.To("10.0.0.5:80"), RelayRig.To("name.example:80")],
        Check = new HealthCheckSettings(Check("/"), CheckSettings.Default),
        Tls = new UpstreamTlsSettings { ServerName = "a", Client = new Transport.Tls.TlsClientSettings { ApplicationProtocols = ["h2"] } },
    };

    private static TunnelPoolSettings Tunnel() => new()
    {
        Servers = [Destination.Of(IPAddress.Parse("10.0.0.3"), 4000)],
        Native = new NativeClientSettings { Key = Key("alice", 7) },
    };

    private static ServerSettings Server() => new()
    {
        Listen = [IPEndPoint.Parse("10.0.0.2:4000")],
        Chains = [Chains(7)],
        Destinations = Destinations("10.0.0.0/8", "10.1.0.0/16"),
        Native = new NativeServerSettings { Keys = new KeyRing([Key("alice", 7)]), ResetSecret = Secret(9) },
        Principals = Principals(3),
    };

    private static ChainServerSettings Chains(byte key) => new() { Listen = IPEndPoint.Parse("10.0.0.2:5000"), Keys = [Key("alice", key)] };

    private static ChainSetSettings Set(string name, byte key) => new()
    {
        Name = name,
        Chains = [new ChainSettings { Name = "one", Hops = [new ChainHop(Destination.Of(IPAddress.Parse("10.0.0.9"), 5000), Key("hop", key))] }],
        Choice = new ChainChoiceSettings(),
    };

    private static Dictionary<string, PrincipalSettings> Principals(int streams) =>
        new() { ["alice"] = new PrincipalSettings { Quota = new QuotaSettings { MaximumStreams = streams }, Destinations = Destinations("10.3.0.0/16", "10.3.1.0/24") } };

    private static DestinationRules Destinations(string allowed, string denied) => new([Rule(allowed)], [Rule(denied)]);

    private static DestinationRule Rule(string text) =>
        DestinationRule.TryParse(text, out var rule, out var error) ? rule : throw new ArgumentException(error, nameof(text));

    private static AccessRules Rules(string network) => new(
        [new AccessRule("some", AccessAction.Deny, Networks(network), new Schedule(Weekdays.All, null, new DateOnly(2026, 1, 1), null, TimeZoneInfo.Utc))]);

    private static CidrSet Networks(string network) => new CidrSetBuilder().Add(network, "test", 1).Build();

    private static HttpCheck Check(string path) => HttpCheck.TryCreate("GET", path, "localhost", HttpStatusSet.Default, out var check, out var error)
        ? check
        : throw new ArgumentException(error, nameof(path));

    private static PresharedKey Key(string name, byte value) => new(name, Enumerable.Repeat(value, PresharedKey.Bytes).ToArray());

    private static SecretBytes Secret(byte value) => new(Enumerable.Repeat(value, TunnelIds.SecretBytesLength).ToArray());

    private sealed class NoSink : IAccessLogSink
    {
        public void Write(AccessLogEntry entry)
        {
            // Nobody reads it.
        }
    }
}

using System.Net;
using Proxy.Actors;
using Proxy.Policy.Health;
using Proxy.Policy.Rules;

namespace Proxy.Node.Tests.Settings;

/// <summary>What settings mean to the node.</summary>
public sealed class MeaningTests : IDisposable
{
    private readonly SettingsText _texts = new();

    public void Dispose() => _texts.Dispose();

    [Fact]
    public void A_frontend_has_everything_that_the_command_line_can_give_it()
    {
        var frontend = Assert.Single(_texts.Load("""
            tcpproxy {
              upstreams { web { servers = ["127.0.0.1:80"] }, api { servers = ["127.0.0.1:81"] } }
              frontends {
                web {
                  listen = "tcp://[::1]:8443", upstream = web, retries = 2
                  limits {
                    connections = 100, per-ip = 10, per-prefix { connections = 20, v4 = 16, v6 = 48 }, accepts = 1000/s, burst = 7
                    queue { connections = 5, timeout = 2s }
                    bandwidth = 10MiB/s, bandwidth-down = 8Mbit/s, connection-bandwidth = 1kB/s
                  }
                  rules = [
                    { deny = any, days = [sat, sun] }
                    { allow = ["10.0.0.0/8", "!10.1.0.0/16"], hours = "08:00-18:00", from = 2026-01-01, to = 2026-12-31, zone = UTC }
                  ]
                  timeouts { header = 1s, connect = 2s, idle = 0, half-close = 4s, lifetime = 5s }
                  proxy-protocol { in = on, trusted = ["192.0.2.0/24"], out = v2 }
                  filters = [{ match = [a, "b,c\\x00"], action = cut, direction = up }, { throttle = 1MB/s, burst = 64KiB }, { cut = [10MiB, 30s] }]
                  routes = [{ names = ["*.Example.org", "example.org"], upstream = api }]
                }
              }
            }
            """).Node.Frontends);

        Assert.Equal(("web", new IPEndPoint(IPAddress.IPv6Loopback, 8443), 2), (frontend.Name, frontend.Listen, frontend.MaximumRetries));
        var target = Assert.IsType<UpstreamTarget>(frontend.To);
        Assert.Equal("web", target.Upstream);
        Assert.Equal([new ServerNameRoute("*.example.org", "api"), new ServerNameRoute("example.org", "api")], target.Routes);
        Assert.Equal(
            new Proxy.Policy.Limits.AdmissionSettings
            {
                MaximumConnections = 100,
                MaximumConnectionsPerSource = 10,
                MaximumConnectionsPerPrefix = 20,
                IPv4PrefixLength = 16,
                IPv6PrefixLength = 48,
                AcceptsPerSecond = 1000,
                AcceptBurst = 7,
                MaximumQueued = 5,
                QueueDeadlineMicroseconds = 2_000_000,
            },
            frontend.Limits);
        Assert.Equal(
            new BandwidthSettings { FrontendUp = 10 << 20, FrontendDown = 1_000_000, ConnectionUp = 1000, ConnectionDown = 1000 }, frontend.Bandwidth);
        Assert.Equal(
            ["deny any days=sat,sun", "allow 10.0.0.0/8 !10.1.0.0/16 hours=08:00-18:00 from=2026-01-01 to=2026-12-31 zone=UTC"],
            frontend.Rules.Rules.Select(rule => rule.Name));
        Assert.Null(frontend.Rules.Rules[0].Networks);
        Assert.False(frontend.Rules.Rules[1].Networks!.Contains(IPAddress.Parse("10.1.2.3")));
        Assert.Equal(AccessAction.Deny, frontend.Rules.Default);
        Assert.Equal(
            new ConnectionTimeouts
            {
                Header = TimeSpan.FromSeconds(1),
                Connect = TimeSpan.FromSeconds(2),
                Idle = TimeSpan.Zero,
                HalfClose = TimeSpan.FromSeconds(4),
                Lifetime = TimeSpan.FromSeconds(5),
            },
            frontend.Timeouts);
        Assert.True(frontend.ProxyProtocol.TrustedSenders!.Contains(IPAddress.Parse("192.0.2.1")));
        Assert.Equal(ProxyHeaderVersion.V2, frontend.ProxyProtocol.Out);
        Assert.Equal(3, frontend.Filters.Count);
    }

    [Fact]
    public void An_upstream_has_everything_that_the_command_line_can_give_it()
    {
        var upstream = Assert.Single(_texts.Load("""
            tcpproxy {
              upstreams {
                web {
                  servers = ["10.0.0.1:80", "example.org:81,weight=2", { address = "[::1]:82", weight = 3, backup = on, connections = 4, check-port = 5 }]
                  balance = least-connections, slow-start = 30s
                  health { type = http, interval = 3s, timeout = 2s, up = 4, down = 5, on-down = end-sessions, http { path = "/health", method = HEAD, host = h, statuses = "200,204" } }
                  eject { failures = 7, window = 20s, for = 1m, max = 25% }
                  queue { connections = 9, timeout = 8s }
                  tls { enabled = on, name = "a.example", alpn = [h2], insecure = on }
                }
              }
              frontends { web { listen = "tcp://127.0.0.1:0", upstream = web } }
            }
            """).Node.Upstreams);

        Assert.Equal([(null, 80, 1), ("example.org", 81, 2), (null, 82, 3)], upstream.Targets.Select(server => (server.Name, server.Port, server.Weight)));
        var last = upstream.Targets[2];
        Assert.Equal((true, 4, 5), (last.IsBackup, last.MaximumConnections, last.CheckPort));
        Assert.Equal(("least-connections", TimeSpan.FromSeconds(30), true), (upstream.Balance, upstream.SlowStart, upstream.EndsSessionsOnDown));
        Assert.Equal("200,204", Assert.IsType<HttpCheck>(upstream.Check!.Kind).Expected.Text);
        Assert.Equal((TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(2), 4, 5), (upstream.Check.Times.Interval, upstream.Check.Times.Timeout, upstream.Check.Times.Up, upstream.Check.Times.Down));
        Assert.Equal(
            new EjectionSettings
            {
                ConsecutiveFailures = 7,
                Window = TimeSpan.FromSeconds(20),
                BaseTime = TimeSpan.FromMinutes(1),
                MaximumTime = TimeSpan.FromMinutes(10),
                MaximumPercent = 25,
            },
            upstream.Ejection);
        Assert.Equal((9, TimeSpan.FromSeconds(8)), (upstream.Queue.MaximumWaiting, upstream.Queue.Timeout));
        Assert.Equal(("a.example", true), (upstream.Tls!.ServerName, upstream.Tls.Client.IsUnverified));
        Assert.Equal(["h2"], upstream.Tls.Client.ApplicationProtocols);
    }

    [Fact]
    public void A_server_and_its_principals_have_everything_that_the_command_line_can_give_them()
    {
        _texts.Key("own.key", 1);
        _texts.Key("alice.key", 2);
        var server = Assert.Single(_texts.Load("""
            tcpproxy {
              key.file = "own.key"
              principals { alice { key.file = "alice.key", destinations { deny = ["10.9.0.0/16"] }, limits.connections = 3 } }
              servers {
                main {
                  listen = ["kcp://127.0.0.1:4000", "tcp://127.0.0.1:4001"]
                  destinations { allow = ["10.0.0.0/8:443", "*.example.org"], deny = ["10.0.0.1"] }
                  kcp { lanes = 3, mtu = 1300, rate = 1MB/s }
                  to = "10.0.0.5:80", proxy-protocol.out = v1, limits.tunnels = 6, timeouts.connect = 9s
                }
              }
            }
            """).Node.Servers);

        Assert.Equal(("main", 1, 1, 0), (server.Name, server.Listen.Count, server.ListenTcp.Count, server.ListenTls.Count));
        Assert.Equal(["default", "alice"], server.Native!.Keys.Keys.Select(key => key.Name));
        Assert.Equal((3, 1300, 1_000_000.0), (server.Native.Tunnel.UserLanes, server.Native.Tunnel.MaximumDatagramBytes, server.Native.Tunnel.FixedBytesPerSecond));
        Assert.Equal(("10.0.0.5:80", ProxyHeaderVersion.V1, 6), ($"{server.FixedTarget}", server.ProxyProtocolOut, server.MaximumTunnels));
        Assert.Equal(TimeSpan.FromSeconds(9), server.Timeouts.Connect);
        Assert.Equal(3, server.Principals["alice"].Quota.MaximumStreams);
        Assert.Equal((true, false, false), (Allows(null, "10.9.0.1"), Allows(null, "10.0.0.1"), Allows("alice", "10.9.0.1")));
        Assert.True(Allows("alice", "10.0.0.2"));

        bool Allows(string? principal, string address) => server.DestinationsOf(principal).Allows(null, IPAddress.Parse(address), 443);
    }

    [Fact]
    public void A_tunnel_has_the_nodes_key_or_one_of_its_own_and_a_frontend_names_it()
    {
        _texts.Key("own.key", 1);
        _texts.Key("other.key", 2);
        var node = _texts.Load("""
            tcpproxy {
              key.file = "own.key"
              tunnels {
                main { servers = ["kcp://proxy.example:4000,tls://proxy.example:443", "kcp://other.example:4000"], connections = 2, renew-after = 1d, kcp.fec = 20/2, limits.waiting = 5 }
                other { servers = "kcp://127.0.0.1:4000", key.file = "other.key" }
                plain { servers = "kcp://127.0.0.1:4000", dialect = vproxy }
              }
              frontends { a { listen = "tcp://127.0.0.1:0", tunnel = main, to = "10.0.0.5:80", pass-source = on }, b { listen = "tcp://127.0.0.1:0", tunnel = plain, to = "-" } }
            }
            """).Node;

        Assert.Equal(["kcp://proxy.example:4000,tls://proxy.example:443", "kcp://other.example:4000"], node.Tunnels[0].Servers.Select(server => $"{server}"));
        Assert.Equal((2, 5, TimeSpan.FromDays(1)), (node.Tunnels[0].Connections, node.Tunnels[0].MaximumWaiting, node.Tunnels[0].RenewAfter));
        var tunnel = node.Tunnels[0].Native!.Tunnel;
        Assert.Equal((Proxy.Tunnel.Native.FecMode.Fixed, 20, 2), (tunnel.Fec, tunnel.FecMembers, tunnel.FecShards));
        Assert.False(node.Tunnels[0].Native!.Key.Id.SequenceEqual(node.Tunnels[1].Native!.Key.Id));
        Assert.Null(node.Tunnels[2].Native);
        var target = Assert.IsType<TunnelTarget>(node.Frontends[0].To);
        Assert.Equal(("main", "10.0.0.5:80", true), (target.Tunnel, $"{target.Destination}", target.TellsSource));
        Assert.Null(Assert.IsType<TunnelTarget>(node.Frontends[1].To).Destination);
    }

    [Fact]
    public void Chains_are_sets_by_name_or_the_hops_of_a_frontend()
    {
        _texts.Key("own.key", 1);
        _texts.Key("hop.key", 2);
        var node = _texts.Load("""
            tcpproxy {
              key.file = "own.key"
              servers { s { listen = ["chain://127.0.0.1:4100", "chain://127.0.0.1:4101?key-file=bob=hop.key"] } }
              tunnels { main { servers = "kcp://127.0.0.1:4000" } }
              chains {
                far {
                  interval = 5s, advantage = 20%, confirmations = 2, retry { first = 2s, longest = 9s }
                  paths { a { tunnel = main, via = ["chain://127.0.0.1:1"], weight = 3 }, b { via = ["chain://hop.example:2?key-file=hop.key"] } }
                }
              }
              frontends {
                one { listen = "tcp://127.0.0.1:0", chain = far, to = "10.0.0.5:80", pass-source = on }
                two { listen = "tcp://127.0.0.1:0", tunnel = main, via = ["chain://127.0.0.1:3"], to = "10.0.0.5:81" }
              }
            }
            """).Node;

        Assert.Equal([["default"], ["bob"]], node.Servers[0].Chains.Select(chain => chain.Keys.Select(key => key.Name)));
        Assert.Null(node.Servers[0].Native);
        var far = node.ChainSets[0];
        Assert.Equal(
            new Proxy.Policy.Chains.ChainChoiceSettings
            {
                Interval = TimeSpan.FromSeconds(5),
                Advantage = 1.2,
                Confirmations = 2,
                FirstRetry = TimeSpan.FromSeconds(2),
                LongestRetry = TimeSpan.FromSeconds(9),
            },
            far.Choice);
        Assert.Equal([("a", "main", 3), ("b", null, 1)], far.Chains.Select(chain => (chain.Name, chain.Tunnel, chain.Weight)));
        Assert.Equal(["chain://127.0.0.1:1", "chain://hop.example:2"], far.Chains.SelectMany(chain => chain.Hops).Select(hop => $"{hop}"));
        Assert.Equal(("far", true), Assert.IsType<ChainTarget>(node.Frontends[0].To) is var one ? (one.ChainSet, one.TellsSource) : default);
        var own = node.ChainSets.Single(set => set.Name == Assert.IsType<ChainTarget>(node.Frontends[1].To).ChainSet);
        Assert.Equal(("main", "chain://127.0.0.1:3"), (Assert.Single(own.Chains).Tunnel, $"{own.Chains[0].Hops[0]}"));
    }

    [Fact]
    public void A_chain_needs_a_hop_and_its_tunnel_has_to_be_there()
    {
        var errors = _texts.Errors("""
            tcpproxy {
              chains { a {}, b { paths { x {}, y { tunnel = nix } } } }
              frontends.f { listen = "tcp://127.0.0.1:0", chain = a, to = "10.0.0.5:80" }
            }
            """);

        Assert.Equal(
            [
                "test.conf:2:14: tcpproxy.chains.a: a set of no chains (paths { NAME { via = [\"chain://HOST:PORT\"] } })",
                "test.conf:2:32: tcpproxy.chains.b.paths.x: a chain to nowhere (tunnel = NAME, or via = [\"chain://HOST:PORT\"], or both)",
                "test.conf:2:49: tcpproxy.chains.b.paths.y.tunnel: there is no tunnel 'nix' (tunnels { nix { … } } makes one)",
            ],
            errors);
    }

    [Fact]
    public void The_process_has_everything_that_the_command_line_can_give_it()
    {
        var (node, host) = _texts.Load("""
            tcpproxy {
              node { name = n, drain = 3s, limits.connections = 50 }
              log { level = warning, format = json, access { file = "access.log", format = json, events = [end], interval = 5s } }
              admin.listen = "127.0.0.1:1"
              upstreams.web.servers = ["127.0.0.1:80"]
              frontends.web { listen = "tcp://127.0.0.1:0", upstream = web }
            }
            """);

        Assert.Equal(("n", 50), (node.Name, node.MaximumConnections));
        Assert.Equal((new IPEndPoint(IPAddress.Loopback, 1), true, TimeSpan.FromSeconds(3)), (host.Admin, host.IsAdminAsked, host.Drain));
        Assert.Equal((Proxy.Kernel.Event.LogLevel.Warning, true), (host.LogLevel, host.IsLogJson));
        Assert.Equal((AccessLogEvents.End, TimeSpan.FromSeconds(5)), (host.AccessLog!.Events, host.AccessLog.Interval));
        Assert.Equal(Path.GetDirectoryName(_texts.File("x", "")), Path.GetDirectoryName(host.AccessLog.Path));
    }

    [Fact]
    public void The_unsealed_dialect_keeps_to_this_machine_unless_it_is_told_otherwise()
    {
        const string Text = "tcpproxy { servers { s { listen = \"kcp://0.0.0.0:0\", dialect = vproxy } } }";

        Assert.Contains("neither sealed nor authenticated", Assert.Single(_texts.Errors(Text)));
        Assert.Null(Assert.Single(_texts.Load(Text, "servers.s.insecure=on").Node.Servers).Native);
    }

    [Fact]
    public void A_key_that_others_can_read_or_that_two_have_is_refused()
    {
        var path = _texts.Key("own.key", 1);
        _texts.Key("same.key", 1);
        const string Text = "tcpproxy { key.file = \"own.key\", principals { bob { key.file = \"same.key\" } }, servers { s { listen = \"kcp://127.0.0.1:0\" } } }";

        Assert.Contains("its key is that of the node itself", Assert.Single(_texts.Errors(Text)));
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.OtherRead);
            Assert.Contains(_texts.Errors(Text), error => error.StartsWith("test.conf:1:23: tcpproxy.key.file: ", StringComparison.Ordinal) && error.Contains("open to others"));
        }
    }

    [Fact]
    public void A_list_of_networks_is_read_from_a_file_beside_the_configuration_and_its_errors_are_those_of_its_lines()
    {
        _texts.File("blocked.txt", "10.0.0.0/8 # all\n\n192.0.2.0/24\n");
        const string Text = "tcpproxy { upstreams.w.servers = \"127.0.0.1:1\", frontends.a { listen = \"tcp://127.0.0.1:0\", upstream = w, rules = [{ deny = [], files = [\"blocked.txt\"] }] } }";

        Assert.True(_texts.Load(Text).Node.Frontends[0].Rules.Rules[0].Networks!.Contains(IPAddress.Parse("192.0.2.7")));

        _texts.File("blocked.txt", "10.0.0.0/8\nnonsense\n");
        Assert.Contains("blocked.txt:2: 'nonsense' is neither", Assert.Single(_texts.Errors(Text)));
    }
}

namespace Proxy.Node.Tests.Settings;

/// <summary>Whatever is wrong with a configuration is told at once, each with its place, its path and what to do.</summary>
public sealed class ErrorTests : IDisposable
{
    private const string Upstreams = "upstreams { web { servers = [\"127.0.0.1:80\"] } }";

    private readonly SettingsText _texts = new();

    public void Dispose() => _texts.Dispose();

    [Theory]
    [InlineData("halfclose", "timeouts { halfclose = 3s }", "4:24: tcpproxy.frontends.web.timeouts.halfclose: there is no setting 'halfclose' here (is 'half-close' meant?)")]
    [InlineData("half_close", "timeouts { half_close = 3s }", "4:25: tcpproxy.frontends.web.timeouts.half_close: there is no setting 'half_close' here (is 'half-close' meant?)")]
    [InlineData("limts", "limts { connections = 3 }", "4:7: tcpproxy.frontends.web.limts: there is no setting 'limts' here (is 'limits' meant?)")]
    [InlineData("null", "limts = null", "4:9: tcpproxy.frontends.web.limts: there is no setting 'limts' here (is 'limits' meant?)")]
    [InlineData("type", "timeouts { idle = often }", "4:19: tcpproxy.frontends.web.timeouts.idle: 'often' cannot be read: 'often' is no unit here; "
        + "write it as 30s, 500ms, 1h (ns, us, ms, s, m, h, d)")]
    [InlineData("object", "timeouts = 3s", "4:12: tcpproxy.frontends.web.timeouts: an object is expected ({ … })")]
    [InlineData("no default", "timeouts { idle = null }", "4:19: tcpproxy.frontends.web.timeouts.idle: it is null, which counts as not set (give it a value, or remove it)")]
    [InlineData("range", "limits { connections = -1 }", "4:24: tcpproxy.frontends.web.limits.connections: '-1' is out of range (a whole number from 0 to 2147483647 is expected)")]
    [InlineData("fraction", "limits { connections = 0.5 }", "4:24: tcpproxy.frontends.web.limits.connections: '0.5' is out of range (a whole number from 0 to 2147483647 is expected)")]
    [InlineData("duration", "timeouts { connect = 0 }", "4:22: tcpproxy.frontends.web.timeouts.connect: a duration above 0 is expected")]
    [InlineData("negative", "timeouts { idle = -1s }", "4:19: tcpproxy.frontends.web.timeouts.idle: a duration from 0 to 365d is expected")]
    [InlineData("switch", "pass-source = maybe", "4:15: tcpproxy.frontends.web.pass-source: true or false is expected, not the string 'maybe'")]
    [InlineData("word", "proxy-protocol { out = v3 }", "4:24: tcpproxy.frontends.web.proxy-protocol.out: 'v3' is not possible (is 'v1' meant?)")]
    [InlineData("rate", "limits { bandwidth = 10 }", "4:22: tcpproxy.frontends.web.limits.bandwidth: '10' is no rate (500KB/s, 10MiB/s and 8Mbit/s are, from 1 B/s to 1000 GB/s, and 0 for no limit)")]
    [InlineData("frequency", "limits { accepts = 10 }", "4:20: tcpproxy.frontends.web.limits.accepts: '10' is no frequency (N/s is expected, up to 1000000/s, or 0 for no limit)")]
    [InlineData("network", "rules = [{ deny = [\"10.0.0.1/8\"] }]", "4:20: tcpproxy.frontends.web.rules.0.deny.0: '10.0.0.1/8' has bits set behind its prefix; the network is 10.0.0.0/8")]
    [InlineData("rule", "rules = [{ days = [mon] }]", "4:10: tcpproxy.frontends.web.rules.0: a rule that neither allows nor denies (set one of allow and deny, to networks or to any)")]
    [InlineData("filter", "filters = [{ cut = soon }]", "4:12: tcpproxy.frontends.web.filters.0: 'cut=soon': 'soon' is neither a size, such as 1000 or 10MiB, nor a time above 0, such as 500ms, 30s, 5m or 1h")]
    [InlineData("authority", "tls { client-ca = \"ca.pem\" }", "4:19: tcpproxy.frontends.web.tls.client-ca: tls.client-ca has no effect: TLS does not end here (set tls.certificates)")]
    [InlineData("route", "routes = [{ names = [\"*\"], upstream = web }]", "4:22: tcpproxy.frontends.web.routes.0.names.0: a name of its own is expected (example.org, or *.example.org for all below it; each once)")]
    public void A_wrong_setting_is_named_with_its_place_and_what_to_do(string what, string setting, string expected)
    {
        var errors = _texts.Errors($"tcpproxy {{\n{Upstreams}\nfrontends {{ web {{ listen = \"tcp://127.0.0.1:0\", upstream = web\n{setting}\n}} }} }}");

        Assert.True(errors.SequenceEqual(["test.conf:" + expected]), $"{what}:\n{string.Join('\n', errors)}");
    }

    [Theory]
    [InlineData("upstream = wep", "2:50: tcpproxy.frontends.a.upstream: there is no upstream 'wep' (is 'web' meant?)")]
    [InlineData("upstream = web, tunnel = web", "2:64: tcpproxy.frontends.a.tunnel: it goes to upstream and tunnel (set one of them)")]
    [InlineData("tunnel = main, to = \"a:1\"", "2:48: tcpproxy.frontends.a.tunnel: there is no tunnel 'main' (tunnels { main { … } } makes one)")]
    [InlineData("tunnel = main", "2:15: tcpproxy.frontends.a: it goes through a tunnel or a chain, and nobody says where to (to = \"HOST:PORT\", or to = \"-\" where a tunnel's server has a target of its own)")]
    [InlineData("to = \"a:1\"", "2:44: tcpproxy.frontends.a.to: 'to' is for the far end of a tunnel or of a chain, and there is none (set tunnel or via, or give servers of your own a name: upstream = NAME)")]
    [InlineData("chain = far, to = \"a:1\"", "2:47: tcpproxy.frontends.a.chain: there is no chain 'far' (chains { far { … } } makes one)")]
    [InlineData("upstream = web, via = [\"chain://127.0.0.1:1\"]", "2:61: tcpproxy.frontends.a.via: via is for what goes through a tunnel, or for itself, and this goes to upstream (remove one of them)")]
    [InlineData("via = [\"chain://127.0.0.1:1\"], to = \"-\"", "2:75: tcpproxy.frontends.a.to: to = '-': HOST:PORT is expected (such as \"example.org:80\" or \"[2001:db8::1]:80\")")]
    [InlineData("via = [\"chain://192.0.2.1:1\"], to = \"a:1\"", "2:45: tcpproxy.frontends.a.via: chain://192.0.2.1:1: without a key a chain's headers are open, and 192.0.2.1 is not loopback: "
        + "anybody could use it, and anybody on the way could read where it leads (name its key, ?key-file=FILE behind the address, or set insecure = on if that is meant)")]
    [InlineData("via = [\"kcp://127.0.0.1:1\"], to = \"a:1\"", "2:46: tcpproxy.frontends.a.via.0: 'kcp://127.0.0.1:1': chain://HOST:PORT or chain://HOST:PORT?key-file=FILE is expected")]
    [InlineData("retries = 1", "2:15: tcpproxy.frontends.a: it goes nowhere (set upstream = NAME, or tunnel = NAME with to = \"HOST:PORT\")")]
    public void What_does_not_go_together_is_named(string target, string expected)
    {
        var errors = _texts.Errors($"tcpproxy {{ {Upstreams}\nfrontends {{ a {{ listen = \"tcp://*:0\", {target} }} }} }}");

        Assert.Equal(["test.conf:" + expected], errors);
    }

    [Fact]
    public void All_errors_of_a_file_are_told_in_its_order()
    {
        var errors = _texts.Errors("""
            frontends {}
            tcpproxy {
              node { drian = 3s }
              upstreams { web { servers = ["127.0.0.1:9", { adress = "x:1" }], balance = fist } }
              frontends {
                a { listen = "tcp://127.0.0.1:8080", upstream = web }
                b { listen = "tcp://0.0.0.0:8080", upstream = wep }
              }
              servers { s {} }
              servers { t { listen = "kcp://127.0.0.1:0" } }
            }
            """);

        Assert.Equal(
            [
                "test.conf:1:11: frontends: 'frontends' stands outside of tcpproxy (everything lies inside tcpproxy { … })",
                "test.conf:3:18: tcpproxy.node.drian: there is no setting 'drian' here (is 'drain' meant?)",
                "test.conf:4:47: tcpproxy.upstreams.web.servers.1: a server without its address (address = \"HOST:PORT\")",
                "test.conf:4:58: tcpproxy.upstreams.web.servers.1.adress: there is no setting 'adress' here (is 'address' meant?)",
                "test.conf:4:78: tcpproxy.upstreams.web.balance: 'fist' is not possible (is 'first' meant?)",
                "test.conf:6:18: tcpproxy.frontends.a.listen: 127.0.0.1:8080 is taken by frontends.b, which listens at 0.0.0.0:8080 (give it another port or address)",
                "test.conf:7:51: tcpproxy.frontends.b.upstream: there is no upstream 'wep' (is 'web' meant?)",
                "test.conf:9:15: tcpproxy.servers.s: a server that listens nowhere (listen = \"kcp://HOST:PORT\")",
                "test.conf:10:15: tcpproxy.servers.t: a sealed tunnel needs a key, the same at client and server ('tcpproxy keygen --out FILE' makes one, "
                    + "key { file = \"FILE\" } uses it; dialect = vproxy does without, and protects nothing)",
            ],
            errors);
    }

    [Fact]
    public void A_rule_that_an_earlier_one_covers_is_an_error_at_its_own_place()
    {
        var error = Assert.Single(_texts.Errors($$"""
            tcpproxy { {{Upstreams}}
            frontends { a { listen = "tcp://127.0.0.1:0", upstream = web, rules = [
              { deny = ["10.0.0.0/8"] },
              { allow = ["10.1.0.0/16"] } ] } } }
            """));

        Assert.StartsWith("test.conf:4:3: tcpproxy.frontends.a.rules.1: this rule never decides anything: ", error);
        Assert.Contains("('deny 10.0.0.0/8') matches all that it matches", error);
    }

    [Fact]
    public void A_limit_above_what_the_descriptors_carry_is_an_error()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the limit of descriptors is known on Linux only");

        var error = Assert.Single(_texts.Errors(
            $"tcpproxy {{ {Upstreams}, frontends {{ a {{ listen = \"tcp://127.0.0.1:0\", upstream = web, limits {{ connections = 2147483646 }} }} }} }}"));

        Assert.Contains("tcpproxy.frontends.a.limits.connections: 2147483646 connections were asked for, and the limit of", error);
    }

    [Fact]
    public void Two_listeners_share_a_port_only_where_addresses_or_protocols_differ()
    {
        _texts.Environment["TCPPROXY_KEY"] = Convert.ToBase64String(new byte[32]);
        var text = $$"""
            tcpproxy { {{Upstreams}}
              servers { s { listen = "kcp://127.0.0.1:8080" } }
              frontends { a { listen = "tcp://127.0.0.1:8080", upstream = web }, b { listen = "tcp://127.0.0.2:8080", upstream = web } } }
            """;

        Assert.NotNull(_texts.Load(text));
        Assert.Single(_texts.Errors(text, "admin.listen=127.0.0.2:8080"));
        Assert.Single(_texts.Errors(text, "servers.s.listen=tcp://127.0.0.1:8080"));
    }

    [Fact]
    public void The_first_hundred_errors_are_shown_and_all_are_counted()
    {
        var wrong = string.Join('\n', Enumerable.Range(0, 250).Select(index => $"x{index} = 1"));
        var result = _texts.Read($"tcpproxy {{ node {{ {wrong} }} }}");

        Assert.Equal((100, 251), (result.Errors.Count, result.ErrorCount));
        Assert.EndsWith("251 errors, of which the first 100 are shown", result.Describe());
    }

    [Fact]
    public void What_is_set_in_the_environment_or_by_an_argument_is_named_so()
    {
        _texts.Environment["TCPPROXY__node__drain"] = "soon";

        Assert.Equal(
            [
                "environment variable TCPPROXY__node__drain: tcpproxy.node.drain: 'soon' cannot be read: 'soon' is no unit here; write it as 30s, 500ms, 1h (ns, us, ms, s, m, h, d)",
                "--set node.nam=x: tcpproxy.node.nam: there is no setting 'nam' here (is 'name' meant?)",
            ],
            _texts.Errors($"tcpproxy {{ {Upstreams}, frontends {{ a {{ listen = \"tcp://127.0.0.1:0\", upstream = web }} }} }}", "node.nam=x").Order(StringComparer.Ordinal).Reverse());
    }
}

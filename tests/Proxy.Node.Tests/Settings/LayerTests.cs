namespace Proxy.Node.Tests.Settings;

/// <summary>Which layer wins, and what entries take over from the defaults.</summary>
public sealed class LayerTests : IDisposable
{
    private const string Base = "tcpproxy { upstreams { web { servers = [\"127.0.0.1:80\"] } }, frontends { web { listen = \"tcp://127.0.0.1:0\", upstream = web } } }";

    private readonly SettingsText _texts = new();

    public void Dispose() => _texts.Dispose();

    [Fact]
    public void A_later_file_beats_an_earlier_one_the_environment_beats_files_and_an_argument_beats_all()
    {
        string[] files =
        [
            _texts.File("one.conf", Base + "\ntcpproxy.frontends.web.timeouts { idle = 1m, connect = 1s, half-close = 1s, lifetime = 1s }"),
            _texts.File("two.conf", "tcpproxy.frontends.web.timeouts { connect = 2s, half-close = 2s, lifetime = 2s }"),
        ];
        _texts.Environment["TCPPROXY__frontends__web__timeouts__half_close"] = "3s";
        _texts.Environment["TCPPROXY__frontends__web__timeouts__lifetime"] = "3s";

        var result = _texts.ReadFiles(files, "frontends.web.timeouts.lifetime=4s");

        var timeouts = result.Settings!.Node.Frontends[0].Timeouts;
        Assert.Equal(
            [TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(5)],
            [timeouts.Idle, timeouts.Connect, timeouts.HalfClose, timeouts.Lifetime, timeouts.Header]);
        Assert.Equal(files, result.Files);
    }

    [Fact]
    public void What_the_defaults_say_holds_for_each_entry_that_says_nothing_else()
    {
        var node = _texts.Load("""
            tcpproxy {
              defaults {
                frontend { timeouts { idle = 7m, connect = 7s }, limits { per-ip = 70, bandwidth = 1MB/s }, rules = [{ deny = ["10.0.0.0/8"] }] }
                upstream { balance = first, health { type = tcp }, eject { failures = 0 } }
              }
              upstreams { a { servers = ["127.0.0.1:80"] }, b { servers = ["127.0.0.1:80"], balance = source, health { type = off } } }
              frontends {
                a { listen = "tcp://127.0.0.1:0", upstream = a }
                b { listen = "tcp://127.0.0.1:0", upstream = b, timeouts { idle = 1m }, limits { per-ip = 0, bandwidth-up = 5kB/s }, rules = [] }
              }
            }
            """).Node;

        Assert.Equal(["first", "source"], node.Upstreams.Select(upstream => upstream.Balance));
        Assert.Equal([true, false], node.Upstreams.Select(upstream => upstream.Check is not null));
        Assert.All(node.Upstreams, upstream => Assert.Null(upstream.Ejection));
        Assert.Equal([7, 1], node.Frontends.Select(frontend => (int)frontend.Timeouts.Idle.TotalMinutes));
        Assert.All(node.Frontends, frontend => Assert.Equal(TimeSpan.FromSeconds(7), frontend.Timeouts.Connect));
        Assert.Equal([70, int.MaxValue], node.Frontends.Select(frontend => frontend.Limits.MaximumConnectionsPerSource));
        Assert.Equal([(1_000_000, 1_000_000), (5_000, 1_000_000)], node.Frontends.Select(frontend => (frontend.Bandwidth.FrontendUp, frontend.Bandwidth.FrontendDown)));
        Assert.Equal([1, 0], node.Frontends.Select(frontend => frontend.Rules.Rules.Count));
    }

    [Fact]
    public void Null_removes_an_entry_and_what_an_entry_would_take_over()
    {
        var node = _texts.Load(
            Base + "\ntcpproxy { defaults.upstream.tls { enabled = on, name = \"example.org\" }, upstreams { web.tls.name = null }, frontends { other { listen = \"tcp://127.0.0.1:1\" } } }",
            "frontends.other=null").Node;

        Assert.Null(node.Upstreams[0].Tls!.ServerName);
        Assert.Equal("web", Assert.Single(node.Frontends).Name);
    }

    [Fact]
    public void What_lies_beside_the_scope_is_the_users_own_to_refer_to()
    {
        var node = _texts.Load("common { timeouts { idle = 9m } }\n" + Base + "\ntcpproxy.frontends.web = ${common}").Node;

        Assert.Equal(TimeSpan.FromMinutes(9), node.Frontends[0].Timeouts.Idle);
    }

    [Fact]
    public void The_admin_address_was_asked_for_where_anybody_but_the_list_of_defaults_says_it()
    {
        Assert.False(_texts.Load(Base).Host.IsAdminAsked);
        Assert.True(_texts.Load(Base, "admin.listen=127.0.0.1:9900").Host.IsAdminAsked);
    }

    [Fact]
    public void A_file_that_is_missing_or_no_HOCON_is_told_with_its_name()
    {
        Assert.StartsWith("test.conf:1:16: tcpproxy.a: ", Assert.Single(_texts.Errors("tcpproxy { a = :1 }")));
        Assert.Contains("nowhere.conf", Assert.Single(_texts.ReadFiles(["/nowhere.conf"]).Errors).ToString());
    }

    [Fact]
    public void The_settings_can_be_read_again_and_say_what_the_files_say_by_then()
    {
        var source = new Proxy.Node.Settings.SettingsSource { Files = [_texts.File("live.conf", Base)], Environment = _texts.Environment, IsCheckOnly = true };
        Assert.Equal(TimeSpan.FromHours(1), source.Read().Settings!.Node.Frontends[0].Timeouts.Idle);

        _texts.File("live.conf", Base + "\ntcpproxy.frontends.web.timeouts.idle = 2m");
        Assert.Equal(TimeSpan.FromMinutes(2), source.Read().Settings!.Node.Frontends[0].Timeouts.Idle);

        _texts.File("live.conf", Base + "\ntcpproxy.frontends.web.timeouts.idel = 2m");
        Assert.Null(source.Read().Settings);
    }
}

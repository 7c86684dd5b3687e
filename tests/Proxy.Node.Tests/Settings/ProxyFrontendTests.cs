using Proxy.Actors;
using Proxy.Node.Settings;

namespace Proxy.Node.Tests.Settings;

/// <summary>Frontends whose clients say where they want to go.</summary>
public sealed class ProxyFrontendTests : IDisposable
{
    private readonly SettingsText _texts = new();

    public void Dispose() => _texts.Dispose();

    [Fact]
    public void A_frontend_speaks_what_its_address_begins_with()
    {
        _texts.Key("key", 1);
        WriteUsers("alice:secret\n");
        var frontends = _texts.Load("""
            tcpproxy {
              key.file = key
              tunnels.main.servers = ["kcp://127.0.0.1:4000"]
              frontends {
                a { listen = "socks5://127.0.0.1:0", tunnel = main, pass-source = on }
                b { listen = "http://127.0.0.1:0", via = ["chain://127.0.0.1:1"], http-via = edge-1 }
                c { listen = "mixed://127.0.0.1:0", tunnel = main, proxy-users = users }
                d { listen = "tcp://127.0.0.1:0", tunnel = main, to = "10.0.0.5:80" }
              }
            }
            """).Node.Frontends;

        Assert.Equal([ForwardProtocols.Socks, ForwardProtocols.Http, ForwardProtocols.Socks | ForwardProtocols.Http, null], frontends.Select(frontend => frontend.Proxy?.Protocols));
        Assert.Equal([null, "edge-1", null, null], frontends.Select(frontend => frontend.Proxy?.Via));
        Assert.True(frontends[2].Proxy!.Users!.IsRight("alice"u8, "secret"u8));
        Assert.Equal(new TunnelTarget("main", null) { TellsSource = true }, frontends[0].To);
        Assert.Equal(new ChainTarget("b/via", null), frontends[1].To);
    }

    [Theory]
    [InlineData("listen = \"socks4://127.0.0.1:0\", tunnel = main", "'socks4://127.0.0.1:0': tcp://HOST:PORT is expected")]
    [InlineData("listen = \"socks5://127.0.0.1:0\", tunnel = main, to = \"10.0.0.5:80\"", "'to' says it, too")]
    [InlineData("listen = \"http://127.0.0.1:0\", upstream = web", "there is nothing to carry them there")]
    [InlineData("listen = \"mixed://127.0.0.1:0\"", "there is nothing to carry them there")]
    [InlineData("listen = \"http://127.0.0.1:0\", tunnel = main, http-via = \"a b\"", "a word of letters")]
    [InlineData("listen = \"http://127.0.0.1:0\", tunnel = main, proxy-users = missing", "the user file")]
    public void What_does_not_go_together_is_told(string frontend, string problem)
    {
        _texts.Key("key", 1);
        var errors = _texts.Errors($$"""
            tcpproxy {
              key.file = key
              upstreams.web.servers = ["127.0.0.1:80"]
              tunnels.main.servers = ["kcp://127.0.0.1:4000"]
              frontends.f { {{frontend}} }
            }
            """);

        Assert.Contains(problem, Assert.Single(errors));
    }

    private void WriteUsers(string text)
    {
        var path = _texts.File("users", text);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }
}

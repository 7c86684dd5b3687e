using Proxy.EndToEnd.Tests.Harness;

namespace Proxy.EndToEnd.Tests.Proxies;

/// <summary>A frontend whose clients say where they want to go, with a table that says how they get there.</summary>
[Collection(OnlyWaits.Second)]
public sealed class RoutedProxyTests : EndToEndTest
{
    [Fact]
    public async Task Each_request_finds_its_own_way()
    {
        using var work = new WorkDirectory();
        await using var origin = new ScriptedOrigin(async (_, connection) =>
        {
            await connection.HeadAsync();
            await connection.SayAsync("HTTP/1.0 200 OK\r\n\r\nstraight");
        });
        await File.WriteAllTextAsync(work.File("node.conf"), """
            tcpproxy {
              admin.listen = "127.0.0.1:0"
              route-tables.office { rules = [{ name = ads, names = [".ads.test"], to = block }], default = direct, direct.allow = ["127.0.0.0/8"] }
              frontends.web { listen = "mixed://127.0.0.1:0", route-table = office }
            }
            """, Limit);
        await using var node = await NodeProcess.StartAsync("run", "-c", work.File("node.conf"));
        var url = $"http://{origin.Address}/";

        var socks = await ProxyPair.CurlAsync("--socks5", $"{node.Proxy}", url);
        var http = await ProxyPair.CurlAsync("--proxy", $"http://{node.Proxy}", url);
        var blocked = await ProxyPair.CurlAsync("--proxy", $"http://{node.Proxy}", "--write-out", "%{http_code}", "http://www.ads.test/");
        var blockedSocks = await ProxyPair.CurlAsync("--socks5-hostname", $"{node.Proxy}", "http://www.ads.test/");
        var itself = await ProxyPair.CurlAsync("--proxy", $"http://{node.Proxy}", "--write-out", "%{http_code}", $"{node.Admin}");

        Assert.Equal(("straight", "straight"), (socks.Output, http.Output));
        Assert.EndsWith("403", blocked.Output);
        Assert.Contains("the route 'ads' blocks it", blocked.Output);
        Assert.Contains("(2)", blockedSocks.Errors);
        Assert.EndsWith("502", itself.Output);
        await node.LogsAsync("-> www.ads.test:80: not allowed (the route 'ads' blocks it)", TimeSpan.FromSeconds(20));
    }
}

using System.Net.Sockets;
using Proxy.EndToEnd.Tests.Harness;

namespace Proxy.EndToEnd.Tests.Proxies;

/// <summary>A program that knows nothing of a proxy, on a machine whose packet filter has the rules that tcpproxy prints.</summary>
[Collection(OnlyWaits.Second)]
public sealed class RedirectTests : EndToEndTest
{
    [Fact]
    public async Task Curl_reaches_the_far_host_over_IPv4_and_IPv6_without_knowing_how()
    {
        using var work = new WorkDirectory();
        using var hosts = await TwoHosts.CreateAsync();
        await hosts.Near.ExecuteAsync("ip", "-6", "address", "add", "fd09::1/64", "dev", TwoHosts.NearDevice, "nodad");
        await hosts.Far.ExecuteAsync("ip", "-6", "address", "add", "fd09::2/64", "dev", TwoHosts.FarDevice, "nodad");
        await hosts.Near.ExecuteAsync("ip", "route", "add", "10.77.0.0/16", "dev", TwoHosts.NearDevice);
        await using var origin = hosts.Far.Run(() => new ScriptedOrigin(
            async (_, connection) =>
            {
                await connection.HeadAsync();
                await connection.SayAsync("HTTP/1.0 200 OK\r\n\r\nfrom afar");
            },
            TcpListener.Create(8080)));
        await using var server = await NodeProcess.StartInAsync(
            hosts.Far, "server", "--listen", $"tcp://{TwoHosts.FarAddress}:4000", "--allow-destination", "10.9.0.0/24", "--allow-destination", "fd09::/64", "--admin", "127.0.0.1:0");
        await using var client = await NodeProcess.StartInAsync(
            hosts.Near, "client", "--server", $"tcp://{TwoHosts.FarAddress}:4000", "--redirect", "127.0.0.1:15001", "--redirect", "[::1]:15001", "--admin", "127.0.0.1:0", "--log-level", "debug");
        var rules = await CommandResult.OfNodeAsync("redirect", "print-rules", "--port", "15001", "--user", "nobody", "--ports", "8080");
        await File.WriteAllTextAsync(work.File("rules"), rules.Output, Limit);
        await hosts.Near.ExecuteAsync("nft", "-f", work.File("rules"));

        var overIPv4 = await CurlAsync(hosts, $"http://{TwoHosts.FarAddress}:8080/");
        var overIPv6 = await CurlAsync(hosts, "http://[fd09::2]:8080/");
        var refused = await CurlAsync(hosts, "http://10.77.0.1:8080/");
        var itself = await CurlAsync(hosts, "http://127.0.0.1:15001/");

        Assert.Equal(("from afar", "from afar"), (overIPv4.Output, overIPv6.Output));
        await client.LogsAsync($"-> {TwoHosts.FarAddress}:8080: completed", TimeSpan.FromSeconds(20));
        await client.LogsAsync("-> [fd09::2]:8080: completed", TimeSpan.FromSeconds(20));
        Assert.NotEqual(0, refused.ExitCode);
        await client.LogsAsync("-> 10.77.0.1:8080: not allowed", TimeSpan.FromSeconds(20));
        Assert.NotEqual(0, itself.ExitCode);
        await client.LogsAsync("loop (it came to the frontend itself", TimeSpan.FromSeconds(20));
    }

    private static Task<CommandResult> CurlAsync(TwoHosts hosts, string url) => CommandResult.OfAsync(
        Executables.RequirePeer("nsenter"), hosts.Near.Enter(Executables.RequirePeer("curl"), "--silent", "--show-error", "--noproxy", "*", "--max-time", "20", url));
}

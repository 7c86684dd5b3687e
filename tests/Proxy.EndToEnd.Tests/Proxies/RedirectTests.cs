using System.Net;
using System.Net.Sockets;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Udp;

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

    [Fact]
    public async Task Transparently_TCP_and_UDP_reach_the_far_host_over_IPv4_and_IPv6()
    {
        using var hosts = await TwoHosts.CreateAsync();
        await hosts.Near.ExecuteAsync("ip", "-6", "address", "add", "fd09::1/64", "dev", TwoHosts.NearDevice, "nodad");
        await hosts.Far.ExecuteAsync("ip", "-6", "address", "add", "fd09::2/64", "dev", TwoHosts.FarDevice, "nodad");
        await using var origin = hosts.Far.Run(() => new ScriptedOrigin(
            async (_, connection) =>
            {
                await connection.HeadAsync();
                await connection.SayAsync("HTTP/1.0 200 OK\r\n\r\nfrom afar");
            },
            TcpListener.Create(8080)));
        using var echo = hosts.Far.Run(() => new UdpEcho(new UdpClient(new IPEndPoint(IPAddress.Parse("10.9.0.2"), 8080))));
        using var echo6 = hosts.Far.Run(() => new UdpEcho(new UdpClient(new IPEndPoint(IPAddress.Parse("fd09::2"), 8080))));
        await using var server = await NodeProcess.StartInAsync(
            hosts.Far, "server", "--listen", $"kcp://{TwoHosts.FarAddress}:4000", "--allow-destination", "10.9.0.0/24", "--allow-destination", "fd09::/64", "--admin", "127.0.0.1:0");
        await using var client = await NodeProcess.StartInAsync(
            hosts.Near, "client", "--server", $"kcp://{TwoHosts.FarAddress}:4000", "--tproxy", "127.0.0.1:15001", "--tproxy", "[::1]:15001",
            "--tproxy-udp", "127.0.0.1:15001", "--tproxy-udp", "[::1]:15001", "--admin", "127.0.0.1:0", "--log-level", "debug");
        await ApplyAsync(hosts.Near, "--port", "15001", "--user", "nobody", "--ports", "8080", "--tproxy", "--udp");

        var overIPv4 = await CurlAsync(hosts, $"http://{TwoHosts.FarAddress}:8080/");
        var overIPv6 = await CurlAsync(hosts, "http://[fd09::2]:8080/");
        var asked = await AskAsync(hosts, "10.9.0.2");
        var asked6 = await AskAsync(hosts, "fd09::2");
        var itself = await CurlAsync(hosts, "http://127.0.0.1:15001/");

        Assert.Equal(("from afar", "from afar"), (overIPv4.Output, overIPv6.Output));
        Assert.Equal((3, 3), (asked, asked6));
        await client.LogsAsync($"-> {TwoHosts.FarAddress}:8080: completed", TimeSpan.FromSeconds(20));
        await client.LogsAsync("-> [fd09::2]:8080: completed", TimeSpan.FromSeconds(20));
        Assert.NotEqual(0, itself.ExitCode);
        await client.LogsAsync("loop (it came to the frontend itself", TimeSpan.FromSeconds(20));
    }

    /// <summary>The rules that tcpproxy prints, and the routes that stand behind them.</summary>
    private async Task ApplyAsync(NetworkNamespace network, params string[] arguments)
    {
        using var work = new WorkDirectory();
        var rules = await CommandResult.OfNodeAsync(["redirect", "print-rules", .. arguments]);
        Assert.True(rules.ExitCode == 0, rules.Errors);
        await File.WriteAllTextAsync(work.File("rules"), rules.Output, Limit);
        await network.ExecuteAsync("nft", "-f", work.File("rules"));
        foreach (var route in rules.Output.Split('\n').Where(line => line.StartsWith("# ip ", StringComparison.Ordinal)))
        {
            await network.ExecuteAsync("ip", route["# ip ".Length..].Split(' '));
        }
    }

    /// <summary>Three questions from one socket that hears none but whom it asks; how many were answered.</summary>
    private async Task<int> AskAsync(TwoHosts hosts, string host)
    {
        using var socket = hosts.Near.Run(() =>
        {
            var address = IPAddress.Parse(host);
            var connected = new UdpClient(address.AddressFamily);
            connected.Connect(address, 8080);
            return connected;
        });
        for (byte number = 1; number <= 3; number++)
        {
            await socket.SendAsync(new byte[] { number }, Limit);
            if ((await socket.ReceiveAsync(Limit)).Buffer is not [var heard] || heard != number)
            {
                return number - 1;
            }
        }

        return 3;
    }

    private static Task<CommandResult> CurlAsync(TwoHosts hosts, string url) => CommandResult.OfAsync(
        Executables.RequirePeer("nsenter"), hosts.Near.Enter(Executables.RequirePeer("curl"), "--silent", "--show-error", "--noproxy", "*", "--max-time", "20", url));
}

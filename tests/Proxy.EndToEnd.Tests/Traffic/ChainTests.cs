using System.Net.Sockets;
using System.Security.Cryptography;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Traffic;

/// <summary>Three hops of mixed legs, sealed: what goes through them, and what is said when one of them is gone.</summary>
[Collection(OnlyWaits.Second)]
public sealed class ChainTests : EndToEndTest
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(15);
    private static readonly Content Mebibytes = new(Seed: 61, Scale.Pick(16, 256) * 1024 * 1024);

    [Fact]
    public async Task Bytes_go_both_ways_through_three_hops_and_arrive_whole()
    {
        await using var echo = TcpPeer.Echo();
        await using var hops = await ThreeHops.StartAsync(echo.Address);
        await Exchange.EchoAsync(hops.Entry, Mebibytes, Limit);
        Assert.Equal(1, echo.Accepted);
    }

    [Fact]
    public async Task Curl_gets_and_puts_files_through_three_hops()
    {
        var curl = Executables.RequirePeer("curl");
        using var work = new WorkDirectory();
        await using var nginx = await NginxServer.StartAsync(work);
        await using var hops = await ThreeHops.StartAsync(nginx.Address);
        var (sent, received) = (work.File("sent"), work.File("received"));
        await Mebibytes.WriteToAsync(sent);

        var put = await CommandResult.OfAsync(
            curl, ["--silent", "--show-error", "--fail", "--upload-file", sent, $"http://{hops.Entry}/stored"], TimeSpan.FromSeconds(100));
        Assert.True(put.ExitCode == 0, put.Errors);
        var get = await CommandResult.OfAsync(
            curl, ["--silent", "--show-error", "--fail", "--output", received, $"http://{hops.Entry}/stored"], TimeSpan.FromSeconds(100));
        Assert.True(get.ExitCode == 0, get.Errors);

        Assert.Equal(await DigestOfAsync(sent), await DigestOfAsync(received));
    }

    [Theory]
    [InlineData("--socks5-hostname")]
    [InlineData("--proxy")]
    public async Task Curl_gets_and_puts_files_through_a_proxy_frontend_and_three_hops(string how)
    {
        var curl = Executables.RequirePeer("curl");
        using var work = new WorkDirectory();
        await using var nginx = await NginxServer.StartAsync(work);
        await using var hops = await ThreeHops.StartAsync(nginx.Address, "--mixed", "127.0.0.1:0");
        var (sent, received) = (work.File("sent"), work.File("received"));
        await Mebibytes.WriteToAsync(sent);
        string[] common = ["--silent", "--show-error", "--fail", "--noproxy", "", how, $"{hops.Client.Proxy}"];

        foreach (var way in (string[][])[["--upload-file", sent], ["--output", received]])
        {
            var done = await CommandResult.OfAsync(curl, [.. common, .. way, $"http://{nginx.Address}/stored"], Scale.Seconds(inEveryRun: 60, inLongRuns: 300));
            Assert.True(done.ExitCode == 0, done.Errors);
        }

        Assert.Equal(await DigestOfAsync(sent), await DigestOfAsync(received));
    }

    [Fact]
    public async Task Each_hop_knows_its_own_next_one_and_no_other()
    {
        await using var echo = TcpPeer.Echo();
        await using var hops = await ThreeHops.StartAsync(echo.Address);
        await Exchange.EchoAsync(hops.Entry, new Content(1, 10), Limit);

        // The debug log of a hop has every connection, and says all that the hop knows of it.
        await hops.First.LogsAsync($"-> {hops.Second.Chains}: completed", Bound);
        await hops.Second.LogsAsync($"-> {hops.Third.Chains}: completed", Bound);
        await hops.Third.LogsAsync($"-> {echo.Address}: completed", Bound);
        Assert.DoesNotContain(hops.First.Log, line => line.Contains($"{hops.Third.Chains}", StringComparison.Ordinal));
        Assert.DoesNotContain(hops.First.Log, line => line.Contains($"{echo.Address}", StringComparison.Ordinal));
        Assert.DoesNotContain(hops.Second.Log, line => line.Contains($"{echo.Address}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task When_the_second_hop_is_gone_the_error_names_it()
    {
        await using var echo = TcpPeer.Echo();
        await using var hops = await ThreeHops.StartAsync(echo.Address);
        var second = hops.Second.Chains;
        await hops.Second.KillAsync();

        Assert.Equal(SocketError.ConnectionReset, await Exchange.RefusalAsync(hops.Entry, Limit));

        await hops.Client.LogsAsync($"connection refused (hop 2 ({second}): refused, says hop 1", Bound);
        Assert.Contains(hops.Client.Log, line => line.Contains("fault: upstream", StringComparison.Ordinal) && line.Contains("trace: ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task When_the_destination_refuses_the_last_hop_says_so()
    {
        var nobody = FreePort.ForTcp();
        await using var hops = await ThreeHops.StartAsync(nobody);
        Assert.Equal(SocketError.ConnectionReset, await Exchange.RefusalAsync(hops.Entry, Limit));
        await hops.Client.LogsAsync($"the destination {nobody}: refused, says hop 3 ({hops.Third.Chains})", Bound);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_hop_that_is_killed_in_the_middle_of_a_transfer_is_a_reset_and_never_an_end(int killed)
    {
        // The server sends and never ends: an end of stream that the client saw would be a lie.
        await using var server = new TcpPeer(async (socket, cancellation) =>
        {
            await socket.SendAllAsync(new byte[100_000], cancellation);
            await BadPeers.SayNothingAsync(socket, cancellation);
        });
        await using var hops = await ThreeHops.StartAsync(server.Address);
        using var socket = await Dial.ToAsync(hops.Entry);
        await socket.ReadExactlyAsync(100_000, Limit);

        await (killed == 2 ? hops.Second : hops.Third).KillAsync();

        Assert.Equal(SocketError.ConnectionReset, (await socket.ReadToEndAsync(Limit)).End);
        await hops.Client.LogsAsync($"chain broken (reset at or behind hop 2 ({hops.Second.Chains})), fault: tunnel", Bound);
    }

    [Fact]
    public async Task A_chain_may_begin_without_a_tunnel()
    {
        await using var echo = TcpPeer.Echo();
        await using var hops = await ThreeHops.StartAsync(echo.Address);
        await using var client = await NodeProcess.StartAsync(
            "client", "--via", hops.Url(hops.Second.Chains, "second"), "--via", hops.Url(hops.Third.Chains, "third"),
            "--forward", $"127.0.0.1:0={echo.Address}", "--admin", "127.0.0.1:0");
        await Exchange.EchoAsync(client.Entries[0], new Content(2, 3_000_000), Limit);

        await hops.Second.KillAsync();
        Assert.Equal(SocketError.ConnectionReset, await Exchange.RefusalAsync(client.Entries[0], Limit));
        await client.LogsAsync($"hop 1 ({hops.Second.Chains})", Bound);
    }

    [Fact]
    public async Task A_chain_that_leads_back_to_a_hops_own_listener_is_a_loop()
    {
        await using var hops = await ThreeHops.StartAsync(FreePort.ForTcp());
        await using var client = await hops.ClientAsync(hops.Third.Chains);
        Assert.Equal(SocketError.ConnectionReset, await Exchange.RefusalAsync(client.Entries[0], Limit));
        await client.LogsAsync($"hop 3 ({hops.Third.Chains}) answered loop", Bound);

        var admin = hops.Second.Admin;
        await using var toAdmin = await NodeProcess.StartAsync(
            "client", "--via", hops.Url(hops.Second.Chains, "second"), "--forward", $"127.0.0.1:0={admin.Host}:{admin.Port}", "--admin", "127.0.0.1:0");
        Assert.Equal(SocketError.ConnectionReset, await Exchange.RefusalAsync(toAdmin.Entries[0], Limit));
        await toAdmin.LogsAsync("answered loop", Bound);
    }

    [Fact]
    public async Task A_wrong_key_is_named_at_the_hop_that_refused_it()
    {
        await using var echo = TcpPeer.Echo();
        await using var hops = await ThreeHops.StartAsync(echo.Address);
        await using var client = await NodeProcess.StartAsync(
            "client", "--server", $"kcp://{hops.First.Kcp}", "--via", hops.Url(hops.Second.Chains, "third"),
            "--forward", $"127.0.0.1:0={echo.Address}", "--admin", "127.0.0.1:0");
        Assert.Equal(SocketError.ConnectionReset, await Exchange.RefusalAsync(client.Entries[0], Limit));
        await client.LogsAsync($"hop 2 ({hops.Second.Chains}) answered unauthenticated: no key of this hop opens the header", Bound);
        await hops.Second.LogsAsync("unauthenticated (no key of this hop opens the header)", Bound);
    }

    [Theory]
    [InlineData("a client needs a --server", "client", "--forward", "127.0.0.1:0=127.0.0.1:1")]
    [InlineData("chain://HOST:PORT", "client", "--via", "tcp://127.0.0.1:1", "--forward", "127.0.0.1:0=127.0.0.1:1")]
    [InlineData("key-file=FILE is expected", "client", "--via", "chain://127.0.0.1:1?key=x", "--forward", "127.0.0.1:0=127.0.0.1:1")]
    [InlineData("have to be told", "client", "--via", "chain://127.0.0.1:1", "--forward", "127.0.0.1:0=-")]
    [InlineData("can not be read", "server", "--listen", "chain://127.0.0.1:0?key-file=/nowhere")]
    public async Task What_is_wrong_with_a_chain_is_said_before_anything_starts(string says, params string[] arguments)
    {
        var result = await CommandResult.OfNodeAsync(arguments);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(says, result.Errors, StringComparison.Ordinal);
    }

    private async Task<byte[]> DigestOfAsync(string file)
    {
        await using var stream = File.OpenRead(file);
        return await SHA256.HashDataAsync(stream, Limit);
    }
}

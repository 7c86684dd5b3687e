using System.Net.Sockets;
using System.Security.Cryptography;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Commands;

/// <summary>The plain relay: no tunnel, the same care.</summary>
public sealed class RelayTests : EndToEndTest
{
    private static readonly Content File = new(Seed: 100, Scale.Pick(32L, 1024L) * 1024 * 1024);

    [Fact]
    public async Task A_file_downloaded_by_curl_from_nginx_through_a_relay_has_the_same_digest()
    {
        var curl = Executables.RequirePeer("curl");
        using var work = new WorkDirectory();
        await using var nginx = await NginxServer.StartAsync(work);
        await using var relay = await StartAsync("--to", nginx.Address.ToString());
        await File.WriteToAsync(Path.Combine(nginx.Files, "file"));
        var received = work.File("received");

        var result = await CommandResult.OfAsync(
            curl,
            ["--silent", "--show-error", "--fail", "--output", received, $"http://{relay.Tcp}/file"],
            Scale.Seconds(inEveryRun: 60, inLongRuns: 600));

        Assert.True(result.ExitCode == 0, result.Errors);
        await using var stream = System.IO.File.OpenRead(received);
        Assert.Equal(File.Sha256(), await SHA256.HashDataAsync(stream, Limit));
    }

    [Fact]
    public async Task A_half_close_passes_a_relay_in_both_directions()
    {
        await using var digesting = TcpPeer.Digesting();
        await using var relay = await StartAsync("--to", digesting.Address.ToString());

        for (var power = 0; power <= 22; power++)
        {
            await Exchange.UploadAsync(relay.Tcp, new Content(power, 1L << power), Limit);
        }
    }

    [Fact]
    public async Task A_reset_passes_a_relay_as_a_reset()
    {
        await using var peer = new TcpPeer(async (socket, cancellation) =>
        {
            await socket.ReadExactlyAsync(length: 1, cancellation);
            socket.Reset();
        });
        await using var relay = await StartAsync("--to", peer.Address.ToString());
        using var application = await Dial.ToAsync(relay.Tcp);

        await application.SendAllAsync(new byte[1], Limit);

        Assert.Equal(SocketError.ConnectionReset, (await application.ReadToEndAsync(Limit)).End);
    }

    [Fact]
    public async Task Several_targets_are_used_in_turn()
    {
        await using var first = TcpPeer.Digesting();
        await using var second = TcpPeer.Digesting();
        await using var relay = await StartAsync(
            "--to", first.Address.ToString(), "--to", second.Address.ToString(), "--balance", "round-robin");

        for (var run = 0; run < 10; run++)
        {
            await Exchange.UploadAsync(relay.Tcp, new Content(run, 1000), Limit);
        }

        Assert.Equal((5, 5), (first.Accepted, second.Accepted));
    }

    [Fact]
    public async Task A_target_that_nobody_serves_resets_the_connection_and_is_named_in_the_log()
    {
        var nobody = FreePort.ForTcp();
        await using var relay = await StartAsync("--to", nobody.ToString());

        Assert.Equal(SocketError.ConnectionReset, await Exchange.RefusalAsync(relay.Tcp, Limit));
        await relay.LogsAsync(nobody.ToString(), TimeSpan.FromSeconds(5));
    }

    private static Task<NodeProcess> StartAsync(params string[] arguments) =>
        NodeProcess.StartAsync(["relay", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", .. arguments]);
}

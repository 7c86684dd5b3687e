using System.Net;
using System.Net.Sockets;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Traffic;

/// <summary>Listeners and servers that have a path instead of an address, with real programs at both ends.</summary>
[Collection(OnlyWaits.Second)]
public sealed class UnixSocketTests : EndToEndTest
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Curl_reaches_nginx_from_path_to_path()
    {
        using var work = new WorkDirectory();
        await using var nginx = await NginxServer.StartAsync(work);
        await File.WriteAllTextAsync(Path.Combine(nginx.Files, "file"), "from afar", Limit);
        var (front, back, log) = (work.File("front.sock"), work.File("back.sock"), work.File("access.log"));
        await using var second = await NodeProcess.StartAsync("relay", "--listen", $"unix:{back}?mode=660", "--to", $"{nginx.Address}", "--admin", "127.0.0.1:0");
        await using var first = await NodeProcess.StartAsync("relay", "--listen", $"unix:{front}", "--to", $"unix:{back}", "--access-log", log, "--admin", "127.0.0.1:0");

        var answer = await CommandResult.OfAsync(
            Executables.RequirePeer("curl"), ["--silent", "--show-error", "--fail", "--max-time", "20", "--unix-socket", front, "http://web.example/file"]);

        Assert.Equal("from afar", answer.Output);
        Assert.Equal((UnixFileMode)0b110_000_000, File.GetUnixFileMode(front));
        Assert.Equal((UnixFileMode)0b110_110_000, File.GetUnixFileMode(back));
        await Wait.UntilAsync(() => File.ReadAllText(log).Contains($"unix:{back}", StringComparison.Ordinal), Bound, () => File.ReadAllText(log));
        Assert.Contains($"tcp://unix:{front}", first.Listening.Select(url => url.OriginalString));

        first.Send(Signal.Terminate);
        Assert.Equal(0, await first.ExitAsync(Bound));
        Assert.False(File.Exists(front));
    }

    [Fact]
    public async Task A_path_that_a_killed_process_left_is_used_again_and_one_in_use_is_not()
    {
        using var work = new WorkDirectory();
        await using var echo = TcpPeer.Echo();
        string[] relay = ["relay", "--listen", $"unix:{work.File("a.sock")}", "--to", $"{echo.Address}", "--admin", "127.0.0.1:0"];
        await using (var killed = await NodeProcess.StartAsync(relay))
        {
            await killed.KillAsync();
        }

        await using var again = await NodeProcess.StartAsync(relay);
        var third = await CommandResult.OfNodeAsync(relay);
        Assert.NotEqual(0, third.ExitCode);
        Assert.Contains(work.File("a.sock"), third.Errors, StringComparison.Ordinal);
        using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await client.ConnectAsync(new UnixDomainSocketEndPoint(work.File("a.sock")), Limit);
        await Exchange.PingAsync(client, Limit);
    }

    [Fact]
    public async Task Who_comes_from_a_path_has_no_address_to_tell()
    {
        using var work = new WorkDirectory();
        var head = new TaskCompletionSource<string>();
        await using var server = new TcpPeer(async (socket, cancellation) =>
        {
            var bytes = new byte[64];
            var count = await socket.ReceiveAsync(bytes, cancellation);
            head.TrySetResult(System.Text.Encoding.ASCII.GetString(bytes, 0, count));
        });
        await using var relay = await NodeProcess.StartAsync(
            "relay", "--listen", $"unix:{work.File("a.sock")}", "--to", $"{server.Address}", "--proxy-protocol-out", "v1", "--admin", "127.0.0.1:0");
        using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await client.ConnectAsync(new UnixDomainSocketEndPoint(work.File("a.sock")), Limit);

        Assert.Equal("PROXY UNKNOWN\r\n", await head.Task.WaitAsync(Limit));
    }

    [Fact]
    public async Task A_path_leads_into_a_tunnel_too_and_to_a_proxy()
    {
        using var work = new WorkDirectory();
        await using var echo = TcpPeer.Echo();
        await using var server = await NodeProcess.StartAsync("server", "--listen", "kcp://127.0.0.1:0", "--allow-destination", "127.0.0.0/8", "--admin", "127.0.0.1:0");
        await using var client = await NodeProcess.StartAsync(
            "client", "--server", $"kcp://{server.Kcp}", "--forward", $"unix:{work.File("a.sock")}?mode=600={echo.Address}", "--http", $"unix:{work.File("http.sock")}",
            "--admin", "127.0.0.1:0");
        using var forwarded = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await forwarded.ConnectAsync(new UnixDomainSocketEndPoint(work.File("a.sock")), Limit);
        await Exchange.PingAsync(forwarded, Limit);

        using var asking = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await asking.ConnectAsync(new UnixDomainSocketEndPoint(work.File("http.sock")), Limit);
        await asking.SendAsync(System.Text.Encoding.ASCII.GetBytes($"CONNECT {echo.Address} HTTP/1.1\r\nHost: {echo.Address}\r\n\r\n"), Limit);
        var answer = new byte[512];
        var count = await asking.ReceiveAsync(answer, Limit);
        Assert.StartsWith("HTTP/1.1 200", System.Text.Encoding.ASCII.GetString(answer, 0, count), StringComparison.Ordinal);
        await Exchange.PingAsync(asking, Limit);
    }
}

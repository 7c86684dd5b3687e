using System.Collections.Concurrent;
using System.Net.Sockets;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Traffic;

/// <summary>Real nginx processes behind a relay that checks them, stopped and started while curl runs through.</summary>
[Collection(OnlyWaits.Second)]
public sealed class NginxHealthTests : EndToEndTest
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task While_an_nginx_is_stopped_and_started_again_every_request_after_the_detection_is_answered_and_traffic_returns()
    {
        var curl = Executables.RequirePeer("curl");
        using var lastingWork = new WorkDirectory();
        using var mortalWork = new WorkDirectory();
        await using var lasting = await StartAsync(lastingWork, "lasting");
        var mortal = await StartAsync(mortalWork, "mortal");
        await using var relay = await NodeProcess.StartAsync(
            "relay", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--to", lasting.Address.ToString(), "--to", mortal.Address.ToString(),
            "--check", "http:/who,status=200", "--check-interval", "100ms", "--check-fall", "2", "--check-rise", "2", "--retries", "0", "--eject", "off");
        await IsAsync(relay, "up");
        var answers = new ConcurrentQueue<(bool IsAfterDetection, string Text)>();
        var isDetected = false;
        using var stop = new CancellationTokenSource();
        var asking = AskAsync();

        await SeenAsync("mortal");
        await mortal.DisposeAsync();
        await IsAsync(relay, "down");
        Volatile.Write(ref isDetected, true);
        await Wait.UntilAsync(() => answers.Count(answer => answer.IsAfterDetection) >= 20, Bound, () => "curl does not go on");
        Assert.All(answers.Where(answer => answer.IsAfterDetection), answer => Assert.Equal("lasting", answer.Text));

        await using var again = await StartAsync(mortalWork, "mortal", mortal);
        await IsAsync(relay, "up");
        answers.Clear();
        await SeenAsync("mortal");
        await stop.CancelAsync();
        await asking;

        Assert.DoesNotContain(answers, answer => answer.Text is not ("lasting" or "mortal"));

        // Without retries each request shows how its one server did.
        async Task AskAsync()
        {
            while (!stop.IsCancellationRequested)
            {
                var isAfter = Volatile.Read(ref isDetected);
                var result = await CommandResult.OfAsync(curl, ["--silent", "--show-error", "--fail", "--max-time", "5", $"http://{relay.Tcp}/who"]);
                answers.Enqueue((isAfter, result.ExitCode == 0 ? result.Output : $"curl {result.ExitCode}: {result.Errors}"));
            }
        }

        Task SeenAsync(string who) => Wait.UntilAsync(() => answers.Any(answer => answer.Text == who), Bound, () => $"nothing comes from {who}");
    }

    [Fact]
    public async Task A_session_ends_when_the_nginx_beside_its_server_is_stopped_and_sessions_end_with_their_server()
    {
        using var work = new WorkDirectory();
        await using var echoing = TcpPeer.Echo();
        var nginx = await StartAsync(work, "here");
        await using var relay = await NodeProcess.StartAsync(
            "relay", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--to", $"{echoing.Address},check-port={nginx.Address.Port}",
            "--check", "http:/who", "--check-interval", "50ms", "--check-fall", "1", "--on-down", "end-sessions");
        using var application = await Dial.ToAsync(relay.Tcp);
        await Exchange.PingAsync(application, Limit);
        var reading = application.ReadToEndAsync(Limit);

        await nginx.DisposeAsync();

        Assert.Equal(SocketError.ConnectionReset, (await reading).End);
        await relay.LogsAsync("upstream marked down", Bound);
    }

    private static async Task<NginxServer> StartAsync(WorkDirectory work, string who, NginxServer? before = null)
    {
        var nginx = await NginxServer.StartAsync(work, before?.Address);
        await File.WriteAllTextAsync(Path.Combine(nginx.Files, "who"), who);
        return nginx;
    }

    private static Task IsAsync(NodeProcess relay, string state) => Wait.UntilAsync(
        async () => (await NodeStatus.OfAsync(relay)).Root.GetProperty("upstreams")[0].GetProperty("servers")[1] is var server
            && server.GetProperty("state").GetString() == state && server.GetProperty("checks").GetProperty("last").GetString() is { Length: > 0 },
        Bound,
        () => $"the server is not {state}");
}

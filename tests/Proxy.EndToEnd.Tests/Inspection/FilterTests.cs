using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Inspection;

/// <summary>Filters of a real relay between real programs.</summary>
[Collection(OnlyWaits.Second)]
public sealed class FilterTests : EndToEndTest
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Text_is_replaced_between_curl_and_nginx()
    {
        var curl = Executables.RequirePeer("curl");
        using var work = new WorkDirectory();
        await using var nginx = await NginxServer.StartAsync(work);
        await File.WriteAllTextAsync(Path.Combine(nginx.Files, "page"), string.Concat(Enumerable.Repeat("The cat, the cat.\n", 20_000)));
        await using var relay = await StartAsync(nginx.Address.ToString(), "replace=cat,with=dog,direction=down", "replace=GET /other,with=GET /page,direction=up");

        var result = await CommandResult.OfAsync(curl, ["--silent", "--show-error", "--fail", $"http://{relay.Tcp}/other"]);

        Assert.True(result.ExitCode == 0, result.Errors);
        Assert.Equal(string.Concat(Enumerable.Repeat("The dog, the dog.\n", 20_000)), result.Output);
    }

    [Fact]
    public async Task A_users_own_filter_is_loaded_and_its_counts_are_shown()
    {
        await using var echoing = TcpPeer.Echo();
        await using var relay = await StartAsync(
            echoing.Address.ToString(), $"plugin={Executables.UppercaseFilter},type=Samples.UppercaseFactory,argument=up");
        using var application = await Dial.ToAsync(relay.Tcp);

        await application.SendAllAsync("hello, World"u8.ToArray(), Limit);

        Assert.Equal("HELLO, WORLD", Encoding.ASCII.GetString(await application.ReadExactlyAsync(12, Limit)));
        Assert.Contains(
            "tcpproxy_filter_counts_total{frontend=\"relay\",position=\"1\",filter=\"uppercase\",name=\"letters\"} 9\n", await MetricsAsync(relay));
        var filter = Assert.Single((await NodeStatus.OfAsync(relay)).Root.GetProperty("filters").EnumerateArray());
        Assert.Equal(9, filter.GetProperty("counts")[0].GetProperty("count").GetInt64());
    }

    [Fact]
    public async Task Matches_are_counted_and_may_end_the_connection()
    {
        await using var target = new CollectingPeer();
        await using var relay = await StartAsync(
            target.Address.ToString(), @"match=ab,\x00\,,direction=up", "match=attack,action=cut,direction=up");
        using var application = await Dial.ToAsync(relay.Tcp);

        await application.SendAllAsync("ab abab \0, attack!"u8.ToArray(), Limit);

        Assert.Equal((0L, SocketError.Success), await EndOfAsync(application));
        Assert.Equal("ab abab \0, attac".Length, await target.NextAsync(Limit));
        await relay.LogsAsync("cut by a filter (match: A pattern was found: attack), fault: us", Bound);
        var metrics = await MetricsAsync(relay);
        Assert.Contains("tcpproxy_filter_counts_total{frontend=\"relay\",position=\"1\",filter=\"match\",name=\"ab\"} 3\n", metrics);
        Assert.Contains("tcpproxy_filter_counts_total{frontend=\"relay\",position=\"1\",filter=\"match\",name=\"\\\\x00\\\\,\"} 1\n", metrics);
        Assert.Contains("tcpproxy_filter_counts_total{frontend=\"relay\",position=\"2\",filter=\"match\",name=\"attack\"} 1\n", metrics);
    }

    [Fact]
    public async Task A_connection_is_cut_after_its_bytes_and_after_its_time()
    {
        await using var target = new CollectingPeer();
        await using var relay = await StartAsync(target.Address.ToString(), "cut=1000,3s");
        using var large = await Dial.ToAsync(relay.Tcp);
        await large.SendAllAsync(new byte[1001], Limit);
        Assert.Equal((0L, SocketError.Success), await EndOfAsync(large));
        Assert.Equal(1000, await target.NextAsync(Limit));

        using var silent = await Dial.ToAsync(relay.Tcp);

        Assert.Equal((0L, SocketError.Success), await EndOfAsync(silent));
        Assert.Equal(0, await target.NextAsync(Limit));
        await relay.LogsAsync("cut: The limit of bytes is reached.", Bound);
        await relay.LogsAsync("cut: The limit of time is reached.", Bound);
    }

    [Fact]
    public async Task A_throttle_bites_and_changes_nothing_else()
    {
        var content = new Content(Seed: 31, Length: 600_000);
        await using var sending = TcpPeer.Sending(content);
        await using var relay = await StartAsync(sending.Address.ToString(), "throttle=400KB/s,burst=100KB,direction=down");

        var time = await TimeOfAsync(() => Exchange.DownloadAsync(relay.Tcp, content, Limit));

        // 100 KB come at once, the rest not before their time.
        Assert.True(time >= TimeSpan.FromSeconds(1.2), $"it took only {time}");
    }

    [Theory]
    [InlineData("--connection-bandwidth-down")]
    [InlineData("--bandwidth")]
    public async Task A_rate_bites_and_changes_nothing_else(string option)
    {
        var content = new Content(Seed: 32, Length: 600_000);
        await using var sending = TcpPeer.Sending(content);
        await using var relay = await NodeProcess.StartAsync(
            "relay", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--to", sending.Address.ToString(), option, "4Mbit/s");

        var time = await TimeOfAsync(() => Exchange.DownloadAsync(relay.Tcp, content, Limit));

        // A tenth of a second's 50 KB come at once, the rest not before their time.
        Assert.True(time >= TimeSpan.FromSeconds(1), $"it took only {time}");
    }

    [Fact]
    public async Task Connections_under_one_rate_share_it()
    {
        var content = new Content(Seed: 33, Length: 300_000);
        await using var digesting = TcpPeer.Digesting();
        await using var relay = await NodeProcess.StartAsync(
            "relay", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--to", digesting.Address.ToString(), "--bandwidth-up", "1MB/s");

        var time = await TimeOfAsync(() => Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Exchange.UploadAsync(relay.Tcp, content, Limit))));

        Assert.True(time >= TimeSpan.FromSeconds(1), $"it took only {time}");
    }

    private async Task<(long, SocketError)> EndOfAsync(Socket socket)
    {
        var reading = await socket.ReadToEndAsync(Limit);
        return (reading.Length, reading.End);
    }

    private static async Task<TimeSpan> TimeOfAsync(Func<Task> work)
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        await work();
        return watch.Elapsed;
    }

    private static async Task<string> MetricsAsync(NodeProcess node)
    {
        using var client = new HttpClient();
        return await client.GetStringAsync(new Uri(node.Admin, "/metrics"));
    }

    private static Task<NodeProcess> StartAsync(string target, params string[] filters) => NodeProcess.StartAsync(
        ["relay", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--to", target, .. filters.SelectMany(filter => new[] { "--filter", filter })]);

    /// <summary>Reads to the end, says nothing, and tells how much of each connection came.</summary>
    private sealed class CollectingPeer : IAsyncDisposable
    {
        private readonly Channel<long> _lengths = Channel.CreateUnbounded<long>();
        private readonly TcpPeer _peer;

        public CollectingPeer()
        {
            _peer = new TcpPeer(async (socket, cancellation) => _lengths.Writer.TryWrite((await socket.ReadToEndAsync(cancellation)).Length));
        }

        public System.Net.IPEndPoint Address => _peer.Address;

        public ValueTask<long> NextAsync(CancellationToken cancellation) => _lengths.Reader.ReadAsync(cancellation);

        public ValueTask DisposeAsync() => _peer.DisposeAsync();
    }
}

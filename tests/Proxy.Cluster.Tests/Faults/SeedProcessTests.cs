using Proxy.Cluster.Engine;
using Proxy.Cluster.Tests.Harness;
using Proxy.EndToEnd.Tests.Harness;

namespace Proxy.Cluster.Tests.Faults;

/// <summary>The program <c>tcpproxy-seed</c>.</summary>
public sealed class SeedProcessTests : IDisposable
{
    private readonly WorkDirectory _work = new();

    public void Dispose() => _work.Dispose();

    [Theory]
    [InlineData("http://0.0.0.0:0")]
    [InlineData("http://[::]:0")]
    [InlineData("http://192.0.2.1:4053")]
    public async Task A_seed_that_others_can_reach_needs_password_and_TLS_and_says_so(string listen)
    {
        await using var seed = EngineProcess.Start(EngineProcess.SeedProgram, "--listen", listen);
        await seed.ExitAsync();

        Assert.Equal(78, seed.ExitCode);
        Assert.Empty(seed.Output);
        var line = Assert.Single(seed.Errors);
        Assert.Contains("--user NAME --password-file FILE", line, StringComparison.Ordinal);
        Assert.Contains("--tls-cert FILE", line, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_password_alone_is_not_enough_beyond_loopback()
    {
        var password = _work.File("password");
        await File.WriteAllTextAsync(password, "secret");
        await using var seed = EngineProcess.Start(EngineProcess.SeedProgram, "--listen", "http://0.0.0.0:0", "--user", "root", "--password-file", password);
        await seed.ExitAsync();

        Assert.Equal(78, seed.ExitCode);
        Assert.DoesNotContain("--user", Assert.Single(seed.Errors), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://127.0.0.1")]
    [InlineData("127.0.0.1:4053")]
    [InlineData("ftp://127.0.0.1:4053")]
    [InlineData("https://127.0.0.1:4053")]
    public async Task A_listener_that_cannot_be_is_a_usage_error(string listen)
    {
        await using var seed = EngineProcess.Start(EngineProcess.SeedProgram, "--listen", listen);
        await seed.ExitAsync();

        Assert.Equal(2, seed.ExitCode);
    }

    [Fact]
    public async Task A_seed_prints_its_listener_and_ready_and_ends_with_0_at_SIGTERM()
    {
        await using var seed = await EngineProcess.StartSeedAsync("--listen", "http://127.0.0.1:0");
        using var client = Clients.To(seed.Listening);
        using var watch = client.Watch(new WatchRequest(KeyRange.Prefix("/"), 0));
        await watch.ExpectAsync<WatchCreated>();
        seed.Send(Signal.Terminate);
        await seed.ExitAsync();

        Assert.Equal([$"listening {seed.Listening.ToString().TrimEnd('/')}", "ready"], seed.Output);
        Assert.Equal(0, seed.ExitCode);
        Assert.True((await watch.ExpectAsync<WatchEnded>()).Error.IsAway);
    }

    [Fact]
    public async Task Settings_come_from_a_file_and_the_command_line_goes_before()
    {
        var file = _work.File("seed.conf");
        await File.WriteAllTextAsync(file, "tcpproxy.seed { listen = \"http://0.0.0.0:1\" }");
        await using var seed = await EngineProcess.StartSeedAsync("-c", file, "--listen", "http://127.0.0.1:0");
        using var client = Clients.To(seed.Listening);

        Assert.Equal(1, (await client.ExpectAsync<RangeAnswer>(new RangeRequest(KeyRange.Prefix("/")))).Header.Revision);
    }

    [Fact]
    public async Task A_setting_that_is_unknown_is_an_error_with_its_place()
    {
        var file = _work.File("seed.conf");
        await File.WriteAllTextAsync(file, "tcpproxy.seed {\n  listne = \"http://127.0.0.1:0\"\n}");
        await using var seed = EngineProcess.Start(EngineProcess.SeedProgram, "-c", file);
        await seed.ExitAsync();

        Assert.Equal(78, seed.ExitCode);
        Assert.Contains(seed.Errors, line => line.Contains("seed.conf:2:", StringComparison.Ordinal) && line.Contains("listne", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_restarted_seed_is_another_cluster_at_revision_1()
    {
        var address = $"http://{FreePort.ForTcp()}";
        using var client = Clients.To(new Uri(address));
        PutAnswer before;
        await using (var seed = await EngineProcess.StartSeedAsync("--listen", address))
        {
            before = await client.ExpectAsync<PutAnswer>(new PutRequest(KeyText.Bytes("/key"), []));
            await seed.KillAsync();
        }

        Assert.True((await client.FailAsync(new RangeRequest(KeyRange.One("/key")))).IsAway);
        await using var again = await EngineProcess.StartSeedAsync("--listen", address);
        var after = await client.ExpectAsync<RangeAnswer>(new RangeRequest(KeyRange.One("/key")));

        Assert.NotEqual(before.Header.ClusterId, after.Header.ClusterId);
        Assert.Equal((1L, 0L), (after.Header.Revision, after.Count));
    }

    [Fact]
    public async Task A_client_asks_the_next_endpoint_when_one_is_gone()
    {
        await using var seed = await EngineProcess.StartSeedAsync("--listen", "http://127.0.0.1:0");
        using var client = Clients.To([new Uri($"http://{FreePort.ForTcp()}"), seed.Listening]);
        var transaction = new TransactionRequest([], [new PutRequest(KeyText.Bytes("/key"), [])], []);

        // Not repeatable, but it cannot have been done where nobody listens.
        await client.ExpectAsync<TransactionAnswer>(transaction);
        Assert.Equal(seed.Listening, client.Endpoint);
    }
}

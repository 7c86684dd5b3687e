using System.Net;
using System.Text.Json;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Commands;

/// <summary>Keys on the command line: who may come, under which name, and what a wrong one looks like.</summary>
[Collection(OnlyWaits.First)]
public sealed class SealedTests : EndToEndTest
{
    private const int ConfigurationError = 78;
    private static readonly TimeSpan LogBound = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Each_of_several_keys_is_a_principal_named_in_log_status_and_access_log()
    {
        using var work = new WorkDirectory();
        await using var echoing = TcpPeer.Echo();
        var (alice, bob) = (await KeyAsync(work, "alice"), await KeyAsync(work, "bob"));
        var access = work.File("access");
        await using var server = await NodeProcess.StartAsync(
            "server", "--key-file", $"alice={alice}", "--key-file", $"bob={bob}", "--state-dir", work.Path, "--listen", "kcp://127.0.0.1:0",
            "--allow-destination", "127.0.0.0/8", "--admin", "127.0.0.1:0", "--access-log", access, "--access-log-format", "json");
        await using var client = await StartClientAsync(server, echoing.Address, "--key-file", bob);

        await Exchange.EchoAsync(client.Tcp, new Content(Seed: 130, 10_000), Limit);

        await server.LogsAsync("(bob) is ready", LogBound);
        var tunnel = Assert.Single((await NodeStatus.OfAsync(server)).Tunnels);
        Assert.Equal("bob", tunnel.GetProperty("principal").GetString());
        await Wait.UntilAsync(() => File.ReadAllText(access).Contains("\"end\"", StringComparison.Ordinal), LogBound, () => "no end was logged");
        using var line = JsonDocument.Parse((await File.ReadAllLinesAsync(access, Limit))[^1]);
        Assert.Equal("bob", line.RootElement.GetProperty("principal").GetString());
    }

    [Fact]
    public async Task A_client_with_another_key_gets_no_tunnel_and_says_what_that_may_mean()
    {
        using var work = new WorkDirectory();
        await using var echoing = TcpPeer.Echo();
        await using var server = await TunnelPair.StartServerAsync(Dialect.Native, port: 0);

        await using var client = await StartClientAsync(server, echoing.Address, "--key-file", await KeyAsync(work, "other"));

        await client.LogsAsync("no answer: wrong key, or nothing there", LogBound);
        Assert.Empty((await NodeStatus.OfAsync(server)).Tunnels);
    }

    [Fact]
    public async Task A_client_that_knows_the_servers_public_key_takes_no_other_server()
    {
        using var work = new WorkDirectory();
        await using var echoing = TcpPeer.Echo();
        var own = await KeyAsync(work, "server");
        var (right, wrong) = (await PublicOfAsync(own), await PublicOfAsync(await KeyAsync(work, "impostor")));
        await using var server = await NodeProcess.StartAsync(
            "server", "--server-key", own, "--listen", "kcp://127.0.0.1:0", "--allow-destination", "127.0.0.0/8", "--admin", "127.0.0.1:0");
        await using var client = await StartClientAsync(server, echoing.Address, "--server-key", right);
        await using var deceived = await StartClientAsync(server, echoing.Address, "--server-key", wrong);

        await Exchange.EchoAsync(client.Tcp, new Content(Seed: 131, 10_000), Limit);
        await deceived.LogsAsync("the server has another one, or somebody forges", LogBound);
    }

    [Fact]
    public async Task A_key_file_that_others_may_read_is_refused()
    {
        using var work = new WorkDirectory();
        var key = await KeyAsync(work, "key");
        File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.GroupRead);

        var result = await CommandResult.OfNodeAsync("server", "--key-file", key, "--listen", "kcp://127.0.0.1:0", "--admin", "127.0.0.1:0");

        Assert.Equal(ConfigurationError, result.ExitCode);
        Assert.Contains("chmod 600", result.Errors);
    }

    [Fact]
    public async Task A_state_directory_that_cannot_be_written_is_refused_when_it_was_asked_for()
    {
        using var work = new WorkDirectory();
        var key = await KeyAsync(work, "key");

        var result = await CommandResult.OfNodeAsync(
            "server", "--key-file", key, "--state-dir", Path.Combine(key, "below-a-file"), "--listen", "kcp://127.0.0.1:0", "--admin", "127.0.0.1:0");

        Assert.Equal(ConfigurationError, result.ExitCode);
        Assert.Contains("--state-dir", result.Errors);
    }

    private static Task<NodeProcess> StartClientAsync(NodeProcess server, IPEndPoint target, params string[] options) => NodeProcess.StartAsync(
        ["client", .. options, "--server", $"kcp://{server.Kcp}", "--forward", $"127.0.0.1:0={target}", "--admin", "127.0.0.1:0"]);

    private static async Task<string> KeyAsync(WorkDirectory work, string name)
    {
        var result = await CommandResult.OfNodeAsync("keygen", "--out", work.File(name));
        Assert.True(result.ExitCode == 0, result.Errors);
        return work.File(name);
    }

    private static async Task<string> PublicOfAsync(string key) => (await CommandResult.OfNodeAsync("keygen", "--public-of", key)).Output.Trim();
}

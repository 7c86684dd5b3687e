using System.Net;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Commands;

/// <summary><c>tcpproxy run</c>: nodes from configuration files, the examples among them.</summary>
public sealed class RunTests : EndToEndTest
{
    private const string AnyPort = "tcp://127.0.0.1:0";

    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task The_example_of_a_relay_relays()
    {
        using var examples = new Examples();
        await using var echoing = TcpPeer.Echo();
        await using var node = await examples.StartAsync(
            "relay.conf", "frontends.web.listen=" + AnyPort, $"upstreams.web.servers=[\"{echoing.Address}\"]");

        await Exchange.EchoAsync(node.Tcp, new Content(Seed: 301, 100_000), Limit);
        var upstream = Assert.Single((await NodeStatus.OfAsync(node)).Root.GetProperty("upstreams").EnumerateArray());
        Assert.Equal("web", upstream.GetProperty("name").GetString());
    }

    [Fact]
    public async Task The_examples_of_a_server_and_a_client_carry_a_connection_between_them()
    {
        using var examples = new Examples();
        await using var echoing = TcpPeer.Echo();
        await using var server = await examples.StartAsync(
            "server.conf", "servers.main.listen=[\"kcp://127.0.0.1:0\", \"tcp://127.0.0.1:0\"]", "servers.main.destinations.allow=[\"127.0.0.0/8\"]");
        await using var client = await examples.StartAsync(
            "client.conf",
            $"tunnels.main.servers=[\"kcp://{server.Kcp},tcp://{server.Tcp}\"]",
            "frontends.web.listen=" + AnyPort, $"frontends.web.to={echoing.Address}",
            "frontends.git.listen=" + AnyPort, $"frontends.git.to=localhost:{echoing.Address.Port}");

        await Exchange.EchoAsync(client.Entries[0], new Content(Seed: 302, 100_000), Limit);
        await server.LogsAsync("tunnels are sealed", Bound);
    }

    [Fact]
    public async Task The_example_of_everything_in_one_process_relays_and_goes_through_its_own_tunnel()
    {
        using var examples = new Examples();
        await using var echoing = TcpPeer.Echo();
        var kcp = FreePort.ForUdp();
        await using var node = await examples.StartAsync(
            "all-in-one.conf",
            $"servers.main.listen=kcp://{kcp}", $"tunnels.main.servers=kcp://{kcp}",
            "frontends.relay.listen=" + AnyPort, $"upstreams.web.servers={echoing.Address}",
            "frontends.tunnelled.listen=" + AnyPort, $"frontends.tunnelled.to={echoing.Address}");

        foreach (var entry in node.Entries)
        {
            await Exchange.EchoAsync(entry, new Content(Seed: 303, 100_000), Limit);
        }

        // A line for each: relayed, into the tunnel, out of the tunnel.
        await Wait.UntilAsync(
            () => node.Output.Count(line => line.Contains(echoing.Address.ToString(), StringComparison.Ordinal)) >= 3, Bound, () => string.Join('\n', node.Output));
    }

    [Fact]
    public async Task The_environment_and_arguments_lie_over_the_files()
    {
        using var work = new WorkDirectory();
        await using var echoing = TcpPeer.Echo();
        await File.WriteAllTextAsync(work.File("a.conf"), $$"""
            tcpproxy {
              node.name = from-file
              upstreams.web.servers = "{{echoing.Address}}"
              frontends.web { listen = "tcp://127.0.0.1:1", upstream = web }
            }
            """);
        await using var node = await NodeProcess.StartAsync(
            "run", "-c", work.File("a.conf"), "--set", "frontends.web.listen=tcp://127.0.0.1:0", "--name", "from-argument", "--admin", "127.0.0.1:0");

        Assert.Equal(IPAddress.Loopback, node.Tcp.Address);
        Assert.Equal("from-argument", (await NodeStatus.OfAsync(node)).Root.GetProperty("node").GetProperty("name").GetString());
        await Exchange.EchoAsync(node.Tcp, new Content(Seed: 304, 1000), Limit);
    }

    [Fact]
    public async Task A_hangup_reads_rules_again_and_a_wrong_file_changes_nothing()
    {
        using var work = new WorkDirectory();
        await using var echoing = TcpPeer.Echo();
        var file = work.File("a.conf");
        await WriteAsync("");
        await using var node = await NodeProcess.StartAsync("run", "-c", file, "--admin", "127.0.0.1:0");
        await Exchange.EchoAsync(node.Tcp, new Content(Seed: 305, 1000), Limit);

        await WriteAsync("rules = [{ deny = nonsense }]");
        node.Send(Signal.HangUp);
        await node.LogsAsync("nothing was changed", Bound);
        await node.LogsAsync("'nonsense' is neither an address nor a network", Bound);
        await Exchange.EchoAsync(node.Tcp, new Content(Seed: 306, 1000), Limit);

        Task WriteAsync(string rules) => File.WriteAllTextAsync(
            file, $"tcpproxy {{ upstreams.web.servers = \"{echoing.Address}\", frontends.web {{ listen = \"{AnyPort}\", upstream = web\n{rules} }} }}");
    }

    /// <summary>The examples of the repository in a directory of their own, with the key that they want beside them.</summary>
    private sealed class Examples : IDisposable
    {
        private readonly WorkDirectory _work = new();

        public Examples()
        {
            foreach (var file in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "hocon")))
            {
                File.Copy(file, _work.File(Path.GetFileName(file)));
            }

            File.WriteAllText(_work.File("key"), Convert.ToBase64String(Enumerable.Repeat((byte)7, 32).ToArray()));
            File.SetUnixFileMode(_work.File("key"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        public Task<NodeProcess> StartAsync(string example, params string[] settings) => NodeProcess.StartAsync(
            ["run", "-c", _work.File(example), "--admin", "127.0.0.1:0", .. settings.SelectMany(setting => new[] { "--set", setting })]);

        public void Dispose() => _work.Dispose();
    }
}

using System.Net;
using System.Net.Sockets;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Traffic;

/// <summary>A server with several keys: each is a principal with rules and a number of streams of its own.</summary>
[Collection(OnlyWaits.Second)]
public sealed class PrincipalTests : EndToEndTest
{
    [Fact]
    public async Task Each_key_goes_only_where_its_own_rules_say()
    {
        using var work = new WorkDirectory();
        await using var echoing = TcpPeer.Echo();
        await using var other = TcpPeer.Echo();
        await using var server = await StartServerAsync(work, $"bob allow=127.0.0.0/8:{other.Address.Port}");
        await using var alice = await StartClientAsync(work, "alice", server, echoing.Address, other.Address);
        await using var bob = await StartClientAsync(work, "bob", server, echoing.Address, other.Address);

        await Exchange.EchoAsync(alice.Entries[0], new Content(Seed: 1, 1000), Limit);
        await Exchange.EchoAsync(alice.Entries[1], new Content(Seed: 2, 1000), Limit);
        await Exchange.EchoAsync(bob.Entries[1], new Content(Seed: 3, 1000), Limit);
        Assert.Equal(SocketError.ConnectionReset, await Exchange.RefusalAsync(bob.Entries[0], Limit));

        await server.LogsAsync("(bob) -> ", TimeSpan.FromSeconds(5));
        await bob.LogsAsync("answered not allowed", TimeSpan.FromSeconds(5));
    }

    [Theory]
    [InlineData("bob max-bytes=1MB/1h", "this principal has used up its bytes for now")]
    [InlineData("bob max-rate=1/s", "this principal opens streams too fast")]
    public async Task Who_has_used_what_he_may_use_is_answered_busy(string principal, string text)
    {
        using var work = new WorkDirectory();
        await using var echoing = TcpPeer.Echo();
        await using var server = await StartServerAsync(work, principal);
        await using var bob = await StartClientAsync(work, "bob", server, echoing.Address);
        await Exchange.EchoAsync(bob.Tcp, new Content(Seed: 4, 600_000), Limit);

        // Bytes count when a stream has ended, and a second may be over meanwhile.
        await Wait.UntilAsync(
            async () =>
            {
                try
                {
                    using var socket = await Dial.ToAsync(bob.Tcp);
                    await Exchange.PingAsync(socket, Limit);
                }
                catch (Exception failure) when (failure is SocketException or IOException or Xunit.Sdk.XunitException)
                {
                    // Refused.
                }

                return bob.Log.Any(line => line.Contains(text, StringComparison.Ordinal));
            },
            TimeSpan.FromSeconds(20),
            () => string.Join('\n', bob.Log));
        Assert.True((await NodeStatus.OfAsync(server)).Root.GetProperty("principals")[0].GetProperty("refused").GetInt64() > 0);
    }

    [Fact]
    public async Task A_key_has_no_more_streams_at_once_than_it_may_and_another_is_not_touched()
    {
        using var work = new WorkDirectory();
        await using var echoing = TcpPeer.Echo();
        await using var server = await StartServerAsync(work, "bob max-streams=2");
        await using var alice = await StartClientAsync(work, "alice", server, echoing.Address);
        await using var bob = await StartClientAsync(work, "bob", server, echoing.Address);
        using var first = await Dial.ToAsync(bob.Tcp);
        using var second = await Dial.ToAsync(bob.Tcp);
        await Exchange.PingAsync(first, Limit);
        await Exchange.PingAsync(second, Limit);

        Assert.Equal(SocketError.ConnectionReset, await Exchange.RefusalAsync(bob.Tcp, Limit));
        await Exchange.EchoAsync(alice.Tcp, new Content(Seed: 4, 1000), Limit);
        first.Reset();

        await Wait.UntilAsync(
            async () => (await NodeStatus.OfAsync(server)).ActiveStreams == 1, TimeSpan.FromSeconds(10), () => "the stream that was reset is still counted");
        await Exchange.EchoAsync(bob.Tcp, new Content(Seed: 5, 1000), Limit);
    }

    [Theory]
    [InlineData("carol max-streams=2", "there is alice, bob")]
    [InlineData("bob streams=2", "'streams=2' is none of these")]
    [InlineData("bob max-streams=0", "'0' is no number from 1")]
    public async Task What_cannot_be_read_is_refused_with_a_sentence(string principal, string sentence)
    {
        using var work = new WorkDirectory();
        var keys = await KeysAsync(work);

        var result = await CommandResult.OfNodeAsync(["server", "--listen", "kcp://127.0.0.1:0", .. keys, "--principal", principal]);

        Assert.Equal(2, result.ExitCode);
        Assert.Contains(sentence, result.Errors, StringComparison.Ordinal);
    }

    private static async Task<string[]> KeysAsync(WorkDirectory work)
    {
        foreach (var name in new[] { "alice", "bob" })
        {
            await CommandResult.OfNodeAsync("keygen", "--out", work.File(name));
        }

        return ["--key-file", $"alice={work.File("alice")}", "--key-file", $"bob={work.File("bob")}"];
    }

    private static async Task<NodeProcess> StartServerAsync(WorkDirectory work, string principal) => await NodeProcess.StartAsync(
    [
        "server", "--listen", "kcp://127.0.0.1:0", "--admin", "127.0.0.1:0", "--allow-destination", "127.0.0.0/8", "--state-dir", work.Path,
        .. await KeysAsync(work), "--principal", principal,
    ]);

    private static Task<NodeProcess> StartClientAsync(WorkDirectory work, string name, NodeProcess server, params IPEndPoint[] targets) => NodeProcess.StartAsync(
    [
        "client", "--server", $"kcp://{server.Kcp}", "--admin", "127.0.0.1:0", "--key-file", work.File(name),
        .. targets.SelectMany(target => new[] { "--forward", $"127.0.0.1:0={target}" }),
    ]);
}

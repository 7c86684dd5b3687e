using System.Net;
using System.Net.Sockets;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Commands;

/// <summary>SIGTERM: nothing new is taken, what runs may finish; a second one: now.</summary>
[Collection(OnlyWaits.First)]
public abstract class DrainTests(Dialect dialect) : EndToEndTest
{
    private static readonly TimeSpan SoonBound = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ExitBound = TimeSpan.FromSeconds(10);
    private static readonly byte[] Greeting = "hello"u8.ToArray();

    public static TheoryData<string> Roles => ["client", "server"];

    [Theory]
    [MemberData(nameof(Roles))]
    public async Task After_SIGTERM_a_running_transfer_finishes_and_the_node_ends_with_0(string role)
    {
        var content = new Content(Seed: 90, 4_000_000);
        var rest = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var peer = new TcpPeer(async (socket, cancellation) =>
        {
            await socket.SendAllAsync(Greeting, cancellation);
            await rest.Task.WaitAsync(cancellation);
            await content.SendAsync(socket, cancellation);
            socket.Shutdown(SocketShutdown.Send);
            await socket.ReadToEndAsync(cancellation);
        });
        await using var tunnel = await TunnelPair.StartAsync(dialect, peer.Address);
        var node = role == "client" ? tunnel.Client : tunnel.Server;
        using (var application = await Dial.ToAsync(tunnel.Entry))
        {
            await application.ReadExactlyAsync(Greeting.Length, Limit);

            node.Send(Signal.Terminate);
            await NothingNewIsTakenAsync(tunnel);
            rest.SetResult();

            Exchange.Check(content, await application.ReadToEndAsync(Limit));
        }

        Assert.Equal(0, await node.ExitAsync(ExitBound));
    }

    [Theory]
    [MemberData(nameof(Roles))]
    public async Task A_second_SIGTERM_ends_the_node_now(string role)
    {
        await using var echoing = TcpPeer.Echo();
        await using var tunnel = await TunnelPair.StartAsync(dialect, echoing.Address);
        var node = role == "client" ? tunnel.Client : tunnel.Server;
        using var application = await Dial.ToAsync(tunnel.Entry);
        await Exchange.PingAsync(application, Limit);

        node.Send(Signal.Terminate);
        await NothingNewIsTakenAsync(tunnel);
        await Exchange.PingAsync(application, Limit);
        Assert.False(node.HasExited, "the node ended at the first signal, with a connection open");
        node.Send(Signal.Terminate);

        await node.ExitAsync(SoonBound);
    }

    [Fact]
    public async Task An_idle_node_ends_at_once_with_0()
    {
        await using var server = await TunnelPair.StartServerAsync(dialect, port: 0);

        server.Send(Signal.Terminate);

        Assert.Equal(0, await server.ExitAsync(SoonBound));
    }

    /// <summary>
    /// Returns when a new connection gets nowhere: a draining client has closed its listener, and what a client accepts for a draining server
    /// waits or is reset, but is not served.
    /// </summary>
    private Task NothingNewIsTakenAsync(TunnelPair tunnel) =>
        Wait.UntilAsync(async () => !await IsServedAsync(tunnel.Entry), SoonBound, () => "new connections are still served");

    private async Task<bool> IsServedAsync(IPEndPoint entry)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Limit);
        patience.CancelAfter(TimeSpan.FromSeconds(1));
        try
        {
            using var late = await Dial.ToAsync(entry);
            await late.SendAllAsync(Greeting, patience.Token);
            return await late.ReceiveAsync(new byte[1], patience.Token) > 0;
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException)
        {
            return false;
        }
    }
}

public sealed class VproxyDrainTests() : DrainTests(Dialect.Vproxy);

public sealed class NativeDrainTests() : DrainTests(Dialect.Native);

/// <summary>The same of a relay, without any tunnel.</summary>
public sealed class RelayDrainTests : EndToEndTest
{
    private static readonly TimeSpan ExitBound = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task A_connection_that_does_not_end_is_ended_when_the_drain_time_is_over()
    {
        await using var talking = new TcpPeer(TalkAsync);
        await using var relay = await StartAsync(talking);
        using var application = await Dial.ToAsync(relay.Tcp);
        await application.ReadExactlyAsync(1, Limit);

        relay.Send(Signal.Terminate);

        Assert.Equal(SocketError.ConnectionReset, (await application.ReadToEndAsync(Limit)).End);
        Assert.Equal(0, await relay.ExitAsync(ExitBound));
    }

    [Fact]
    public async Task A_connection_that_stands_still_is_closed_before_the_drain_time_is_over()
    {
        await using var echoing = TcpPeer.Echo();
        await using var relay = await StartAsync(echoing);
        using var application = await Dial.ToAsync(relay.Tcp);
        await Exchange.PingAsync(application, Limit);

        relay.Send(Signal.Terminate);

        Assert.Equal(SocketError.Success, (await application.ReadToEndAsync(Limit)).End);
        application.Shutdown(SocketShutdown.Send);
        Assert.Equal(0, await relay.ExitAsync(ExitBound));
    }

    private static Task<NodeProcess> StartAsync(TcpPeer peer) => NodeProcess.StartAsync(
        "relay", "--listen", "127.0.0.1:0", "--to", peer.Address.ToString(), "--admin", "127.0.0.1:0", "--drain", "3s");

    // A few bytes again and again, as long as anybody listens.
    private static async Task TalkAsync(Socket socket, CancellationToken cancellation)
    {
        using var beat = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        try
        {
            do
            {
                await socket.SendAllAsync("..."u8.ToArray(), cancellation);
            }
            while (await beat.WaitForNextTickAsync(cancellation));
        }
        catch (SocketException)
        {
            // The relay has ended it.
        }
    }
}

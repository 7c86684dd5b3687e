using System.Net.Sockets;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Traffic;

/// <summary>An abort is not an end: a RST at one side is a RST at the other.</summary>
public abstract class ResetTests(Dialect dialect) : EndToEndTest
{
    private const int GreetingBytes = 5;
    private static readonly byte[] Greeting = "hello"u8.ToArray();

    [Fact]
    public async Task A_reset_by_the_application_arrives_at_the_server_as_a_reset()
    {
        var seen = new TaskCompletionSource<Reading>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var peer = new TcpPeer(async (socket, cancellation) =>
        {
            await socket.SendAllAsync(Greeting, cancellation);
            seen.SetResult(await socket.ReadToEndAsync(cancellation));
        });
        await using var tunnel = await TunnelPair.StartAsync(dialect, peer.Address);
        using var application = await Dial.ToAsync(tunnel.Entry);
        await application.ReadExactlyAsync(GreetingBytes, Limit);

        application.Reset();

        Assert.Equal(SocketError.ConnectionReset, (await seen.Task.WaitAsync(Limit)).End);
    }

    [Fact]
    public async Task A_reset_by_the_server_arrives_at_the_application_as_a_reset()
    {
        await using var peer = new TcpPeer(async (socket, cancellation) =>
        {
            await socket.SendAllAsync(Greeting, cancellation);
            await socket.ReadExactlyAsync(GreetingBytes, cancellation);
            socket.Reset();
        });
        await using var tunnel = await TunnelPair.StartAsync(dialect, peer.Address);
        using var application = await Dial.ToAsync(tunnel.Entry);
        await application.ReadExactlyAsync(GreetingBytes, Limit);

        await application.SendAllAsync(Greeting, Limit);

        Assert.Equal(SocketError.ConnectionReset, (await application.ReadToEndAsync(Limit)).End);
        Assert.Empty(peer.Failures);
    }

    [Fact]
    public async Task A_reset_of_a_half_closed_connection_still_arrives_as_a_reset()
    {
        await using var peer = new TcpPeer(async (socket, cancellation) =>
        {
            await socket.SendAllAsync(Greeting, cancellation);
            var request = await socket.ReadToEndAsync(cancellation);
            Assert.Equal(SocketError.Success, request.End);
            socket.Reset();
        });
        await using var tunnel = await TunnelPair.StartAsync(dialect, peer.Address);
        using var application = await Dial.ToAsync(tunnel.Entry);
        await application.ReadExactlyAsync(GreetingBytes, Limit);

        application.Shutdown(SocketShutdown.Send);

        Assert.Equal(SocketError.ConnectionReset, (await application.ReadToEndAsync(Limit)).End);
        Assert.Empty(peer.Failures);
    }

    [Fact]
    public async Task A_reset_ends_its_own_connection_and_no_other()
    {
        await using var peer = TcpPeer.Echo();
        await using var tunnel = await TunnelPair.StartAsync(dialect, peer.Address);
        using var staying = await Dial.ToAsync(tunnel.Entry);
        await Exchange.PingAsync(staying, Limit);

        for (var round = 0; round < 20; round++)
        {
            using var leaving = await Dial.ToAsync(tunnel.Entry);
            await Exchange.PingAsync(leaving, Limit);
            leaving.Reset();
            await Exchange.PingAsync(staying, Limit);
        }
    }
}

public sealed class VproxyResetTests() : ResetTests(Dialect.Vproxy);

public sealed class NativeResetTests() : ResetTests(Dialect.Native);

using System.Net;
using Proxy.Transport;
using Proxy.Transport.Tests.Contract;

namespace Proxy.TestKit.Tests.Network;

/// <summary>Two hosts with a loop each, and short words for what the tests of this folder do with them.</summary>
public sealed class SimulationFixture
{
    public SimulationFixture(int seed = 1)
    {
        World = new SimulatedWorld(seed);
        Left = World.AddHost("left", "10.0.0.1", "fd00::1");
        Right = World.AddHost("right", "10.0.0.2", "fd00::2");
        LeftLoop = World.CreateLoop(Left, "loop-0");
        RightLoop = World.CreateLoop(Right, "loop-0");
    }

    public SimulatedWorld World { get; }

    public SimulatedHost Left { get; }

    public SimulatedHost Right { get; }

    public SimulatedLoop LeftLoop { get; }

    public SimulatedLoop RightLoop { get; private set; }

    public static TimeSpan Milliseconds(double count) => TimeSpan.FromMilliseconds(count);

    /// <summary>A new loop for the right host, after a restart.</summary>
    public void ReplaceRightLoop() => RightLoop = World.CreateLoop(Right, "loop-1");

    public IUdpEndpoint OpenUdp(
        SimulatedLoop loop, IUdpHandler handler, int port = 0, IPEndPoint? remote = null, UdpOptions? options = null) => loop.Run(() =>
    {
        var local = new IPEndPoint(loop.Host.Addresses[0], port);
        Assert.True(loop.TryOpenUdp(local, remote, options ?? UdpOptions.Default, handler, out var endpoint, out var fault), fault.Text);
        return endpoint;
    });

    /// <summary>Sends <paramref name="count"/> datagrams of 4 bytes, each with its number, one per millisecond.</summary>
    public void SendNumbered(IUdpEndpoint from, IUdpEndpoint to, int count)
    {
        var address = UdpAddress.From(to.LocalEndPoint);
        for (var i = 0; i < count; i++)
        {
            LeftLoop.Run(() => from.Send(BitConverter.GetBytes(i), 4, address));
            World.RunFor(Milliseconds(1));
        }
    }

    public static int[] NumbersOf(RecordingUdpHandler handler) =>
        [.. handler.Datagrams.Select(datagram => BitConverter.ToInt32(datagram.Bytes))];

    public IListener Listen(SimulatedLoop loop, IAcceptHandler handler, int port = 0, TcpOptions? options = null) => loop.Run(() =>
    {
        var local = new IPEndPoint(loop.Host.Addresses[0], port);
        Assert.True(loop.TryListen(local, options ?? TcpOptions.Default, handler, out var listener, out var fault), fault.Text);
        return listener;
    });

    /// <summary>A connection from the left host to the right; both ends receive.</summary>
    public (IChannel Client, IChannel Server) Connect(IChannelHandler client, IChannelHandler server, TcpOptions? options = null)
    {
        var accepting = new RecordingAcceptHandler();
        IChannel? serverChannel = null;
        accepting.WhenAccepted = connection =>
        {
            serverChannel = RightLoop.Adopt(connection, server);
            serverChannel.ResumeReceive();
        };
        var listener = Listen(RightLoop, accepting);
        var clientChannel = LeftLoop.Run(() => LeftLoop.Connect(listener.LocalEndPoint, options ?? TcpOptions.Default, client));
        World.RunUntil(() => serverChannel is not null, TimeSpan.FromSeconds(1));
        LeftLoop.Run(clientChannel.ResumeReceive);
        RightLoop.Run(listener.Close);
        return (clientChannel, serverChannel!);
    }
}

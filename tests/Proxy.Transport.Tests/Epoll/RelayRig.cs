using System.Net;
using Proxy.Transport.Relays;
using Proxy.Transport.Tests.Contract;

namespace Proxy.Transport.Tests.Epoll;

/// <summary>Client and upstream on the first of two epoll loops, relays between them on the second.</summary>
internal sealed class RelayRig(LoopSettings settings) : IDisposable
{
    public LoopbackEnvironment Environment { get; } = new(LoopBackendKind.Epoll, IPAddress.Loopback, settings);

    public IIoLoop Ends => Environment.First;

    public IIoLoop Middle => Environment.Second;

    public long SplicedBytes => Environment.Run(Middle, () => Environment.CountersOf(Middle).SplicedBytes);

    /// <summary>A client and an upstream, connected through a relay; both receive.</summary>
    public RelayedPair Connect(RecordingChannelHandler upstream)
    {
        var client = new RecordingChannelHandler();
        var (clientSide, clientChannel) = ConnectOne(Ends, client, Middle, new RecordingChannelHandler());
        var (upstreamChannel, upstreamSide) = ConnectOne(Middle, new RecordingChannelHandler(), Ends, upstream);
        var observer = new RecordingObserver();
        var relay = Environment.Run(Middle, () =>
        {
            var made = new Relay(Middle, clientSide, upstreamSide, RelaySettings.Default, observer);
            made.Start();
            return made;
        });
        Environment.Run(Ends, () =>
        {
            clientChannel.ResumeReceive();
            upstreamChannel.ResumeReceive();
        });
        return new RelayedPair(clientChannel, client, clientSide, upstreamChannel, upstream, relay, observer);
    }

    public void UntilNothingIsOpen() => Environment.Until(
        () => Environment.CountersOf(Ends).OpenChannels + Environment.CountersOf(Middle).OpenChannels == 0, "no channel is left open");

    public void Dispose() => Environment.Dispose();

    /// <summary>Two ends of one connection: the accepted one and the one that connected.</summary>
    private (IChannel Accepted, IChannel Connected) ConnectOne(
        IIoLoop from, RecordingChannelHandler fromHandler, IIoLoop to, RecordingChannelHandler toHandler)
    {
        IChannel? accepted = null;
        var accepting = new RecordingAcceptHandler { WhenAccepted = connection => accepted = to.Adopt(connection, toHandler) };
        var listener = Environment.Run(to, () =>
        {
            Assert.True(to.TryListen(Environment.AnyPortOf(to), TcpOptions.Default, accepting, out var listening, out _));
            return listening;
        });
        var connected = Environment.Run(from, () => from.Connect(listener.LocalEndPoint, TcpOptions.Default, fromHandler));
        Environment.Until(() => fromHandler.IsConnected && accepting.Accepted.Count == 1, "the connection is made");
        Environment.Run(to, listener.Close);
        return (accepted!, connected);
    }
}

internal sealed record RelayedPair(
    IChannel Client,
    RecordingChannelHandler ClientEvents,
    IChannel ClientSide,
    IChannel Upstream,
    RecordingChannelHandler UpstreamEvents,
    Relay Relay,
    RecordingObserver Observer);

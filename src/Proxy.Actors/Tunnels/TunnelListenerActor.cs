using System.Net;
using Proxy.Kernel;
using Proxy.Kernel.Event;
using Proxy.Protocol.Tunnels;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>
/// A UDP endpoint of a server, in the dialect of vproxy: takes the tunnels that clients open there. States: binding → listening → draining → stopped.
/// </summary>
internal sealed class TunnelListenerActor : ReceiveActor
{
    private readonly NodeEnvironment _environment;
    private readonly LiveServer _server;
    private readonly IPEndPoint _listen;
    private readonly ILoggingAdapter _log;
    private readonly ServerTunnels _tunnels = new("kcp");
    private readonly HalfOpenTunnels _halfOpen;
    private IUdpEndpoint? _endpoint;

    public TunnelListenerActor(NodeEnvironment environment, LiveServer server, IPEndPoint listen)
    {
        _environment = environment;
        _server = server;
        _listen = listen;
        _log = Context.GetLogger();
        _halfOpen = new HalfOpenTunnels(server.Settings.Tunnel.HandshakeTimeout);
    }

    /// <summary>A stranger's datagram opens a tunnel; a copy of it comes along.</summary>
    internal sealed record Open(UdpAddress Peer, byte[] Datagram);

    /// <summary>Takes no new tunnels and lets the streams of the present ones finish; stops after the last.</summary>
    internal sealed record Drain
    {
        public static readonly Drain Instance = new();
    }

    /// <summary>
    /// To a listener of any dialect: the server's settings are others now, for the next tunnel and the next stream.
    /// </summary>
    /// <param name="Revoked">Principals whose key is not good any more: their tunnels drain.</param>
    internal sealed record Change(IReadOnlySet<string> Revoked);

    /// <summary>A tunnel cannot be begun again from this end; its client opens another. The others go on.</summary>
    protected override SupervisorStrategy SupervisorStrategy() => Kernel.SupervisorStrategy.StoppingStrategy;

    protected override void PreStart()
    {
        var loop = ((LoopDispatcher)Context.Dispatcher).Loop;
        var demultiplexer = new TunnelDemultiplexer(Self, loop, _server);
        if (!loop.TryOpenUdp(_listen, null, UdpOptions.Default, demultiplexer, out var endpoint, out var fault))
        {
            Context.Parent.Tell(new NodeActor.BindFailed($"kcp://{_listen}", fault));
            Context.Stop(Self);
            return;
        }

        _endpoint = endpoint;
        Become(() => Listening(loop, endpoint, demultiplexer));
        Context.Parent.Tell(new NodeActor.Bound($"kcp://{endpoint.LocalEndPoint}"));
    }

    protected override void PostStop()
    {
        _endpoint?.Close();
        _tunnels.DisposeLinks();
        Context.Parent.Tell(_tunnels.Left());
    }

    // States

    private void Listening(IIoLoop loop, IUdpEndpoint endpoint, TunnelDemultiplexer demultiplexer)
    {
        Receive<Open>(open => OpenTunnel(loop, endpoint, demultiplexer, open));
        Receive<Terminated>(terminated => _tunnels.HandleEnded(terminated.ActorRef));
        Receive<GetStatus>(_ => Sender.Tell(_tunnels.Status()));
        Receive<Change>(_ => { });
        Receive<Drain>(_ => BeginDraining(demultiplexer));
    }

    private void Draining()
    {
        Receive<Open>(_ => { });
        Receive<Terminated>(terminated =>
        {
            _tunnels.HandleEnded(terminated.ActorRef);
            StopWhenEmpty();
        });
        Receive<GetStatus>(_ => Sender.Tell(_tunnels.Status()));
        Receive<Change>(_ => { });
        Receive<Drain>(_ => { });
    }

    private void OpenTunnel(IIoLoop loop, IUdpEndpoint endpoint, TunnelDemultiplexer demultiplexer, Open open)
    {
        if (!_halfOpen.HasRoom(loop.NowMicroseconds))
        {
            demultiplexer.Forget(open.Peer);
            return;
        }

        var actor = Context.ActorOf(Props.Create(() => new ServerTunnelActor(_server, open.Peer, null)));
        var link = new TunnelLink(loop, TunnelRole.Server, _server.Settings.Tunnel, ((LoopDispatcher)Context.Dispatcher).Pool, new TunnelEvents(actor));
        Context.Watch(actor);
        _tunnels.Add(actor, link, principal: null, () => demultiplexer.Remove(open.Peer, link));
        demultiplexer.Add(open.Peer, link);
        _halfOpen.Add(link, loop.NowMicroseconds);
        actor.Tell(new ServerTunnelActor.Begin(link, "not sealed"));
        link.Start(endpoint, open.Peer);
        link.HandleDatagrams(open.Datagram, open.Datagram.Length, open.Peer);
    }

    private void BeginDraining(TunnelDemultiplexer demultiplexer)
    {
        _log.Info($"kcp://{_listen}: draining {_tunnels.Count} tunnels");
        demultiplexer.StopOpening();
        Become(Draining);
        _tunnels.Drain();
        StopWhenEmpty();
    }

    private void StopWhenEmpty()
    {
        if (_tunnels.Count == 0)
        {
            Context.Stop(Self);
        }
    }
}

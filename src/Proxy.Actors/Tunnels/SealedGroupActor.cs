using System.Net;
using Proxy.Kernel;
using Proxy.Kernel.Event;
using Proxy.Transport;
using Proxy.Transport.HandOver;

namespace Proxy.Actors;

/// <summary>
/// An address at which a server takes sealed tunnels: a socket and a <see cref="SealedListenerActor"/> on each loop, or one where the system does
/// not let sockets share an address. To the node it is one listener. States: opening → listening → draining → stopped.
/// </summary>
internal sealed class SealedGroupActor : ReceiveActor
{
    private readonly NodeEnvironment _environment;
    private readonly LiveServer _server;
    private readonly SealedSecrets _secrets;
    private readonly IPEndPoint _listen;
    private readonly SealedSockets _sockets;
    private readonly List<IActorRef> _listeners = [];
    private readonly ILoggingAdapter _log;

    public SealedGroupActor(NodeEnvironment environment, LiveServer server, SealedSecrets secrets, IPEndPoint listen)
    {
        _environment = environment;
        _server = server;
        _secrets = secrets;
        _listen = listen;
        _sockets = new SealedSockets(environment.Dispatchers.Count);
        _log = Context.GetLogger();
    }

    protected override void PreStart()
    {
        if (!_sockets.MayBeSeveral)
        {
            Become(() => Opening(_listen, url: null));
            Open(_listen);
        }
        else if (_environment.Listening?.BoundOf(ListeningKind.Udp, _listen) is { } given)
        {
            Become(() => Opening(given, url: null));
            Open(given);
        }
        else if (TryFind(out var address, out var fault))
        {
            Become(() => Opening(address, url: null));
            Open(address);
        }
        else
        {
            Context.Parent.Tell(new NodeActor.BindFailed($"kcp://{_listen}", fault));
            Context.Stop(Self);
        }
    }

    protected override void PostStop() => _environment.Generations.Remove(_listen, _sockets);

    // States

    /// <param name="address">Where the sockets are; one after the other, as their order matters.</param>
    /// <param name="url">As the first has it; null before.</param>
    private void Opening(IPEndPoint address, string? url)
    {
        Receive<NodeActor.Bound>(bound =>
        {
            if (_listeners.Count == _environment.Dispatchers.Count)
            {
                BeginListening(url ?? bound.Url);
                return;
            }

            Become(() => Opening(address, url ?? bound.Url));
            Open(address);
        });
        Receive<NodeActor.BindFailed>(failed =>
        {
            _listeners.Remove(Sender);
            if (url is null)
            {
                Context.Parent.Tell(failed);
                Context.Stop(Self);
                return;
            }

            _log.Info($"{url}: no more than {_listeners.Count} of {_environment.Dispatchers.Count} UDP sockets ({failed.Fault.Text})");
            BeginListening(url);
        });
        Receive<Terminated>(_ => { });
        Receive<TunnelListenerActor.Drain>(_ => Context.Stop(Self));
        ReceiveInEveryState();
    }

    private void Listening()
    {
        Receive<NodeActor.Bound>(Context.Parent.Tell);
        Receive<NodeActor.BindFailed>(Context.Parent.Tell);
        Receive<Terminated>(terminated => HandleEnded(terminated.ActorRef));
        Receive<TunnelListenerActor.Drain>(drain =>
        {
            Become(Draining);
            _listeners.ForEach(listener => listener.Tell(drain));
        });
        ReceiveInEveryState();
    }

    private void Draining()
    {
        Receive<NodeActor.Bound>(_ => Sender.Tell(TunnelListenerActor.Drain.Instance));
        Receive<NodeActor.BindFailed>(_ => { });
        Receive<Terminated>(terminated => HandleEnded(terminated.ActorRef));
        Receive<TunnelListenerActor.Drain>(_ => { });
        ReceiveInEveryState();
    }

    private void ReceiveInEveryState()
    {
        Receive<NodeActor.TunnelsLeft>(Context.Parent.Tell);
        Receive<TunnelListenerActor.Change>(change => _listeners.ForEach(listener => listener.Tell(change)));
        Receive<GetStatus>(_ => GatherStatus());
    }

    /// <summary>
    /// Whether nobody else has the address, and which port it is if any will do. To sockets that share, a stranger who shares too would look like
    /// one of them.
    /// </summary>
    private bool TryFind(out IPEndPoint address, out TransportFault fault)
    {
        var options = new UdpOptions { ReceiveBufferBytes = SmallBufferBytes, SendBufferBytes = SmallBufferBytes };
        var isFree = ((LoopDispatcher)Context.Dispatcher).Loop.TryOpenUdp(_listen, null, options, Nobody.Instance, out var endpoint, out fault);
        address = isFree ? endpoint.LocalEndPoint : _listen;
        if (isFree)
        {
            endpoint.Close();
        }

        return isFree;
    }

    private void Open(IPEndPoint address)
    {
        var index = _listeners.Count;
        var props = Props.Create(() => new SealedListenerActor(_environment, _server, _secrets, address, _sockets, index, _listen));
        _listeners.Add(Context.Watch(Context.ActorOf(props.WithDispatcher(_environment.Dispatchers[index]), $"socket-{index}")));
    }

    private void BeginListening(string url)
    {
        _sockets.Settle(_listeners.Count);
        _environment.Generations.Add(_listen, _sockets);
        if (_listeners.Count > 1)
        {
            _listeners[0].Tell(new SealedListenerActor.Steer(_sockets.Steering));
        }

        Become(Listening);
        Context.Parent.Tell(new NodeActor.Bound(url));
    }

    private void HandleEnded(IActorRef listener)
    {
        if (_listeners.Remove(listener) && _listeners.Count == 0)
        {
            Context.Stop(Self);
        }
    }

    private void GatherStatus()
    {
        var (listeners, asker, self) = (_listeners.ToArray(), Sender, Self);
        Context.ActorOf(Props.Create(() => new StatusGatherer(listeners, new ComponentStatus(), asker, self)));
    }

    private const int SmallBufferBytes = 64 << 10;

    private sealed class Nobody : IUdpHandler
    {
        public static readonly Nobody Instance = new();

        public void OnDatagrams(IUdpEndpoint endpoint, Span<byte> datagrams, int segmentSizeBytes, in UdpAddress from)
        {
        }

        public void OnReceiveTurnEnded(IUdpEndpoint endpoint)
        {
        }

        public void OnSendRefused(IUdpEndpoint endpoint, TransportFault fault)
        {
        }
    }
}

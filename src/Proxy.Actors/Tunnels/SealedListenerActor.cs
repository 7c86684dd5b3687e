using System.Net;
using Proxy.Kernel;
using Proxy.Kernel.Event;
using Proxy.Protocol.Sealing.Handshakes;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>
/// One of the UDP sockets that share an address of a server, in the sealed dialect: takes the tunnels of clients that have a key. States:
/// binding → listening → draining → stopped.
/// </summary>
internal sealed class SealedListenerActor : ReceiveActor
{
    private readonly NodeEnvironment _environment;
    private readonly LiveServer _server;
    private readonly SealedSecrets _secrets;
    private readonly IPEndPoint _listen;
    private readonly IPEndPoint _asked;
    private readonly SealedSockets _sockets;
    private readonly int _index;
    private readonly ILoggingAdapter _log;
    private readonly ServerTunnels _tunnels = new("kcp");
    private SealedDemultiplexer? _demultiplexer;
    private IUdpEndpoint? _endpoint;
    private PassedDatagrams? _passed;

    /// <param name="environment">What the node stands on.</param>
    /// <param name="server">Asked anew for each tunnel.</param>
    /// <param name="secrets">The node's.</param>
    /// <param name="listen">The address.</param>
    /// <param name="sockets">Those that share the address.</param>
    /// <param name="index">Of this one among them.</param>
    /// <param name="asked">The address as the settings have it.</param>
    public SealedListenerActor(
        NodeEnvironment environment, LiveServer server, SealedSecrets secrets, IPEndPoint listen, SealedSockets sockets, int index, IPEndPoint asked)
    {
        _asked = asked;
        _sockets = sockets;
        _index = index;
        _environment = environment;
        _server = server;
        _secrets = secrets;
        _listen = listen;
        _log = Context.GetLogger();
    }

    /// <summary>A hello passed every cheap test: half a millisecond of arithmetic is left.</summary>
    internal sealed record Agree(PendingHello Pending, UdpAddress From);

    /// <summary>Something authentic came through the tunnel.</summary>
    internal sealed record Open(SealedTunnel Tunnel);

    /// <summary>All sockets are open: the system is told which datagrams are for which. For the first of them.</summary>
    internal sealed record Steer(UdpSteering Steering);

    private sealed record Agreed(PendingHello Pending, UdpAddress From, string? Failure);

    /// <summary>A tunnel cannot be begun again from this end; its client opens another. The others go on.</summary>
    protected override SupervisorStrategy SupervisorStrategy() => Kernel.SupervisorStrategy.StoppingStrategy;

    protected override void PreStart()
    {
        var dispatcher = (LoopDispatcher)Context.Dispatcher;
        var demultiplexer = new SealedDemultiplexer(
            _environment, _server, _secrets, _sockets, _index, _asked, Self, dispatcher, Context.System);
        _demultiplexer = demultiplexer;
        var options = UdpOptions.Default with { SharePort = _sockets.MayBeSeveral, ListeningAs = _asked };
        if (!dispatcher.Loop.TryOpenUdp(_listen, null, options, demultiplexer, out var endpoint, out var fault))
        {
            Context.Parent.Tell(new NodeActor.BindFailed($"kcp://{_listen}", fault));
            Context.Stop(Self);
            return;
        }

        _endpoint = endpoint;
        _passed = new PassedDatagrams(dispatcher.Loop, demultiplexer, endpoint);
        _sockets.Add(_index, _passed);
        Become(() => Listening(endpoint, demultiplexer));
        Context.Parent.Tell(new NodeActor.Bound($"kcp://{endpoint.LocalEndPoint}"));
    }

    protected override void PostStop()
    {
        if (_passed is { } passed)
        {
            _sockets.Remove(_index, passed);
            passed.Close();
        }

        // Links say their last words first.
        _tunnels.DisposeLinks();
        Context.Parent.Tell(_tunnels.Left());
        _endpoint?.Close();
        _demultiplexer?.Dispose();
    }

    // States

    private void Listening(IUdpEndpoint endpoint, SealedDemultiplexer demultiplexer)
    {
        Receive<Open>(open => OpenTunnel(endpoint, demultiplexer, open.Tunnel));
        Receive<Terminated>(terminated => _tunnels.HandleEnded(terminated.ActorRef));
        Receive<TunnelListenerActor.Drain>(_ => BeginDraining(endpoint, demultiplexer));
        ReceiveAlways(endpoint, demultiplexer);
    }

    private void Draining(IUdpEndpoint endpoint, SealedDemultiplexer demultiplexer)
    {
        Receive<Open>(open => demultiplexer.Remove(open.Tunnel));
        Receive<Terminated>(terminated =>
        {
            _tunnels.HandleEnded(terminated.ActorRef);
            StopWhenEmpty();
        });
        Receive<TunnelListenerActor.Drain>(_ => { });
        ReceiveAlways(endpoint, demultiplexer);
    }

    private void ReceiveAlways(IUdpEndpoint endpoint, SealedDemultiplexer demultiplexer)
    {
        Receive<TunnelListenerActor.Change>(change =>
        {
            demultiplexer.TakeKeys();
            _tunnels.Drain(change.Revoked);
        });
        Receive<Steer>(steer => _log.Info(endpoint.TrySteer(steer.Steering)
            ? $"kcp://{endpoint.LocalEndPoint}: {steer.Steering.Sockets} UDP sockets, one per loop; the kernel gives each datagram to its tunnel's"
            : $"kcp://{endpoint.LocalEndPoint}: {steer.Steering.Sockets} UDP sockets, one per loop; the kernel spreads senders over them"));
        Receive<Agree>(RunAgreement);
        Receive<Agreed>(agreed =>
        {
            if (agreed.Failure is { } failure)
            {
                _log.Error($"kcp://{_listen}: a key agreement failed: {failure}");
            }

            demultiplexer.HandleAgreed(endpoint, agreed.Pending, agreed.From);
        });
        Receive<GetStatus>(_ => Sender.Tell(_tunnels.Status() with { TunnelListeners = [demultiplexer.Status($"kcp://{endpoint.LocalEndPoint}")] }));
    }

    private void RunAgreement(Agree agree)
    {
        var (pending, from) = agree;
        _ = _environment.RunAside(() =>
        {
            pending.Agree();
            return pending;
        }).PipeTo(Self, success: _ => new Agreed(pending, from, null), failure: cause => new Agreed(pending, from, cause.Message));
    }

    private void OpenTunnel(IUdpEndpoint endpoint, SealedDemultiplexer demultiplexer, SealedTunnel tunnel)
    {
        var actor = Context.ActorOf(Props.Create(() => new ServerTunnelActor(_server, tunnel.From, tunnel.Principal)));
        var link = tunnel.OpenLink(((LoopDispatcher)Context.Dispatcher).Loop, new TunnelEvents(actor));
        Context.Watch(actor);
        _tunnels.Add(actor, link, tunnel.Principal, () => demultiplexer.Remove(tunnel));
        actor.Tell(new ServerTunnelActor.Begin(link, $"sealed by {tunnel.CipherName}, datagrams of {link.Native!.PresentDatagramBytes} bytes"));
        link.Start(endpoint, tunnel.From);
    }

    private void BeginDraining(IUdpEndpoint endpoint, SealedDemultiplexer demultiplexer)
    {
        _log.Info($"kcp://{_listen}: draining {_tunnels.Count} tunnels");
        demultiplexer.StopOpening();
        if (_environment.Generations.IsBeingReplaced)
        {
            endpoint.StopReceiving();
        }

        Become(() => Draining(endpoint, demultiplexer));
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

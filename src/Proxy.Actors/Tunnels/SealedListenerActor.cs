using System.Net;
using Proxy.Kernel;
using Proxy.Kernel.Event;
using Proxy.Protocol.Sealing.Handshakes;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>
/// A UDP endpoint of a server, in the sealed dialect: takes the tunnels of clients that have a key. States: binding → listening → draining →
/// stopped.
/// </summary>
internal sealed class SealedListenerActor : ReceiveActor
{
    private readonly NodeEnvironment _environment;
    private readonly LiveServer _server;
    private readonly SealedSecrets _secrets;
    private readonly IPEndPoint _listen;
    private readonly ILoggingAdapter _log;
    private readonly ServerTunnels _tunnels = new("kcp");
    private SealedDemultiplexer? _demultiplexer;
    private IUdpEndpoint? _endpoint;

    public SealedListenerActor(NodeEnvironment environment, LiveServer server, SealedSecrets secrets, IPEndPoint listen)
    {
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

    private sealed record Agreed(PendingHello Pending, UdpAddress From, string? Failure);

    /// <summary>A tunnel cannot be begun again from this end; its client opens another. The others go on.</summary>
    protected override SupervisorStrategy SupervisorStrategy() => Kernel.SupervisorStrategy.StoppingStrategy;

    protected override void PreStart()
    {
        var dispatcher = (LoopDispatcher)Context.Dispatcher;
        var demultiplexer = new SealedDemultiplexer(_environment, _server, _secrets, Self, dispatcher, Context.System);
        _demultiplexer = demultiplexer;
        if (!dispatcher.Loop.TryOpenUdp(_listen, null, UdpOptions.Default, demultiplexer, out var endpoint, out var fault))
        {
            Context.Parent.Tell(new NodeActor.BindFailed($"kcp://{_listen}", fault));
            Context.Stop(Self);
            return;
        }

        _endpoint = endpoint;
        Become(() => Listening(endpoint, demultiplexer));
        Context.Parent.Tell(new NodeActor.Bound($"kcp://{endpoint.LocalEndPoint}"));
    }

    protected override void PostStop()
    {
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
        var actor = Context.ActorOf(Props.Create(() => new ServerTunnelActor(_environment, _server, tunnel.From, tunnel.Principal)));
        var link = tunnel.OpenLink(((LoopDispatcher)Context.Dispatcher).Loop, new TunnelEvents(actor));
        Context.Watch(actor);
        _tunnels.Add(actor, link, tunnel.Principal, () => demultiplexer.Remove(tunnel));
        actor.Tell(new ServerTunnelActor.Begin(link));
        link.Start(endpoint, tunnel.From);
    }

    private void BeginDraining(IUdpEndpoint endpoint, SealedDemultiplexer demultiplexer)
    {
        _log.Info($"kcp://{_listen}: draining {_tunnels.Count} tunnels");
        demultiplexer.StopOpening();
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

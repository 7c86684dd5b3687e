using System.Net;
using Proxy.Kernel;
using Proxy.Kernel.Event;
using Proxy.Protocol.Sealing.Handshakes;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>What the connections of one listener share. For its loop's thread only.</summary>
/// <param name="IsTls">Whether its connections speak TLS; else the bytes are in sealed records.</param>
internal sealed record StreamListenerPlan(
    NodeEnvironment Environment, LiveServer Server, ServerHandshakeSettings Secrets, ServerHandshake Handshake, bool IsTls)
{
    public string Scheme => IsTls ? "tls" : "tcp";
}

/// <summary>
/// A TCP endpoint of a server, in the sealed dialect: takes the tunnels of clients that have a key. States: binding → listening → draining →
/// stopped.
/// </summary>
internal sealed class StreamListenerActor : ReceiveActor
{
    private readonly StreamListenerPlan _plan;
    private readonly SealedSecrets _secrets;
    private readonly IPEndPoint _listen;
    private readonly ILoggingAdapter _log;
    private readonly ServerTunnels _tunnels;
    private readonly Queue<IAcceptedConnection> _accepted = new();
    private IListener? _listener;
    private string _url;
    private int _connections;

    public StreamListenerActor(NodeEnvironment environment, LiveServer server, SealedSecrets secrets, IPEndPoint listen, bool isTls)
    {
        _secrets = secrets;
        var now = ((LoopDispatcher)Context.Dispatcher).Loop.NowMicroseconds;
        _plan = new StreamListenerPlan(
            environment, server, secrets.Handshake, new ServerHandshake(secrets.Handshake, environment.Secrets, now), isTls);
        _listen = listen;
        _url = $"{_plan.Scheme}://{listen}";
        _tunnels = new ServerTunnels(_plan.Scheme);
        _log = Context.GetLogger();
    }

    /// <summary>The sender's connection has become a tunnel.</summary>
    internal sealed record Opened(TunnelLink Link, string Principal);

    /// <summary>One more in the queue: what was accepted is not in a mailbox, where it would be lost with the actor.</summary>
    private sealed record Accepted
    {
        public static readonly Accepted Instance = new();
    }

    /// <summary>A connection cannot be begun again from this end; its client opens another. The others go on.</summary>
    protected override SupervisorStrategy SupervisorStrategy() => Kernel.SupervisorStrategy.StoppingStrategy;

    protected override void PreStart()
    {
        var loop = ((LoopDispatcher)Context.Dispatcher).Loop;
        if (!loop.TryListen(_listen, StreamSockets.Options, new Acceptor(Self, _accepted), out var listener, out var fault))
        {
            Context.Parent.Tell(new NodeActor.BindFailed(_url, fault));
            Context.Stop(Self);
            return;
        }

        _listener = listener;
        _url = $"{_plan.Scheme}://{listener.LocalEndPoint}";
        Become(() => Listening(listener));
        Context.Parent.Tell(new NodeActor.Bound(_url));
    }

    protected override void PostStop()
    {
        _listener?.Close();
        while (_accepted.TryDequeue(out var connection))
        {
            connection.Refuse();
        }

        _tunnels.DisposeLinks();
        Context.Parent.Tell(_tunnels.Left());
    }

    // States

    private void Listening(IListener listener)
    {
        Receive<Accepted>(_ => Take());
        Receive<Opened>(opened => _tunnels.Add(Sender, opened.Link, opened.Principal, static () => { }));
        Receive<Terminated>(terminated => HandleEnded(terminated.ActorRef));
        Receive<GetStatus>(_ => Sender.Tell(Status()));
        Receive<TunnelListenerActor.Change>(TakeChange);
        Receive<TunnelListenerActor.Drain>(_ => BeginDraining(listener));
    }

    private void Draining()
    {
        Receive<Accepted>(_ => { });
        Receive<Opened>(opened =>
        {
            _tunnels.Add(Sender, opened.Link, opened.Principal, static () => { });
            Sender.Tell(ServerTunnelActor.Drain.Instance);
        });
        Receive<Terminated>(terminated =>
        {
            HandleEnded(terminated.ActorRef);
            StopWhenEmpty();
        });
        Receive<GetStatus>(_ => Sender.Tell(Status()));
        Receive<TunnelListenerActor.Change>(TakeChange);
        Receive<TunnelListenerActor.Drain>(_ => { });
    }

    private void TakeChange(TunnelListenerActor.Change change)
    {
        _plan.Handshake.Change(_secrets.Handshake);
        _tunnels.Drain(change.Revoked);
    }

    private void Take()
    {
        if (!_accepted.TryDequeue(out var connection))
        {
            // Told to an earlier instance of this actor, which has refused it.
            return;
        }

        if (_connections >= _plan.Server.Settings.MaximumTunnels || _connections - _tunnels.Count >= MaximumHalfOpen)
        {
            connection.Refuse();
            return;
        }

        _connections++;
        var plan = _plan;
        Context.Watch(Context.ActorOf(Props.Create(() => new StreamServerActor(plan, connection))));
    }

    private void HandleEnded(IActorRef connection)
    {
        _connections--;
        _tunnels.HandleEnded(connection);
    }

    private void BeginDraining(IListener listener)
    {
        _log.Info($"{_url}: draining {_tunnels.Count} tunnels");
        listener.Close();
        while (_accepted.TryDequeue(out var connection))
        {
            connection.Refuse();
        }

        Become(Draining);
        foreach (var connection in Context.Children)
        {
            connection.Tell(ServerTunnelActor.Drain.Instance);
        }

        StopWhenEmpty();
    }

    private ComponentStatus Status() => _tunnels.Status() with
    {
        TunnelListeners =
        [
            new TunnelListenerStatus(
                _url,
                _connections - _tunnels.Count,
                HelloCounts.Of(_plan.Handshake),
                ResetsSent: 0,
                DatagramsIgnored: 0),
        ],
    };

    private void StopWhenEmpty()
    {
        if (_connections == 0)
        {
            Context.Stop(Self);
        }
    }

    // Each may be anybody, for as long as a handshake may take.
    private const int MaximumHalfOpen = 1000;

    private sealed class Acceptor(IActorRef actor, Queue<IAcceptedConnection> accepted) : IAcceptHandler
    {
        public void OnAccepted(IAcceptedConnection connection)
        {
            accepted.Enqueue(connection);
            actor.Tell(Accepted.Instance, ActorRefs.NoSender);
        }

        public void OnAcceptFailed(TransportFault fault)
        {
            // The listener tries again by itself; the node's own listeners say what is wrong.
        }
    }
}

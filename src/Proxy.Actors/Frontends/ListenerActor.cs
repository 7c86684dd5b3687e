using System.Net;
using Proxy.Kernel;
using Proxy.Kernel.Event;
using Proxy.Policy.Limits;
using Proxy.Policy.Rules;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>What a listener needs to know of its frontend.</summary>
internal sealed record FrontendPlan(
    string Name, IPEndPoint Listen, string Target, GateSettings Gate, FrontendCounters Counters, Func<IAcceptedConnection, Props> Connection);

/// <summary>
/// A TCP listener that takes users' traffic and gives each connection an actor of its own. States: binding → listening → draining → stopped.
/// </summary>
internal sealed class ListenerActor : ReceiveActor
{
    private readonly FrontendPlan _plan;
    private readonly ILoggingAdapter _log;
    private readonly Dictionary<IActorRef, AdmissionLease> _connections = [];
    private readonly FrontendGate _gate;
    private readonly Queue<IAcceptedConnection> _accepted = new();
    private ITcpListener? _listener;
    private string _url;
    private long _total;

    public ListenerActor(FrontendPlan plan)
    {
        _plan = plan;
        _url = $"tcp://{plan.Listen}";
        _log = Context.GetLogger();
        _gate = new FrontendGate(plan.Gate, Loop.NowMicroseconds);
    }

    /// <summary>Stops accepting, lets connections finish, and stops after the last.</summary>
    internal sealed record Drain
    {
        public static readonly Drain Instance = new();
    }

    /// <summary>One more in the queue: what was accepted is not in a mailbox, where it would be lost with the actor.</summary>
    private sealed record Accepted
    {
        public static readonly Accepted Instance = new();
    }

    private sealed record AcceptFailed(TransportFault Fault);

    private IIoLoop Loop => ((LoopDispatcher)Context.Dispatcher).Loop;

    /// <summary>A connection is one of its kind: what failed cannot be begun again, its sockets are gone. The others go on.</summary>
    protected override SupervisorStrategy SupervisorStrategy() => Kernel.SupervisorStrategy.StoppingStrategy;

    protected override void PreStart()
    {
        if (!Loop.TryListen(_plan.Listen, TcpOptions.Default, new Acceptor(Self, _accepted), out var listener, out var fault))
        {
            Context.Parent.Tell(new NodeActor.BindFailed(_url, fault));
            Context.Stop(Self);
            return;
        }

        _listener = listener;
        _url = $"tcp://{listener.LocalEndPoint}";
        Become(() => Listening(listener));
        Context.Parent.Tell(new NodeActor.Bound(_url));
    }

    protected override void PostStop()
    {
        _listener?.Close();
        RefuseAccepted();
    }

    // States

    private void Listening(ITcpListener listener)
    {
        Receive<Accepted>(_ => HandleAccepted());
        Receive<AcceptFailed>(failed => _log.Warning($"{_url}: cannot accept: {failed.Fault}; trying again in a moment"));
        Receive<Terminated>(terminated => HandleGone(terminated.ActorRef));
        Receive<GetStatus>(_ => Sender.Tell(Status("listening")));
        Receive<Drain>(_ =>
        {
            _log.Info($"{_url}: draining {_connections.Count} connections");
            listener.Close();
            Become(Draining);
            StopWhenEmpty();
        });
    }

    private void Draining()
    {
        Receive<Accepted>(_ => RefuseAccepted());
        Receive<AcceptFailed>(_ => { });
        Receive<Terminated>(terminated =>
        {
            HandleGone(terminated.ActorRef);
            StopWhenEmpty();
        });
        Receive<GetStatus>(_ => Sender.Tell(Status("draining")));
        Receive<Drain>(_ => { });
    }

    private void HandleAccepted()
    {
        if (!_accepted.TryDequeue(out var connection))
        {
            // Told to an earlier instance of this actor, which has refused it.
            return;
        }

        var source = NetworkAddress.From(connection.RemoteEndPoint.Address);
        if (!_gate.TryEnter(source, Context.System.TimeProvider.GetUtcNow(), Loop.NowMicroseconds, out var lease, out var refusal))
        {
            _log.Debug($"{_url}: refused {connection.RemoteEndPoint}: {refusal}");
            connection.Refuse();
            return;
        }

        _total++;
        _connections.Add(Context.Watch(Context.ActorOf(_plan.Connection(connection))), lease);
    }

    private void HandleGone(IActorRef connection)
    {
        if (_connections.Remove(connection, out var lease))
        {
            _gate.Leave(lease);
        }
    }

    private void RefuseAccepted()
    {
        while (_accepted.TryDequeue(out var connection))
        {
            connection.Refuse();
        }
    }

    private void StopWhenEmpty()
    {
        if (_connections.Count == 0)
        {
            Context.Stop(Self);
        }
    }

    private ComponentStatus Status(string state)
    {
        var count = new StreamCount(_connections.Count, _total);
        var (fromClients, toClients) = _plan.Counters.Bytes();
        var refusals = _gate.Refusals();
        var refused = refusals.Sum(refusal => refusal.Count);
        return new ComponentStatus
        {
            Frontends = [new FrontendStatus(_plan.Name, _url, _plan.Target, state, count, refused, refusals, fromClients, toClients)],
            Connections = count,
        };
    }

    private sealed class Acceptor(IActorRef owner, Queue<IAcceptedConnection> accepted) : IAcceptHandler
    {
        public void OnAccepted(IAcceptedConnection connection)
        {
            accepted.Enqueue(connection);
            owner.Tell(Accepted.Instance, ActorRefs.NoSender);
        }

        public void OnAcceptFailed(TransportFault fault) => owner.Tell(new AcceptFailed(fault), ActorRefs.NoSender);
    }
}

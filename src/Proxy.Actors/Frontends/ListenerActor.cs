using Proxy.Cluster.Bans;
using System.Net;
using Proxy.Kernel;
using Proxy.Kernel.Event;
using Proxy.Policy.Limits;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>What a listener needs to know of its frontend. Immutable; a listener takes another one while it runs.</summary>
/// <param name="Node">The maximum of connections that all frontends of the node share.</param>
/// <param name="Connection">Makes the actor of a connection; null: who comes waits for the plan that follows.</param>
internal sealed record FrontendPlan(
    string Name,
    IPEndPoint Listen,
    string Target,
    GateSettings Gate,
    ConnectionBudget Node,
    FrontendCounters Counters,
    Func<IAcceptedConnection, Props>? Connection)
{
    /// <summary>What is spoken, for URLs.</summary>
    public string Scheme { get; init; } = "tcp";

    /// <summary>Whether senders of datagrams are its connections; they stay on the listener's loop.</summary>
    public bool IsUdp => Scheme is "udp" or "chain+udp" or "tproxy+udp";

    /// <summary>Whether it takes what the packet filter gives it, wherever that was going.</summary>
    public bool IsTransparent => Scheme is "tproxy" or "tproxy+udp";

    /// <summary>What the cluster shares; the plan that a listener begins with has the say. Null: nothing.</summary>
    public SharedGate? Shared { get; init; }

    /// <summary>Who is turned away whatever the rules say; the plan that a listener begins with has the say. Null: nobody.</summary>
    public BanBoard? Bans { get; init; }

    /// <summary>To be bound, and to serve nobody until another plan comes: whether the node gets as far as that is not known yet.</summary>
    public static FrontendPlan ToBind(FrontendSettings settings, ConnectionBudget node, ClusterDoor cluster) =>
        new(settings.Name, settings.Listen, "", GateSettings.Of(settings), node, new FrontendCounters(), Connection: null)
        {
            Scheme = settings.Scheme,
            Shared = SharedGate.TryCreate(settings, cluster),
            Bans = cluster.Bans,
        };
}

/// <summary>
/// A listener that takes users' traffic, TCP or UDP, and gives each connection, or sender, an actor of its own. States: binding → (held) → listening → draining →
/// stopped.
/// </summary>
internal sealed partial class ListenerActor : ReceiveActor
{
    private readonly ILoggingAdapter _log;
    private readonly Dictionary<IActorRef, AdmissionLease> _connections = [];
    private readonly FrontendGate _gate;
    private readonly RefusalReport _report = new();
    private readonly Queue<IAcceptedConnection> _accepted = new();
    private FrontendPlan _plan;
    private IListener? _listener;
    private string _url;
    private long _total;

    public ListenerActor(FrontendPlan plan)
    {
        _plan = plan;
        _url = $"{plan.Scheme}://{plan.Listen}";
        _log = Context.GetLogger();
        _gate = new FrontendGate(plan.Gate, plan.Node, Context.System.TimeProvider, Loop.NowMicroseconds, plan.Shared, plan.Bans);
    }

    /// <summary>Stops accepting, turns away who waits, lets connections finish, and stops after the last.</summary>
    internal sealed record Drain
    {
        public static readonly Drain Instance = new();
    }

    /// <summary>
    /// Another plan from now on: who comes is served under it. Connections that live are left alone, and count for its limits.
    /// </summary>
    internal sealed record Change(FrontendPlan Plan);

    private enum Timer
    {
        QueueMoves,
    }

    private IIoLoop Loop => ((LoopDispatcher)Context.Dispatcher).Loop;

    /// <summary>A connection is one of its kind: what failed cannot be begun again, its sockets are gone. The others go on.</summary>
    protected override SupervisorStrategy SupervisorStrategy() => Kernel.SupervisorStrategy.StoppingStrategy;

    protected override void PreStart()
    {
        if (!TryBind(out var listener, out var fault))
        {
            Context.Parent.Tell(new NodeActor.BindFailed(_url, fault));
            Context.Stop(Self);
            return;
        }

        _listener = listener;
        _url = $"{_plan.Scheme}://{listener.LocalEndPoint}";
        if (_plan.Connection is null)
        {
            Become(() => Held(listener));
        }
        else
        {
            BeginListening(listener);
        }

        Context.Parent.Tell(new NodeActor.Bound(_url));
    }

    protected override void PostStop()
    {
        _listener?.Close();
        DismissAll();
        foreach (var lease in _connections.Values)
        {
            // The node's total outlives this actor.
            _gate.Leave(lease);
        }

        ReportTheRest();
    }

    // States

    /// <summary>Bound, and not in force yet: who comes stays where it is, and is served or refused with all the rest.</summary>
    private void Held(IListener listener)
    {
        Receive<Accepted>(_ =>
        {
            if (_accepted.Count > MaximumHeld)
            {
                Refuse(_accepted.Dequeue(), _gate.Dismiss());
            }
        });
        Receive<AcceptFailed>(_ => { });
        Receive<Change>(change =>
        {
            TakePlan(change.Plan);
            BeginListening(listener);
            for (var waiting = _accepted.Count; waiting > 0; waiting--)
            {
                HandleAccepted();
            }
        });
        Receive<Drain>(_ => Context.Stop(Self));
        ReceiveInEveryState("binding");
    }

    private void Listening(IListener listener)
    {
        Receive<Accepted>(_ => HandleAccepted());
        Receive<AcceptFailed>(failed => _log.Warning($"{_url}: cannot accept: {failed.Fault}; trying again in a moment"));
        Receive<Timer>(_ => ServeWaiting());
        Receive<Terminated>(terminated =>
        {
            HandleGone(terminated.ActorRef);
            ServeWaiting();
        });
        Receive<Change>(change =>
        {
            TakePlan(change.Plan);
            WarnOfCoveredRules(_plan.Gate.Rules);
            ServeWaiting();
        });
        Receive<Drain>(_ =>
        {
            _log.Info($"{_url}: draining {_connections.Count} connections");
            listener.Close();
            ServeAccepted();
            Context.Timers.Cancel(Timer.QueueMoves);
            DismissAll();
            Become(Draining);
            StopWhenEmpty();
        });
        ReceiveInEveryState("listening");
    }

    private void Draining()
    {
        Receive<Accepted>(_ => DismissAll());
        Receive<AcceptFailed>(_ => { });
        Receive<Terminated>(terminated =>
        {
            HandleGone(terminated.ActorRef);
            StopWhenEmpty();
        });
        Receive<Change>(_ => { });
        Receive<Drain>(_ => { });
        ReceiveInEveryState("draining");
    }

    private void ReceiveInEveryState(string state)
    {
        Receive<ClientNamed>(named => HandleNamed(named.Client));
        Receive<ReportDue>(due => HandleReportDue(due.Reason));
        Receive<GetStatus>(_ => Sender.Tell(Status(state)));
    }

    /// <summary>The one place where the socket comes from.</summary>
    private bool TryBind(out IListener listener, out TransportFault fault) => _plan.IsUdp
        ? UdpListener.TryListen(Loop, _plan.Listen, _plan.IsTransparent, new Acceptor(Self, _accepted), out listener, out fault)
        : Loop.TryListen(_plan.Listen, TcpOptions.Default with { IsTransparent = _plan.IsTransparent }, new Acceptor(Self, _accepted), out listener, out fault);

    private void BeginListening(IListener listener)
    {
        WarnOfCoveredRules(_plan.Gate.Rules);
        Become(() => Listening(listener));
    }

    private void TakePlan(FrontendPlan plan)
    {
        _plan = plan;
        _gate.Change(plan.Gate, Loop.NowMicroseconds);
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
            Frontends =
            [
                new FrontendStatus(_plan.Name, _url, _plan.Target, state, count, refused, refusals, fromClients, toClients) { Waiting = _gate.WaitingCount },
            ],
            Connections = count,
        };
    }

    // While others are bound, a moment; the kernel's own queue is no longer.
    private const int MaximumHeld = 4096;
}

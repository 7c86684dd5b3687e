using Proxy.Kernel;
using Proxy.Kernel.Event;
using Proxy.Policy.Limits;
using Proxy.Policy.Rules;
using Proxy.Protocol.Chains;
using Proxy.Protocol.Ends;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>
/// One node: makes its roles' actors from its settings, knows when all listeners are bound, gathers their status, and drains them in order:
/// first what takes users' traffic, then the tunnels. States: idle → starting → running → draining → stopped.
/// </summary>
public sealed partial class NodeActor : ReceiveActor
{
    private readonly NodeEnvironment _environment;
    private readonly NodeSettings _settings;
    private readonly ILoggingAdapter _log;
    private readonly ConnectionIds _ids = new();
    private readonly ConnectionAccessLog? _accessLog;
    private readonly List<Frontend> _frontends = [];
    private readonly ConnectionBudget _connections;
    private readonly List<IActorRef> _listeners = [];
    private readonly Dictionary<string, IActorRef> _relays = new(StringComparer.Ordinal);
    private readonly List<IActorRef> _upstreams = [];
    private IActorRef? _pool;
    private SealedSecrets? _secrets;
    private TunnelTotals _tunnelsLeft = TunnelTotals.None;

    public NodeActor(NodeEnvironment environment, NodeSettings settings)
    {
        _environment = environment;
        _settings = settings;
        _connections = new ConnectionBudget(settings.MaximumConnections ?? int.MaxValue);
        _log = Context.GetLogger();
        _accessLog = settings.AccessLog is { } accessLog ? new ConnectionAccessLog(accessLog) : null;
        Idle();
    }

    /// <summary>Binds every listener; answered by <see cref="Started"/> or <see cref="StartFailed"/>.</summary>
    public sealed record Start
    {
        public static readonly Start Instance = new();
    }

    /// <summary>All listeners are bound.</summary>
    /// <param name="Urls">One per listener, in the order of the settings: <c>kcp://127.0.0.1:4000</c>.</param>
    public sealed record Started(IReadOnlyList<string> Urls);

    /// <summary>A listener could not be bound; the node stops.</summary>
    public sealed record StartFailed(string Text);

    /// <summary>Takes nothing new and lets the rest finish; the actor stops after the last. However long: the asker has the deadline.</summary>
    public sealed record Drain
    {
        public static readonly Drain Instance = new();
    }

    /// <summary>
    /// Rules and limits of the relays as these settings have them, from now on; connections that live are left alone. Nothing else of the
    /// settings is looked at, and relays that are not there are passed over. The files of certificates are looked at, too.
    /// </summary>
    public sealed record ChangeGates(NodeSettings Settings);

    /// <summary>The sender stops; what its tunnels have counted goes on to count.</summary>
    internal sealed record TunnelsLeft(TunnelTotals Totals);

    internal sealed record Bound(string Url);

    internal sealed record BindFailed(string Url, TransportFault Fault);

    protected override void PostStop() => _secrets?.Dispose();

    // States

    private void Idle() => Receive<Start>(_ =>
    {
        StartListeners();
        var urls = new string?[_listeners.Count];
        Become(() => Starting(Sender, urls));
        RunWhenBound(Sender, urls);
    });

    private void Starting(IActorRef starter, string?[] urls)
    {
        Receive<Bound>(bound =>
        {
            urls[_listeners.IndexOf(Sender)] = bound.Url;
            RunWhenBound(starter, urls);
        });
        Receive<BindFailed>(failed =>
        {
            starter.Tell(new StartFailed($"cannot listen on {failed.Url}: {failed.Fault}"));
            Context.Stop(Self);
        });
        Receive<Terminated>(_ => { });
        Receive<Drain>(_ => Context.Stop(Self));
        Receive<GetStatus>(_ => GatherStatus());
        Receive<TunnelsLeft>(left => _tunnelsLeft = _tunnelsLeft.Plus(left.Totals));
    }

    private void Running()
    {
        Receive<GetStatus>(_ => GatherStatus());
        Receive<TunnelsLeft>(left => _tunnelsLeft = _tunnelsLeft.Plus(left.Totals));
        Receive<Terminated>(terminated =>
        {
            _log.Error($"{terminated.ActorRef.Path} has stopped, which nobody asked for");
            Forget(terminated.ActorRef);
        });
        Receive<ChangeGates>(change => HandleChangeGates(change.Settings));
        Receive<Bound>(bound => _log.Warning($"{bound.Url}: listening again after a failure"));
        Receive<BindFailed>(failed => _log.Error($"cannot listen on {failed.Url} again: {failed.Fault}"));
        Receive<Drain>(_ =>
        {
            Become(Draining);
            foreach (var listener in _listeners)
            {
                listener.Tell(DrainOf(listener));
            }

            GoOnDraining();
        });
    }

    private void Draining()
    {
        Receive<ChangeGates>(change => HandleChangeGates(change.Settings));
        Receive<GetStatus>(_ => GatherStatus());
        Receive<TunnelsLeft>(left => _tunnelsLeft = _tunnelsLeft.Plus(left.Totals));
        Receive<Terminated>(terminated =>
        {
            Forget(terminated.ActorRef);
            GoOnDraining();
        });
        Receive<Bound>(_ => Sender.Tell(DrainOf(Sender)));
        Receive<BindFailed>(_ => { });
        Receive<Drain>(_ => { });
    }

    private void RunWhenBound(IActorRef starter, string?[] urls)
    {
        if (Array.TrueForAll(urls, url => url is not null))
        {
            Become(Running);
            starter.Tell(new Started(urls!));
        }
    }

    private void HandleChangeGates(NodeSettings settings)
    {
        _certificates.ForEach(certificates => certificates.Tell(CertificateActor.Look.Instance));
        foreach (var relay in settings.Relays)
        {
            if (_relays.TryGetValue(relay.Name, out var listener))
            {
                listener.Tell(new ListenerActor.ChangeGate(GateOf(relay)));
            }
        }
    }

    private void Forget(IActorRef component)
    {
        _listeners.Remove(component);
        if (component == _pool)
        {
            _pool = null;
        }
    }

    private void GoOnDraining()
    {
        if (_listeners.Count > 0)
        {
            return;
        }

        if (_pool is null)
        {
            Context.Stop(Self);
        }
        else
        {
            _pool.Tell(TunnelPoolActor.Drain.Instance);
        }
    }

    private object DrainOf(IActorRef listener) =>
        listener.Path.Name.StartsWith(TunnelListenerName, StringComparison.Ordinal) ? TunnelListenerActor.Drain.Instance : ListenerActor.Drain.Instance;

    private void StartListeners()
    {
        if (_settings.Server is { } server)
        {
            var egress = CreateFrontend("egress", principals: new PrincipalStreams(server));
            _secrets = server.Native is { } native ? new SealedSecrets(native, _environment.Secrets, Context.System.TimeProvider.GetUtcNow()) : null;
            foreach (var listen in server.Listen)
            {
                var props = _secrets is { } secrets
                    ? Props.Create(() => new SealedListenerActor(_environment, server, secrets, egress, listen))
                    : Props.Create(() => new TunnelListenerActor(_environment, server, egress, listen));
                AddListener(props, TunnelListenerName, _listeners.Count);
            }

            StartStreamListeners(server, egress);
        }

        foreach (var relay in _settings.Relays)
        {
            var plan = PlanOf(relay, StartUpstreams(relay));
            _relays[relay.Name] = AddListener(Props.Create(() => new ListenerActor(plan)), "relay", _listeners.Count);
        }

        if (_settings.Client is { } client)
        {
            StartClient(client);
        }
    }

    private void StartClient(ClientSettings client)
    {
        // A tunnel and the connections that go through it share one loop, so that bytes pass between them by span.
        var dispatcher = _environment.Dispatchers[0];
        var pool = Context.ActorOf(Props.Create(() => new TunnelPoolActor(_environment, client)).WithDispatcher(dispatcher), "tunnels");
        _pool = Context.Watch(pool);
        foreach (var forward in client.Forwards)
        {
            var plan = PlanOf(forward, pool);
            AddListener(Props.Create(() => new ListenerActor(plan)), "forward", 0);
        }
    }

    private IActorRef AddListener(Props props, string name, int loop)
    {
        var listener = Context.Watch(Context.ActorOf(props.WithDispatcher(DispatcherOf(loop)), $"{name}-{_listeners.Count}"));
        _listeners.Add(listener);
        return listener;
    }

    private LoopDispatcher DispatcherOf(int loop) => _environment.Dispatchers[loop % _environment.Dispatchers.Count];

    private FrontendPlan PlanOf(RelayFrontendSettings relay, RelayUpstreams upstreams)
    {
        var frontend = CreateFrontend(relay.Name, FrontendInspection.TryCreate(relay, _environment.Dispatchers[0].Loop));
        var next = 0u;
        return new FrontendPlan(relay.Name, relay.Listen, relay.TargetText, GateOf(relay), _connections, frontend.Counters, accepted =>
        {
            // Connections go round the loops; each lives on its loop from here on.
            var dispatcher = _environment.Dispatchers[(int)(next++ % (uint)_environment.Dispatchers.Count)];
            return Props.Create(() => new RelayConnectionActor(accepted, frontend, relay, upstreams)).WithDispatcher(dispatcher);
        });
    }

    private static GateSettings GateOf(RelayFrontendSettings relay) => new(relay.Rules, relay.Limits) { Proxies = relay.ProxyProtocol.TrustedSenders };

    private FrontendPlan PlanOf(ForwardSettings forward, IActorRef pool)
    {
        var frontend = CreateFrontend(forward.Name);
        var gate = new GateSettings(AccessRules.AllowAll, new AdmissionSettings { MaximumConnections = forward.MaximumConnections });
        return new FrontendPlan(forward.Name, forward.Listen, forward.TargetText, gate, _connections, frontend.Counters, accepted =>
            Props.Create(() => new TunnelConnectionActor(accepted, frontend, forward, pool)));
    }

    private Frontend CreateFrontend(string name, FrontendInspection? inspection = null, PrincipalStreams? principals = null)
    {
        var frontend = new Frontend(name, _ids, _log, _accessLog, inspection) { Principals = principals };
        _frontends.Add(frontend);
        if (_settings.AccessLog is { } settings && settings.Interval > TimeSpan.Zero && settings.Events.HasFlag(AccessLogEvents.Live))
        {
            Context.ActorOf(
                Props.Create(() => new LiveLogActor(frontend.Counters, _accessLog!, settings.Interval)).WithDispatcher(_environment.Dispatchers[0]));
        }

        return frontend;
    }

    private void GatherStatus()
    {
        IReadOnlyList<IActorRef> components = _pool is null ? [.. _listeners, .. _upstreams] : [.. _listeners, .. _upstreams, _pool];
        var own = new ComponentStatus
        {
            TunnelTotals = _tunnelsLeft,
            Live = [.. _frontends.SelectMany(LiveOf)],
            Tls = [.. _frontends.Select(frontend => frontend.Tls.Status(frontend.Name))],
        };
        var asker = Sender;
        Context.ActorOf(Props.Create(() => new StatusGatherer(components, own, asker)));
    }

    private IEnumerable<ConnectionStatus> LiveOf(Frontend frontend)
    {
        var now = _environment.Dispatchers[0].Loop.NowMicroseconds;
        return frontend.Counters.Live(MaximumLiveShown).Select(record => new ConnectionStatus(
            record.Id,
            record.Frontend,
            record.Client.ToString(),
            record.Server,
            record.Phase.Text(),
            Math.Max(0, Math.Round(record.Duration(now).TotalSeconds, 3)),
            record.BytesFromClient,
            record.BytesFromUpstream));
    }

    // Of each frontend: enough to look at, and no burden with ten thousand of them.
    private const int MaximumLiveShown = 100;
}

using Proxy.Kernel;
using Proxy.Kernel.Event;
using Proxy.Policy.Limits;
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
    /// Rules and limits of the frontends as these settings have them, from now on; connections that live are left alone. Nothing else of the
    /// settings is looked at, and frontends that are not there are passed over. The files of certificates are looked at, too.
    /// </summary>
    public sealed record ChangeGates(NodeSettings Settings);

    /// <summary>The sender stops; what its tunnels have counted goes on to count.</summary>
    internal sealed record TunnelsLeft(TunnelTotals Totals);

    internal sealed record Bound(string Url);

    internal sealed record BindFailed(string Url, TransportFault Fault);

    protected override void PostStop() => _secrets.ForEach(secrets => secrets.Dispose());

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
            _environment.Own.Add(bound.Url);
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
        Receive<Bound>(bound =>
        {
            _environment.Own.Add(bound.Url);
            _log.Warning($"{bound.Url}: listening again after a failure");
        });
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
        foreach (var frontend in settings.Frontends)
        {
            if (_frontendListeners.TryGetValue(frontend.Name, out var listener))
            {
                listener.Tell(new ListenerActor.ChangeGate(GateOf(frontend)));
            }
        }
    }

    private void Forget(IActorRef component)
    {
        _listeners.Remove(component);
        _poolActors.Remove(component);
    }

    private void GoOnDraining()
    {
        if (_listeners.Count > 0)
        {
            return;
        }

        if (_poolActors.Count == 0)
        {
            Context.Stop(Self);
        }

        foreach (var pool in _poolActors)
        {
            pool.Tell(TunnelPoolActor.Drain.Instance);
        }
    }

    private object DrainOf(IActorRef listener) =>
        listener.Path.Name.StartsWith(TunnelListenerName, StringComparison.Ordinal) ? TunnelListenerActor.Drain.Instance : ListenerActor.Drain.Instance;

    private void StartListeners()
    {
        foreach (var server in _settings.Servers)
        {
            StartServer(server);
        }

        foreach (var upstream in _settings.Upstreams)
        {
            StartUpstream(upstream);
        }

        foreach (var pool in _settings.Tunnels)
        {
            StartPool(pool);
        }

        foreach (var chains in _settings.ChainSets)
        {
            StartChainSet(chains);
        }

        foreach (var frontend in _settings.Frontends)
        {
            StartFrontend(frontend);
        }
    }

    private IActorRef AddListener(Props props, string name, int loop)
    {
        var listener = Context.Watch(Context.ActorOf(props.WithDispatcher(DispatcherOf(loop)), $"{name}-{_listeners.Count}"));
        _listeners.Add(listener);
        return listener;
    }

    private LoopDispatcher DispatcherOf(int loop) => _environment.Dispatchers[loop % _environment.Dispatchers.Count];

    private Frontend CreateFrontend(string name, string target, FrontendInspection? inspection = null, PrincipalStreams? principals = null)
    {
        var frontend = new Frontend(name, target, _ids, _log, _accessLog, inspection) { Principals = principals };
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
        IReadOnlyList<IActorRef> components =
            [.. _listeners, .. _upstreams.Values.Select(upstream => upstream.Actor), .. _poolActors, .. _chainSets.Values];
        var own = new ComponentStatus
        {
            TunnelTotals = _tunnelsLeft,
            Live = [.. _frontends.SelectMany(LiveOf)],
            Tls = [.. _frontends.Select(frontend => frontend.Tls.Status(frontend.Name))],
        };
        var (asker, self) = (Sender, Self);
        Context.ActorOf(Props.Create(() => new StatusGatherer(components, own, asker, self)));
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

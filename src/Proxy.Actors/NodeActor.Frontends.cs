using Proxy.Kernel;
using Proxy.Policy.Routes;

namespace Proxy.Actors;

// The listeners that take users' traffic, each with a way to where its connections go.
public sealed partial class NodeActor
{
    private readonly List<FrontendPart> _frontends = [];

    // Taken out of the settings, with connections that live on.
    private readonly List<FrontendPart> _leavingFrontends = [];

    // Listeners that were told to drain while the node runs.
    private readonly HashSet<IActorRef> _leaving = [];

    private void BindFrontends(Binding binding)
    {
        foreach (var (old, changed) in binding.Plan.Frontends.Steps)
        {
            if (old is null && changed is { } added)
            {
                var plan = FrontendPlan.ToBind(added, _connections, _environment.Cluster);
                var dispatcher = added.To switch
                {
                    // A pool that is there keeps its loops, whatever stands before it from now on.
                    TunnelTarget target when _pools.TryGetValue(target.Tunnel, out var parts) => parts[0].Dispatcher,
                    TunnelTarget target => DispatcherOf(LoopOfPool(target.Tunnel, binding.Plan.New)),
                    ChainTarget or RoutedTarget => DispatcherOf(LoopOfChains),
                    _ => DispatcherOf(_made),
                };
                var listener = AddListener(Props.Create(() => new ListenerActor(plan)), "frontend", dispatcher);
                binding.Listeners.Add(listener);
                binding.Frontends.Add(added, listener);
            }
        }
    }

    private void CommitFrontends(Binding binding)
    {
        var steps = binding.Plan.Frontends.Steps;
        FrontendPart?[] before = [.. steps.Select(step => step.Old is { } old ? TakeFrontend(old) : null)];
        foreach (var (step, part) in steps.Zip(before))
        {
            if (step.New is not { } settings)
            {
                Retire(part!);
            }
            else if (step.Old is null)
            {
                Serve(settings, binding.Frontends[settings], before: null);
            }
            else
            {
                Serve(settings, part!.Listener, part);
            }
        }

        // Those that did not change themselves may say or log otherwise where they go.
        foreach (var part in _frontends.Where(part => part.Shared.Target != TextOf(part.Settings.To) || part.Shared.AccessLog != _accessLog).ToArray())
        {
            _frontends.Remove(part);
            Serve(part.Settings, part.Listener, part);
        }
    }

    private FrontendPart TakeFrontend(FrontendSettings settings)
    {
        var part = _frontends.First(part => ReferenceEquals(part.Settings, settings));
        _frontends.Remove(part);
        return part;
    }

    private void Serve(FrontendSettings settings, IActorRef listener, FrontendPart? before)
    {
        var isSameInspection = before is not null && ReferenceEquals(before.Settings.Filters, settings.Filters) && before.Settings.Bandwidth == settings.Bandwidth;
        var inspection = isSameInspection ? before!.Shared.Inspection : FrontendInspection.TryCreate(settings, _environment.Dispatchers[0].Loop);
        var shared = new Frontend(settings.Name, TextOf(settings.To), _ids, _log, _accessLog, settings.To is UpstreamTarget ? inspection : null)
        {
            Counters = before?.Shared.Counters ?? new FrontendCounters(),
            Tls = before?.Shared.Tls ?? new TlsCounters(),
        };
        var plan = new FrontendPlan(settings.Name, settings.Listen, shared.Target, GateSettings.Of(settings), _connections, shared.Counters, ConnectionsOf(settings, shared))
        {
            Scheme = settings.Scheme,
        };
        if (before is not null)
        {
            StopHelpers(before, keepsCertificates: ReferenceEquals(before.Settings.Tls, settings.Tls));
        }

        _frontends.Add(new FrontendPart(settings, shared, plan, listener)
        {
            Certificates = settings.Tls is not { } termination
                ? null
                : before is not null && ReferenceEquals(before.Settings.Tls, termination) ? before.Certificates : StartCertificates(termination, settings.Name),
            LiveLog = StartLiveLog(shared),
        });
        listener.Tell(new ListenerActor.Change(plan));
    }

    private Func<Transport.IAcceptedConnection, Props> ConnectionsOf(FrontendSettings settings, Frontend frontend)
    {
        if (settings.To is TunnelTarget through)
        {
            return ConnectionsThrough(settings, through, frontend);
        }

        if (settings.To is ChainTarget chained)
        {
            return ConnectionsThrough(settings, RoutedTo(chained), frontend);
        }

        if (settings.To is RoutedTarget routed)
        {
            return ConnectionsThrough(settings, routed, frontend);
        }

        var upstreams = UpstreamsOf((UpstreamTarget)settings.To);
        var next = 0u;
        return accepted =>
        {
            // Connections go round the loops; each lives on its loop from here on.
            var dispatcher = _environment.Dispatchers[(int)(next++ % (uint)_environment.Dispatchers.Count)];
            return Props.Create(() => new RelayConnectionActor(accepted, frontend, settings, upstreams)).WithDispatcher(dispatcher);
        };
    }

    private Func<Transport.IAcceptedConnection, Props> ConnectionsThrough(FrontendSettings settings, TunnelTarget target, Frontend frontend)
    {
        var pool = _pools[target.Tunnel];
        var proxy = ForwardProxy.TryCreate(settings, _environment.Cluster, Context.System.TimeProvider);
        var plans = pool.ToDictionary(part => part, part => new OutboundPlan(_environment, frontend, settings, target.Destination)
        {
            IsUdp = settings.IsUdp,
            Way = new ChainWay(target.Tunnel, [part], []),
            TellsSource = target.TellsSource,
            Proxy = proxy,
        });
        var parts = new PoolParts(pool);
        return accepted =>
        {
            // Senders of datagrams stay where their listener is, which is where the first part is.
            var part = settings.IsUdp ? pool[0] : parts.Next();
            var plan = plans[part];
            return TunnelConnectionOf(accepted, plan).WithDispatcher(part.Dispatcher);
        };
    }

    /// <summary>One set of chains is a table of one line.</summary>
    private static RoutedTarget RoutedTo(ChainTarget target) =>
        new(new RouteTable([], RouteAction.Through(target.ChainSet)), target.Destination) { TellsSource = target.TellsSource };

    private Func<Transport.IAcceptedConnection, Props> ConnectionsThrough(FrontendSettings settings, RoutedTarget target, Frontend frontend)
    {
        var proxy = ForwardProxy.TryCreate(settings, _environment.Cluster, Context.System.TimeProvider);
        var plan = new OutboundPlan(_environment, frontend, settings, target.Destination)
        {
            IsUdp = settings.IsUdp,
            Routes = target.Routes,
            ChainSets = target.Routes.ChainSets.Distinct().ToDictionary(name => name, name => _chainSets[name], StringComparer.Ordinal),
            TellsSource = target.TellsSource,
            Proxy = proxy,
        };
        var next = 0u;
        return accepted =>
        {
            // Connections go round the loops, of which each has tunnels of its own to the first hops; datagrams stay where their listener is.
            var loop = settings.IsUdp ? LoopOfChains : (int)(next++ % (uint)_environment.Dispatchers.Count);
            return TunnelConnectionOf(accepted, plan).WithDispatcher(_environment.Dispatchers[loop]);
        };
    }

    private static Props TunnelConnectionOf(Transport.IAcceptedConnection accepted, OutboundPlan plan) =>
        accepted is Transport.UdpFlow { OriginalDestination: { } original } ? Redirected(accepted, plan, original)
        : plan.Proxy is { } proxy
        ? Props.Create(() => new ProxyClientActor(accepted, plan, proxy))
        : Props.Create(() => new TunnelConnectionActor(accepted, plan));

    private static Props Redirected(Transport.IAcceptedConnection accepted, OutboundPlan plan, System.Net.IPEndPoint original)
    {
        var there = plan with { Destination = Protocol.Chains.Destination.Of(original) };
        return Props.Create(() => new TunnelConnectionActor(accepted, there));
    }

    private void Retire(FrontendPart part)
    {
        StopHelpers(part, keepsCertificates: false);
        _leavingFrontends.Add(part);
        RetireListeners($"frontend {part.Settings.Name} at {part.Settings.Listen}", [part.Listener], [part.Shared.Counters]);
    }

    private void RetireListeners(string subject, IReadOnlyList<IActorRef> listeners, IReadOnlyList<FrontendCounters> counters)
    {
        _leaving.UnionWith(listeners);
        BeginDrain(subject, listeners, counters);
    }

    private void LookAtCertificates()
    {
        foreach (var certificates in _frontends.Select(part => part.Certificates).Concat(_servers.Values.Select(part => part.Certificates)).OfType<IActorRef>())
        {
            certificates.Tell(CertificateActor.Look.Instance);
        }
    }

    private void StopHelpers(FrontendPart part, bool keepsCertificates)
    {
        if (part.Certificates is { } certificates && !keepsCertificates)
        {
            Context.Stop(certificates);
        }

        if (part.LiveLog is { } liveLog)
        {
            Context.Stop(liveLog);
        }
    }

    private IActorRef? StartLiveLog(Frontend frontend)
    {
        if (_accessLog is not { } log || _settings.AccessLog is not { } settings || settings.Interval == TimeSpan.Zero || !settings.Events.HasFlag(AccessLogEvents.Live))
        {
            return null;
        }

        return Context.ActorOf(
            Props.Create(() => new LiveLogActor(frontend.Counters, log, settings.Interval)).WithDispatcher(_environment.Dispatchers[0]));
    }

    private FrontendPart? FrontendAt(IActorRef listener) => _frontends.Find(part => part.Listener.Equals(listener));

    private void ForgetFrontend(IActorRef listener)
    {
        _leavingFrontends.RemoveAll(part => part.Listener.Equals(listener));
        if (FrontendAt(listener) is { } part)
        {
            StopHelpers(part, keepsCertificates: false);
            _frontends.Remove(part);
        }
    }

    /// <summary>A frontend in force, with what belongs to it alone.</summary>
    private sealed record FrontendPart(FrontendSettings Settings, Frontend Shared, FrontendPlan Plan, IActorRef Listener)
    {
        /// <summary>Looks after the files of its certificates.</summary>
        public IActorRef? Certificates { get; init; }

        public IActorRef? LiveLog { get; init; }
    }
}

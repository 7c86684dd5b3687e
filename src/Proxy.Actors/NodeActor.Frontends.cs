using Proxy.Kernel;

namespace Proxy.Actors;

// The listeners that take users' traffic, each with a way to where its connections go.
public sealed partial class NodeActor
{
    private readonly Dictionary<string, IActorRef> _frontendListeners = new(StringComparer.Ordinal);

    private void StartFrontend(FrontendSettings settings)
    {
        var (plan, loop) = settings.To switch
        {
            UpstreamTarget target => (PlanOf(settings, target), _listeners.Count),
            TunnelTarget target => (PlanOf(settings, target), LoopOfPool(target.Tunnel)),
            ChainTarget target => (PlanOf(settings, target), LoopOfChains),
            _ => throw new InvalidOperationException($"{settings.To} is not known"),
        };
        _frontendListeners[settings.Name] = AddListener(Props.Create(() => new ListenerActor(plan)), "frontend", loop);
    }

    private FrontendPlan PlanOf(FrontendSettings settings, UpstreamTarget target)
    {
        if (settings.Tls is { } termination)
        {
            StartCertificates(termination, settings.Name);
        }

        var upstreams = UpstreamsOf(target);
        var frontend = CreateFrontend(settings.Name, TextOf(target), FrontendInspection.TryCreate(settings, _environment.Dispatchers[0].Loop));
        var next = 0u;
        return PlanOf(settings, frontend, accepted =>
        {
            // Connections go round the loops; each lives on its loop from here on.
            var dispatcher = _environment.Dispatchers[(int)(next++ % (uint)_environment.Dispatchers.Count)];
            return Props.Create(() => new RelayConnectionActor(accepted, frontend, settings, upstreams)).WithDispatcher(dispatcher);
        });
    }

    private FrontendPlan PlanOf(FrontendSettings settings, TunnelTarget target)
    {
        var pool = _pools[target.Tunnel];
        var frontend = CreateFrontend(settings.Name, target.Destination?.ToString() ?? "-");
        var plans = pool.ToDictionary(part => part, part => new OutboundPlan(_environment, frontend, settings, target.Destination)
        {
            Way = new ChainWay(target.Tunnel, part.Actor, []),
            TellsSource = target.TellsSource,
        });
        var parts = new PoolParts(pool);
        return PlanOf(settings, frontend, accepted =>
        {
            var part = parts.Next();
            var plan = plans[part];
            return Props.Create(() => new TunnelConnectionActor(accepted, plan)).WithDispatcher(part.Dispatcher);
        });
    }

    private FrontendPlan PlanOf(FrontendSettings settings, ChainTarget target)
    {
        var frontend = CreateFrontend(settings.Name, target.Destination.ToString());
        var plan = new OutboundPlan(_environment, frontend, settings, target.Destination)
        {
            Chains = _chainSets[target.ChainSet],
            TellsSource = target.TellsSource,
        };
        var isBound = IsBoundToLoop(target.ChainSet);
        var next = 0u;
        return PlanOf(settings, frontend, accepted =>
        {
            // Without tunnels nothing binds a connection to a loop, and they go round.
            var props = Props.Create(() => new TunnelConnectionActor(accepted, plan));
            return isBound ? props : props.WithDispatcher(_environment.Dispatchers[(int)(next++ % (uint)_environment.Dispatchers.Count)]);
        });
    }

    private FrontendPlan PlanOf(FrontendSettings settings, Frontend frontend, Func<Transport.IAcceptedConnection, Props> connection) =>
        new(settings.Name, settings.Listen, frontend.Target, GateOf(settings), _connections, frontend.Counters, connection);

    private static GateSettings GateOf(FrontendSettings settings) =>
        new(settings.Rules, settings.Limits) { Proxies = settings.ProxyProtocol.TrustedSenders };
}

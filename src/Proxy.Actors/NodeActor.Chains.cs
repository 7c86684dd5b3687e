using Proxy.Kernel;
using Proxy.Policy.Rules;
using Proxy.Protocol.Chains;
using Proxy.Protocol.Chains.Datagrams;
using Proxy.Transport;

namespace Proxy.Actors;

// Both ends of chains: the sets that frontends go through, and the listeners that take chains without a tunnel around them.
public sealed partial class NodeActor
{
    private const int LoopOfChains = 0;
    private readonly Dictionary<string, IActorRef> _chainSets = new(StringComparer.Ordinal);
    private ChainReplays? _replays;

    private void StartChainSets()
    {
        StartWarmHops();
        foreach (var settings in _settings.ChainSets)
        {
            ChainWay[] ways = [.. settings.Chains.Select(chain => new ChainWay(chain.Name, chain.Tunnel is { } tunnel ? _pools[tunnel][0] : null, chain.Hops))];
            var actor = Context.ActorOf(
                Props.Create(() => new ChainSetActor(_environment, settings, ways)).WithDispatcher(DispatcherOf(LoopOfChains)), $"chains-{_chainSets.Count}");
            _chainSets.Add(settings.Name, actor);
        }
    }

    /// <summary>Keeps next hops warm, and ends that with the node.</summary>
    private void StartWarmHops()
    {
        foreach (var dispatcher in _environment.Dispatchers)
        {
            var hops = _environment.Warm[dispatcher.Loop];
            Context.ActorOf(Props.Create(() => new WarmHopsActor(hops)).WithDispatcher(dispatcher));
        }
    }

    /// <summary>Whether a chain of the set begins with a tunnel, whose connections live on its loop.</summary>
    private bool IsBoundToLoop(string chainSet) => _settings.ChainSets.First(set => set.Name == chainSet).Chains.Any(chain => chain.Tunnel is not null);

    private void BindChains(Binding binding, ServerPart part, ServerSettings changed)
    {
        var bound = part.ChainListeners.Select(listener => listener.Place).ToHashSet(StringComparer.Ordinal);
        foreach (var chains in changed.Chains.Where(chains => !bound.Contains(chains.Place)))
        {
            var plan = PlanOf(changed, chains, EgressOfChains(part)) with { Connection = null };
            var listener = AddListener(Props.Create(() => new ListenerActor(plan)), "chains-at", DispatcherOf(_made));
            binding.Listeners.Add(listener);
            binding.ChainListeners.Add((changed.Name, chains.Place, listener));
        }
    }

    /// <summary>All listeners of the server take its settings of now; those that it has no more drain.</summary>
    private void CommitChains(ServerPart part)
    {
        var settings = part.Live.Settings;
        if (part.ChainEgress is { } egress && egress.AccessLog != _accessLog)
        {
            StopAll(part.ChainLiveLog);
            part.ChainEgress = new Frontend(egress.Name, "", _ids, _log, _accessLog) { Counters = egress.Counters, Tls = egress.Tls, Principals = egress.Principals };
            part.ChainLiveLog = StartLiveLog(part.ChainEgress);
        }

        foreach (var (place, listener) in part.ChainListeners.ToArray())
        {
            if (settings.Chains.FirstOrDefault(chains => chains.Place == place) is { } chains)
            {
                listener.Tell(new ListenerActor.Change(PlanOf(settings, chains, EgressOfChains(part))));
            }
            else
            {
                part.ChainListeners.Remove((place, listener));
                RetireListeners($"server {settings.Name} at {place}", [listener], []);
            }
        }
    }

    private Frontend EgressOfChains(ServerPart part)
    {
        if (part.ChainEgress is null)
        {
            part.ChainEgress = new Frontend($"{part.Live.Settings.Name}/chain", "", _ids, _log, _accessLog) { Principals = part.Live.Egress.Principals };
            part.ChainLiveLog = StartLiveLog(part.ChainEgress);
        }

        return part.ChainEgress;
    }

    private FrontendPlan? ChainPlanAt(IActorRef listener)
    {
        foreach (var part in _servers.Values)
        {
            var place = part.ChainListeners.Find(entry => entry.Listener.Equals(listener)).Place;
            if (place is not null && part.Live.Settings.Chains.FirstOrDefault(chains => chains.Place == place) is { } chains)
            {
                return PlanOf(part.Live.Settings, chains, EgressOfChains(part));
            }
        }

        return null;
    }

    private FrontendPlan PlanOf(ServerSettings server, ChainServerSettings chains, Frontend egress)
    {
        // One for the process: a header is good once, and not once at each listener.
        _replays ??= new ChainReplays(Context.System.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds());
        var gate = new ChainGate(chains.Keys, takesOpen: chains.Keys.Count == 0, _replays);
        var datagrams = new DatagramGate(chains.Keys, _replays);
        var plan = new EgressPlan(_environment, server, egress, gate) { Silence = chains.IsUdp ? server.Timeouts.Connect : chains.Silence };
        var next = 0u;
        return new FrontendPlan(
            egress.Name,
            chains.Listen,
            "",
            new GateSettings(AccessRules.AllowAll, chains.Limits),
            _connections,
            egress.Counters,
            accepted =>
            {
                if (accepted is UdpFlow flow)
                {
                    return Props.Create(() => new EgressActor(plan, flow, datagrams));
                }

                // Connections go round the loops; each lives on its loop from here on.
                var dispatcher = _environment.Dispatchers[(int)(next++ % (uint)_environment.Dispatchers.Count)];
                return Props.Create(() => new EgressActor(plan, accepted)).WithDispatcher(dispatcher);
            })
        {
            Scheme = chains.Scheme,
        };
    }
}

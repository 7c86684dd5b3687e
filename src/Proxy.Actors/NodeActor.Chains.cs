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
    private readonly Dictionary<string, ChainSetPart> _chainSets = new(StringComparer.Ordinal);
    private ChainReplays? _replays;

    // One for the process: a header is good once, and not once at each listener.
    private ChainReplays Replays => _replays ??= new ChainReplays(Context.System.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds());

    /// <summary>Sets of chains as they are to be now. Connections that were told of another way go on with it.</summary>
    private void CommitChainSets(IReadOnlyList<Step<ChainSetSettings>> steps)
    {
        foreach (var (old, changed) in steps)
        {
            if (changed is null)
            {
                _chainSets.Remove(old!.Name, out var gone);
                gone!.Actor.Tell(new ChainSetActor.Retire(null));
                continue;
            }

            ChainWay[] ways = [.. changed.Chains.Select(chain => new ChainWay(chain.Name, chain.Tunnel is { } tunnel ? PartsOnAllLoops(tunnel) : [], chain.Hops))];
            var actor = Context.ActorOf(
                Props.Create(() => new ChainSetActor(_environment, changed, ways)).WithDispatcher(DispatcherOf(LoopOfChains)), $"chains-{_made++}");
            if (_chainSets.TryGetValue(changed.Name, out var part))
            {
                part.Replace(actor);
            }
            else
            {
                _chainSets.Add(changed.Name, new ChainSetPart(actor));
            }
        }
    }

    /// <summary>Tunnels and chains that servers go on through, as all of them are now.</summary>
    private void CommitOnwardWays()
    {
        foreach (var live in _servers.Values.Select(part => part.Live))
        {
            live.Onward.Change(
                live.Settings.Legs.Select(name => (_settings.Tunnels.First(tunnel => tunnel.Name == name), (IReadOnlyList<PoolPart>)PartsOnAllLoops(name))),
                live.Settings.Chain is { } chain ? _chainSets[chain] : null);
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

    private void BindChains(Binding binding, ServerPart part, ServerSettings changed)
    {
        var bound = part.ChainListeners.Select(listener => listener.Place).ToHashSet(StringComparer.Ordinal);
        foreach (var chains in changed.Chains.Where(chains => !bound.Contains(chains.Place)))
        {
            var plan = PlanOf(changed, chains, EgressOfChains(part), part.Live.Onward) with { Connection = null };
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
                listener.Tell(new ListenerActor.Change(PlanOf(settings, chains, EgressOfChains(part), part.Live.Onward)));
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
                return PlanOf(part.Live.Settings, chains, EgressOfChains(part), part.Live.Onward);
            }
        }

        return null;
    }

    private FrontendPlan PlanOf(ServerSettings server, ChainServerSettings chains, Frontend egress, OnwardWays onward)
    {
        var gate = new ChainGate(chains.Keys, takesOpen: chains.Keys.Count == 0, Replays);
        var datagrams = new DatagramGate(chains.Keys, Replays);
        var plan = new EgressPlan(_environment, server, egress, gate, onward) { Silence = chains.IsUdp ? server.Timeouts.Connect : chains.Silence };
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

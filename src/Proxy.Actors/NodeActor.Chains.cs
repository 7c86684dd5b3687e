using Proxy.Kernel;
using Proxy.Policy.Rules;
using Proxy.Protocol.Chains;

namespace Proxy.Actors;

// Both ends of chains: the sets that frontends go through, and the listeners that take chains without a tunnel around them.
public sealed partial class NodeActor
{
    private const int LoopOfChains = 0;
    private readonly Dictionary<string, IActorRef> _chainSets = new(StringComparer.Ordinal);
    private ChainReplays? _replays;

    private void StartChainSet(ChainSetSettings settings)
    {
        ChainWay[] ways = [.. settings.Chains.Select(chain => new ChainWay(chain.Name, chain.Tunnel is { } tunnel ? _pools[tunnel][0].Actor : null, chain.Hops))];
        var actor = Context.ActorOf(
            Props.Create(() => new ChainSetActor(_environment, settings, ways)).WithDispatcher(DispatcherOf(LoopOfChains)), $"chains-{_chainSets.Count}");
        _chainSets.Add(settings.Name, actor);
    }

    /// <summary>Whether a chain of the set begins with a tunnel, whose connections live on its loop.</summary>
    private bool IsBoundToLoop(string chainSet) => _settings.ChainSets.First(set => set.Name == chainSet).Chains.Any(chain => chain.Tunnel is not null);

    private void StartChainListeners(ServerSettings server, PrincipalStreams principals)
    {
        if (server.Chains.Count == 0)
        {
            return;
        }

        // One for the process: a header is good once, and not once at each listener.
        _replays ??= new ChainReplays(Context.System.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds());
        var egress = CreateFrontend($"{server.Name}/chain", "", principals: principals);
        foreach (var chains in server.Chains)
        {
            var frontend = PlanOf(server, chains, egress, _replays);
            AddListener(Props.Create(() => new ListenerActor(frontend)), "chains-at", _listeners.Count);
        }
    }

    private FrontendPlan PlanOf(ServerSettings server, ChainServerSettings chains, Frontend egress, ChainReplays replays)
    {
        var gate = new ChainGate(chains.Keys, takesOpen: chains.Keys.Count == 0, replays);
        var plan = new EgressPlan(_environment, server, egress, gate) { Silence = chains.Silence };
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
                // Connections go round the loops; each lives on its loop from here on.
                var dispatcher = _environment.Dispatchers[(int)(next++ % (uint)_environment.Dispatchers.Count)];
                return Props.Create(() => new EgressActor(plan, accepted)).WithDispatcher(dispatcher);
            })
        {
            Scheme = "chain",
        };
    }
}

using Proxy.Kernel;

namespace Proxy.Actors;

// Both ends of tunnels: the pools that keep them up, and the listeners that take them.
public sealed partial class NodeActor
{
    private const string TunnelListenerName = "tunnels-at";
    private readonly Dictionary<string, PoolPart[]> _pools = new(StringComparer.Ordinal);
    private readonly List<IActorRef> _poolActors = [];
    private readonly List<SealedSecrets> _secrets = [];

    private void StartPool(TunnelPoolSettings settings)
    {
        // Each loop has its part of a server's tunnels, as far as there are enough of them.
        var first = LoopOfPool(settings.Name);
        var parts = new PoolPart[IsForChains(settings.Name) ? 1 : Math.Min(settings.Connections, _environment.Dispatchers.Count)];
        for (var index = 0; index < parts.Length; index++)
        {
            var share = settings with
            {
                Connections = (settings.Connections / parts.Length) + (index < settings.Connections % parts.Length ? 1 : 0),
                MaximumWaiting = (settings.MaximumWaiting + parts.Length - 1) / parts.Length,
            };
            var (dispatcher, load) = (DispatcherOf(first + index), new PoolLoad());
            var props = Props.Create(() => new TunnelPoolActor(_environment, share, load)).WithDispatcher(dispatcher);
            parts[index] = new PoolPart(Context.Watch(Context.ActorOf(props, $"tunnels-{_poolActors.Count}")), dispatcher, load);
            _poolActors.Add(parts[index].Actor);
        }

        _pools.Add(settings.Name, parts);
    }

    /// <summary>Of a pool's first part: where the frontends that use it listen.</summary>
    private int LoopOfPool(string name) => IsForChains(name) ? LoopOfChains : _settings.Tunnels.TakeWhile(tunnel => tunnel.Name != name).Count();

    /// <summary>All tunnels that chains begin with live on one loop, as a connection does not know yet which it will take.</summary>
    private bool IsForChains(string name) => _settings.ChainSets.Any(set => set.Chains.Any(chain => chain.Tunnel == name));

    private void StartServer(ServerSettings server)
    {
        var principals = new PrincipalStreams(server);
        StartTunnelListeners(server, CreateFrontend(server.Name, "", principals: principals));
        StartChainListeners(server, principals);
    }

    private void StartTunnelListeners(ServerSettings server, Frontend egress)
    {
        if (server.Native is not { } native)
        {
            foreach (var listen in server.Listen)
            {
                AddListener(Props.Create(() => new TunnelListenerActor(_environment, server, egress, listen)), TunnelListenerName, _listeners.Count);
            }

            return;
        }

        var secrets = new SealedSecrets(native, _environment.Secrets, Context.System.TimeProvider.GetUtcNow());
        _secrets.Add(secrets);
        foreach (var listen in server.Listen)
        {
            AddListener(Props.Create(() => new SealedGroupActor(_environment, server, secrets, egress, listen)), TunnelListenerName, _listeners.Count);
        }

        foreach (var listen in server.ListenTcp)
        {
            AddListener(
                Props.Create(() => new StreamListenerActor(_environment, server, secrets, egress, listen, null)), TunnelListenerName, _listeners.Count);
        }

        if (server.Tls is not { } termination || server.ListenTls.Count == 0)
        {
            return;
        }

        StartCertificates(termination, server.Name);
        foreach (var listen in server.ListenTls)
        {
            AddListener(
                Props.Create(() => new StreamListenerActor(_environment, server, secrets, egress, listen, termination)), TunnelListenerName, _listeners.Count);
        }
    }
}

using Proxy.Kernel;

namespace Proxy.Actors;

// Both ends of tunnels: the pools that keep them up, and the listeners that take them.
public sealed partial class NodeActor
{
    private const string TunnelListenerName = "tunnels-at";
    private readonly Dictionary<string, IActorRef> _pools = new(StringComparer.Ordinal);
    private readonly List<SealedSecrets> _secrets = [];

    private void StartPool(TunnelPoolSettings settings)
    {
        var dispatcher = DispatcherOf(LoopOfPool(settings.Name));
        var pool = Context.ActorOf(Props.Create(() => new TunnelPoolActor(_environment, settings)).WithDispatcher(dispatcher), $"tunnels-{_pools.Count}");
        _pools.Add(settings.Name, Context.Watch(pool));
    }

    /// <summary>A tunnel and the connections that go through it share one loop, so that bytes pass between them by span.</summary>
    /// <remarks>All tunnels that chains begin with share one, as a connection does not know yet which it will take.</remarks>
    private int LoopOfPool(string name) => _settings.ChainSets.Any(set => set.Chains.Any(chain => chain.Tunnel == name))
        ? LoopOfChains
        : _settings.Tunnels.TakeWhile(tunnel => tunnel.Name != name).Count();

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
            AddListener(Props.Create(() => new SealedListenerActor(_environment, server, secrets, egress, listen)), TunnelListenerName, _listeners.Count);
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

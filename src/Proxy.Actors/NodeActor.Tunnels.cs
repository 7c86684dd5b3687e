using System.Net;
using Proxy.Kernel;

namespace Proxy.Actors;

// Both ends of tunnels: the pools that keep them up, and the listeners that take them.
public sealed partial class NodeActor
{
    private const string TunnelListenerName = "tunnels-at";
    private readonly Dictionary<string, PoolPart[]> _pools = new(StringComparer.Ordinal);
    private readonly List<IActorRef> _poolActors = [];

    // Those of the pool's actors that were told to end.
    private readonly HashSet<IActorRef> _leavingPools = [];
    private readonly Dictionary<string, ServerPart> _servers = new(StringComparer.Ordinal);

    // Of servers that drain: their tunnels may still ask for ids.
    private readonly List<SealedSecrets> _oldSecrets = [];

    private void CommitTunnels(IReadOnlyList<Step<TunnelPoolSettings>> steps)
    {
        foreach (var (old, changed) in steps)
        {
            if (changed is null)
            {
                _pools.Remove(old!.Name, out var gone);
                foreach (var part in gone!)
                {
                    RetirePool(part.Actor, successor: null);
                }
            }
            else if (old is null)
            {
                StartPool(changed);
            }
            else
            {
                ReplacePool(_pools[changed.Name], changed);
            }
        }
    }

    private void StartPool(TunnelPoolSettings settings)
    {
        // Each loop has its part of a server's tunnels, as far as there are enough of them.
        var first = LoopOfPool(settings.Name, _settings);
        var parts = new PoolPart[Math.Min(settings.Connections, _environment.Dispatchers.Count)];
        for (var index = 0; index < parts.Length; index++)
        {
            var (dispatcher, load) = (DispatcherOf(first + index), new PoolLoad());
            parts[index] = new PoolPart(StartPoolPart(ShareOf(settings, parts.Length, index), dispatcher, load), dispatcher, load);
        }

        _pools.Add(settings.Name, parts);
    }

    /// <summary>Connections live on the loops where the parts are, so each loop keeps its part, and that has a tunnel at the least.</summary>
    private void ReplacePool(PoolPart[] parts, TunnelPoolSettings settings)
    {
        for (var index = 0; index < parts.Length; index++)
        {
            var (part, before, load) = (parts[index], parts[index].Actor, new PoolLoad());
            part.Replace(StartPoolPart(ShareOf(settings, parts.Length, index), part.Dispatcher, load), load);
            RetirePool(before, part);
        }
    }

    private static TunnelPoolSettings ShareOf(TunnelPoolSettings settings, int parts, int index) => settings with
    {
        Connections = Math.Max(1, (settings.Connections / parts) + (index < settings.Connections % parts ? 1 : 0)),
        MaximumWaiting = (settings.MaximumWaiting + parts - 1) / parts,
    };

    private IActorRef StartPoolPart(TunnelPoolSettings share, LoopDispatcher dispatcher, PoolLoad load)
    {
        var props = Props.Create(() => new TunnelPoolActor(_environment, share, load)).WithDispatcher(dispatcher);
        var pool = Context.Watch(Context.ActorOf(props, $"tunnels-{_made++}"));
        _poolActors.Add(pool);
        return pool;
    }

    private void RetirePool(IActorRef pool, PoolPart? successor)
    {
        _leavingPools.Add(pool);
        pool.Tell(new TunnelPoolActor.Retire(successor));
    }

    /// <summary>Of a pool's first part: where the frontends that use it listen.</summary>
    private static int LoopOfPool(string name, NodeSettings settings) => settings.Tunnels.TakeWhile(tunnel => tunnel.Name != name).Count();

    /// <summary>
    /// The parts of a pool, of which each loop has one from here on: who goes through a chain lives anywhere, and does not know yet which tunnel it will take.
    /// </summary>
    private PoolPart[] PartsOnAllLoops(string name)
    {
        var (parts, settings) = (_pools[name], _settings.Tunnels.First(tunnel => tunnel.Name == name));
        LoopDispatcher[] missing = [.. _environment.Dispatchers.Where(dispatcher => !Array.Exists(parts, part => part.Dispatcher == dispatcher))];
        if (missing.Length > 0)
        {
            var share = ShareOf(settings, _environment.Dispatchers.Count, _environment.Dispatchers.Count - 1);
            _pools[name] = parts = [.. parts, .. missing.Select(dispatcher =>
            {
                var load = new PoolLoad();
                return new PoolPart(StartPoolPart(share, dispatcher, load), dispatcher, load);
            })];
        }

        return parts;
    }

    private void BindServers(Binding binding)
    {
        foreach (var (old, changed) in binding.Plan.Servers.Steps)
        {
            if (changed is null)
            {
                continue;
            }

            var part = old is null ? MakeServer(changed) : _servers[old.Name];
            if (old is null)
            {
                binding.NewServers.Add(changed.Name, part);
            }

            var bound = part.Listeners.Select(listener => listener.Address).ToHashSet();
            foreach (var address in ServerPartChanges.AddressesOf(changed).Where(address => !bound.Contains(address)))
            {
                var listener = StartListener(part, address);
                binding.Listeners.Add(listener);
                binding.ServerListeners.Add((changed.Name, address, listener));
            }

            BindChains(binding, part, changed);
        }
    }

    private void CommitServers(Binding binding)
    {
        foreach (var (old, changed) in binding.Plan.Servers.Steps)
        {
            if (changed is null)
            {
                RetireServer(old!.Name);
            }
            else if (old is null)
            {
                _servers.Add(changed.Name, binding.NewServers[changed.Name]);
                StartHelpers(_servers[changed.Name]);
            }
            else
            {
                ChangeServer(_servers[changed.Name], changed);
            }
        }

        foreach (var (server, address, listener) in binding.ServerListeners)
        {
            _servers[server].Listeners.Add((address, listener));
        }

        foreach (var (server, place, listener) in binding.ChainListeners)
        {
            _servers[server].ChainListeners.Add((place, listener));
        }

        foreach (var part in _servers.Values)
        {
            if (part.Live.Egress.AccessLog != _accessLog)
            {
                ChangeServer(part, part.Live.Settings);
            }
        }

        var changedNames = binding.Plan.Servers.Steps.Select(step => step.New?.Name).ToHashSet();
        foreach (var part in _servers.Values.Where(part => changedNames.Contains(part.Live.Settings.Name) || part.ChainEgress?.AccessLog != _accessLog))
        {
            CommitChains(part);
        }
    }

    private ServerPart MakeServer(ServerSettings settings)
    {
        var secrets = settings.Native is { } native ? new SealedSecrets(native, _environment.Secrets, _environment.Generations.Own, Context.System.TimeProvider.GetUtcNow()) : null;
        var egress = new Frontend(settings.Name, "", _ids, _log, _accessLog) { Principals = new PrincipalQuotas(settings, _environment.Cluster, Context.System.TimeProvider) };
        return new ServerPart(new LiveServer(_environment, settings, egress, Replays), secrets);
    }

    private void StartHelpers(ServerPart part)
    {
        part.LiveLog = StartLiveLog(part.Live.Egress);
        part.Certificates = part.Live.Settings.Tls is { } termination ? StartCertificates(termination, part.Live.Settings.Name) : null;
    }

    private IActorRef StartListener(ServerPart part, TunnelListenAddress address)
    {
        var (live, secrets, listen) = (part.Live, part.Secrets, address.Address);
        var props = (secrets, address.Transport) switch
        {
            (null, _) => Props.Create(() => new TunnelListenerActor(_environment, live, listen)),
            (_, TunnelTransport.Kcp) => Props.Create(() => new SealedGroupActor(_environment, live, secrets, listen)),
            _ => Props.Create(() => new StreamListenerActor(_environment, live, secrets, listen, address.Transport == TunnelTransport.Tls)),
        };
        return AddListener(props, TunnelListenerName, DispatcherOf(_made));
    }

    private void ChangeServer(ServerPart part, ServerSettings changed)
    {
        var old = part.Live.Settings;
        var isOtherLog = part.Live.Egress.AccessLog != _accessLog;
        var egress = !isOtherLog ? part.Live.Egress : new Frontend(changed.Name, "", _ids, _log, _accessLog)
        {
            Counters = part.Live.Egress.Counters,
            Tls = part.Live.Egress.Tls,
            Principals = part.Live.Egress.Principals,
        };
        part.Live.Change(changed, egress);
        if (isOtherLog)
        {
            StopAll(part.LiveLog);
            part.LiveLog = StartLiveLog(egress);
        }

        if (changed.Native is { } native)
        {
            part.Secrets!.Change(native);
        }

        if (!ReferenceEquals(old.Tls, changed.Tls))
        {
            StopAll(part.Certificates);
            part.Certificates = changed.Tls is { } termination ? StartCertificates(termination, changed.Name) : null;
        }

        var addresses = ServerPartChanges.AddressesOf(changed);
        foreach (var (address, listener) in part.Listeners.ToArray())
        {
            listener.Tell(new TunnelListenerActor.Change(Revoked(old, changed)));
            if (!addresses.Contains(address))
            {
                part.Listeners.Remove((address, listener));

                // Its streams are among those of the listeners that stay: only the end is seen to.
                RetireListeners($"server {changed.Name} at {address}", [listener], []);
            }
        }
    }

    private void RetireServer(string name)
    {
        _servers.Remove(name, out var part);
        StopAll(part!.LiveLog, part.Certificates);
        if (part.Secrets is { } secrets)
        {
            _oldSecrets.Add(secrets);
        }

        StopAll(part.ChainLiveLog);
        RetireListeners(
            $"server {name}",
            [.. part.Listeners.Select(entry => entry.Listener), .. part.ChainListeners.Select(entry => entry.Listener)],
            [part.Live.Egress.Counters, .. part.ChainEgress is { } chains ? [chains.Counters] : Array.Empty<FrontendCounters>()]);
    }

    private static HashSet<string> Revoked(ServerSettings old, ServerSettings changed)
    {
        if (old.Native is not { } before || changed.Native is not { } after || ReferenceEquals(before.Keys, after.Keys))
        {
            return [];
        }

        return [.. before.Keys.Keys.Where(key => !after.Keys.Keys.Any(key.IsSameAs)).Select(key => key.Name)];
    }

    private void StopAll(params IActorRef?[] helpers)
    {
        foreach (var helper in helpers.OfType<IActorRef>())
        {
            Context.Stop(helper);
        }
    }

    /// <summary>A server in force.</summary>
    private sealed class ServerPart(LiveServer live, SealedSecrets? secrets)
    {
        public LiveServer Live { get; } = live;

        /// <summary>Null: the dialect of vproxy.</summary>
        public SealedSecrets? Secrets { get; } = secrets;

        public List<(TunnelListenAddress Address, IActorRef Listener)> Listeners { get; } = [];

        public List<(string Place, IActorRef Listener)> ChainListeners { get; } = [];

        /// <summary>What the streams of chains without a tunnel count for; null: there were none yet.</summary>
        public Frontend? ChainEgress { get; set; }

        public IActorRef? Certificates { get; set; }

        public IActorRef? LiveLog { get; set; }

        public IActorRef? ChainLiveLog { get; set; }
    }
}

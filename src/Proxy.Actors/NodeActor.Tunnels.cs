using Proxy.Kernel;

namespace Proxy.Actors;

// Both ends of tunnels: the pools that keep them up, and the listeners that take them.
public sealed partial class NodeActor
{
    private const string TunnelListenerName = "tunnels-at";
    private readonly Dictionary<string, TunnelPool> _pools = new(StringComparer.Ordinal);
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
                RetirePool(_pools[old!.Name].Current, successor: null);
                _pools.Remove(old.Name);
            }
            else if (old is null)
            {
                var dispatcher = DispatcherOfTunnel(changed.Name, null);
                _pools.Add(changed.Name, new TunnelPool(StartPool(changed, dispatcher), dispatcher));
            }
            else
            {
                var pool = _pools[changed.Name];
                var before = pool.Current;
                pool.Replace(StartPool(changed, pool.Dispatcher));
                RetirePool(before, pool);
            }
        }
    }

    private void RetirePool(IActorRef pool, TunnelPool? successor)
    {
        _leavingPools.Add(pool);
        pool.Tell(new TunnelPoolActor.Retire(successor));
    }

    private IActorRef StartPool(TunnelPoolSettings settings, LoopDispatcher dispatcher) =>
        Context.Watch(Context.ActorOf(Props.Create(() => new TunnelPoolActor(_environment, settings)).WithDispatcher(dispatcher), $"tunnels-{_made++}"));

    /// <summary>A tunnel and the connections that go through it share one loop, so that bytes pass between them by span.</summary>
    private LoopDispatcher DispatcherOfTunnel(string name, SettingsPlan? plan) =>
        _pools.TryGetValue(name, out var pool)
            ? pool.Dispatcher
            : DispatcherOf((plan?.New ?? _settings).Tunnels.TakeWhile(tunnel => tunnel.Name != name).Count());

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

        foreach (var part in _servers.Values.Where(part => part.Live.Egress.AccessLog != _accessLog))
        {
            ChangeServer(part, part.Live.Settings);
        }
    }

    private ServerPart MakeServer(ServerSettings settings)
    {
        var secrets = settings.Native is { } native ? new SealedSecrets(native, _environment.Secrets, Context.System.TimeProvider.GetUtcNow()) : null;
        var egress = new Frontend(settings.Name, "", _ids, _log, _accessLog) { Principals = new PrincipalStreams(settings) };
        return new ServerPart(new LiveServer(settings, egress), secrets);
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
            (_, TunnelTransport.Kcp) => Props.Create(() => new SealedListenerActor(_environment, live, secrets, listen)),
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
                RetireListener(listener);
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

        foreach (var (_, listener) in part.Listeners)
        {
            RetireListener(listener);
        }
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

        public IActorRef? Certificates { get; set; }

        public IActorRef? LiveLog { get; set; }
    }
}

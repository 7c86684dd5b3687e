using Proxy.Kernel;
using Proxy.Policy.Rules;
using Proxy.Protocol.Announcements;
using Proxy.Protocol.Ends;
using Proxy.Protocol.Tunnels;

namespace Proxy.Actors;

/// <summary>
/// A client's tunnels, as many to each server as the settings say, kept up for ever. Hands the less loaded of two random ones to whoever asks, and lets askers wait
/// while there is none. States: serving → draining → stopped.
/// </summary>
internal sealed partial class TunnelPoolActor : ReceiveActor
{
    private readonly NodeEnvironment _environment;
    private readonly TunnelPoolSettings _settings;
    private readonly Random _random;
    private readonly PoolLoad _load;
    private readonly Dictionary<IActorRef, TunnelReady> _tunnels = [];
    private readonly LinkedList<Waiting> _queue = new();
    private readonly Dictionary<IActorRef, LinkedListNode<Waiting>> _waiting = [];
    private readonly TunnelTally _tally = new(TunnelRole.Client);

    /// <param name="environment">What the node stands on.</param>
    /// <param name="settings">The tunnels to keep up.</param>
    /// <param name="load">Written here, for whoever chooses among several pools.</param>
    public TunnelPoolActor(NodeEnvironment environment, TunnelPoolSettings settings, PoolLoad load)
    {
        _load = load;
        _environment = environment;
        _settings = settings;
        _random = Context.System.CreateRandom();
        if (settings.Cluster is { } cluster)
        {
            _cluster = new ClusterServers(cluster, settings.Native is not null);
            _learned = cluster.IsLearned ? new LearnedMembers<IActorRef>() : null;
        }

        Serving();
    }

    /// <summary>Wants a tunnel; answered by <see cref="Granted"/>, sooner or later, or at once by <see cref="Refused"/>.</summary>
    /// <param name="Source">Whose connection it is; null: that is not known, or makes no difference.</param>
    internal sealed record Acquire(NetworkAddress? Source = null)
    {
        public static readonly Acquire Instance = new();
    }

    private readonly record struct Waiting(IActorRef Asker, NetworkAddress? Source);

    /// <summary>Wants another tunnel than that, now; answered at once by <see cref="Granted"/>, <see cref="NoOther"/> or <see cref="Refused"/>.</summary>
    /// <param name="Than">Not that one.</param>
    /// <param name="IsSilent">Whether its server has not been heard while the asker waited: until it is, no stream goes there if there is another.</param>
    internal sealed record AcquireOther(TunnelLink Than, bool IsSilent = false);

    /// <summary>There is no other that could open a stream now.</summary>
    internal sealed record NoOther
    {
        public static readonly NoOther Instance = new();
    }

    /// <summary>Does not want it any more.</summary>
    internal sealed record Abandon
    {
        public static readonly Abandon Instance = new();
    }

    /// <summary>Opens no more streams; stops when all tunnels have ended.</summary>
    internal sealed record Drain
    {
        public static readonly Drain Instance = new();
    }

    /// <summary>
    /// The settings have other tunnels in its place, or none. Who waits goes over to the successor; without one, who was sent here before is still
    /// served. Then it drains.
    /// </summary>
    internal sealed record Retire(PoolPart? Successor);

    /// <summary>A tunnel that could open a stream just now; the asker looks again, as both live on one loop.</summary>
    internal sealed record Granted(TunnelLink Link, bool HasOthers);

    /// <summary>There will be none.</summary>
    internal sealed record Refused(EndReason Reason, string Text)
    {
        public static readonly Refused TooMany = new(EndReason.Busy, "too many connections wait for a tunnel");

        public static readonly Refused IsDraining = new(EndReason.Draining, "this node is being drained");
    }

    /// <summary>The sender's tunnel is up.</summary>
    internal sealed record TunnelReady(TunnelLink Link, TunnelAddress Server);

    /// <summary>The server of the sender's tunnel is silent; the tunnel takes no streams meanwhile.</summary>
    internal sealed record TunnelSuspected
    {
        public static readonly TunnelSuspected Instance = new();
    }

    /// <summary>It was heard again.</summary>
    internal sealed record TunnelTrusted
    {
        public static readonly TunnelTrusted Instance = new();
    }

    /// <summary>The sender's tunnel nears an end that only another tunnel helps against.</summary>
    internal sealed record TunnelWorn(string Why);

    /// <summary>The server of the sender's tunnel tells of itself or of its cluster.</summary>
    internal sealed record TunnelAnnounced(TunnelAnnouncement Announcement);

    /// <summary>The sender's tunnel opens no more streams.</summary>
    internal sealed record TunnelDraining
    {
        public static readonly TunnelDraining Instance = new();
    }

    private enum Timer
    {
        LookAgain,
        LookForTheLast,
    }

    protected override void PreStart()
    {
        foreach (var server in _settings.Servers.SelectMany(server => Enumerable.Repeat(server, _settings.Connections)))
        {
            MakerTo(server);
        }

        JoinCluster();
    }

    protected override void PostStop() => Context.Parent.Tell(new NodeActor.TunnelsLeft(Totals with { Established = 0 }));

    /// <summary>An actor that makes one tunnel and stops with it.</summary>
    internal static Props TunnelTo(NodeEnvironment environment, TunnelAddress server, TunnelPoolSettings settings, IActorRef pool, TunnelHistory history) =>
        server.Transport == TunnelTransport.Kcp
            ? Props.Create(() => new TunnelActor(environment, server.Destination, settings, pool, history))
            : Props.Create(() => new StreamTunnelActor(environment, server, settings, pool, history));

    /// <summary>Passes on what of a tunnel's news its maker acts on.</summary>
    internal static void Tell(IActorRef owner, TunnelEvents.News news)
    {
        if (news.Kind == TunnelNews.Worn)
        {
            owner.Tell(new TunnelWorn(news.Text));
        }
        else if (news.Kind == TunnelNews.Draining)
        {
            owner.Tell(TunnelDraining.Instance);
        }
    }

    // States

    private void Serving()
    {
        Receive<Acquire>(acquire => Serve(Sender, acquire.Source));
        Receive<AcquireOther>(other =>
        {
            NoteSilent(other);
            Sender.Tell(Pick(null, other.Than) is { } link ? new Granted(link, HasOtherServers) : NoOther.Instance);
        });
        Receive<Abandon>(_ => Forget(Sender));
        Receive<Timer>(timer => timer == Timer.LookForTheLast, _ => DrainAfterTheLast());
        Receive<Timer>(_ => ServeWaiting());
        Receive<TunnelReady>(HandleTunnelReady);
        Receive<TunnelSuspected>(_ => HandleSuspected());
        Receive<TunnelTrusted>(_ => HandleTrusted());
        Receive<TunnelDraining>(_ => NoteLoad());
        Receive<TunnelAnnounced>(told => HandleAnnounced(told.Announcement));
        ReceiveMembers();
        Receive<Terminated>(terminated => HandleTunnelEnded(terminated.ActorRef));
        Receive<GetStatus>(_ => Sender.Tell(Status("serving")));
        Receive<Drain>(_ => BeginDraining());
        Receive<Retire>(retire => BeginRetiring(retire.Successor));
    }

    private void Draining()
    {
        Receive<Acquire>(acquire => TurnAway(new Waiting(Sender, acquire.Source)));
        Receive<AcquireOther>(_ => Sender.Tell(_successor is null ? Refused.IsDraining : NoOther.Instance));
        Receive<Abandon>(_ => { });
        Receive<Retire>(_ => { });
        Receive<Timer>(_ => { });
        Receive<TunnelReady>(ready => ready.Link.Drain());
        IgnoreMembers();
        Receive<TunnelDraining>(_ => { });
        Receive<TunnelAnnounced>(_ => { });
        Receive<Terminated>(terminated =>
        {
            HandleTunnelEnded(terminated.ActorRef);
            StopWhenEmpty();
        });
        Receive<GetStatus>(_ => Sender.Tell(Status("draining")));
        Receive<Drain>(_ => { });
    }

    private void BeginDraining()
    {
        Become(Draining);
        foreach (var waiting in _queue)
        {
            TurnAway(waiting);
        }

        foreach (var maker in Context.Children)
        {
            maker.Tell(Drain.Instance);
        }

        foreach (var tunnel in _tunnels.Values)
        {
            tunnel.Link.Drain();
        }

        StopWhenEmpty();
    }

    private void StopWhenEmpty()
    {
        if (_tunnels.Count == 0)
        {
            Context.Stop(Self);
        }
    }

    private void Serve(IActorRef asker, NetworkAddress? source)
    {
        if (Pick(source) is { } link)
        {
            asker.Tell(new Granted(link, HasOtherServers));
        }
        else if (_waiting.Count >= _settings.MaximumWaiting)
        {
            asker.Tell(Refused.TooMany);
        }
        else if (!_waiting.ContainsKey(asker))
        {
            _waiting.Add(asker, _queue.AddLast(new Waiting(asker, source)));
            LookAgainLater();
        }
    }

    private void Forget(IActorRef asker)
    {
        if (_waiting.Remove(asker, out var place))
        {
            _queue.Remove(place);
        }
    }

    private void ServeWaiting()
    {
        while (_queue.First is { } first && Pick(first.Value.Source) is { } link)
        {
            Forget(first.Value.Asker);
            first.Value.Asker.Tell(new Granted(link, HasOtherServers));
        }

        LookAgainLater();
    }

    // A tunnel that is up and full says nothing when it has room again.
    private void LookAgainLater()
    {
        if (_queue.Count > 0 && _tunnels.Count > 0 && !Context.Timers.IsTimerActive(Timer.LookAgain))
        {
            Context.Timers.StartSingleTimer(Timer.LookAgain, Timer.LookAgain, LookAgainAfter);
        }
    }

    private void HandleTunnelReady(TunnelReady ready)
    {
        Context.Watch(Sender);
        _tunnels[Sender] = ready;
        _tally.HandleOpened(_tunnels.Count);
        NoteLoad();
        NoteClusterTunnel(ready);
        ServeWaiting();
    }

    private void HandleTunnelEnded(IActorRef tunnel)
    {
        if (_tunnels.Remove(tunnel, out var ended))
        {
            _tally.HandleEnded(ended.Link);
            NoteLoad();
            NoteDoubt(ended);
            _learned?.Forget(tunnel);
        }
    }

    private void NoteLoad() => _load.OpenTunnels = _tunnels.Values.Count(tunnel => tunnel.Link.CanOpen);

    private TunnelLink? Pick(NetworkAddress? source, TunnelLink? except = null)
    {
        var open = Preferred([.. _tunnels.Values.Where(tunnel => tunnel.Link.CanOpen && tunnel.Link != except)]);
        if (open.Length < 2)
        {
            return open.FirstOrDefault()?.Link;
        }

        if (_settings.Balance == TunnelBalance.Source && source is { } address)
        {
            return OfSource(open, address).Link;
        }

        var first = _random.Next(open.Length);
        var second = (first + 1 + _random.Next(open.Length - 1)) % open.Length;
        return (LoadWithOneMore(open[first]) <= LoadWithOneMore(open[second]) ? open[first] : open[second]).Link;
    }

    // As long as a refused stream waits before it is opened again.
    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromMilliseconds(100);
}

using Proxy.Kernel;
using Proxy.Kernel.Event;
using Proxy.Protocol.Tunnels;

namespace Proxy.Actors;

/// <summary>
/// Keeps one tunnel up to a server that has several addresses, over the best of them that works. While none is up, one more is tried with every
/// second that passes; while one is, those better than it are tried again, less and less often. A better one that comes up takes the new
/// streams, and the worse ones end with their last stream. A tunnel whose server is silent counts as down until it is heard, and keeps its streams.
/// </summary>
internal sealed class PreferenceActor : ReceiveActor
{
    private readonly NodeEnvironment _environment;
    private readonly TunnelServer _server;
    private readonly TunnelPoolSettings _settings;
    private readonly IActorRef _pool;
    private readonly Random _random;
    private readonly ILoggingAdapter _log;
    private readonly Way[] _ways;
    private int _reach;                           // the worst of the ways that are tried
    private int? _best;                           // the way that is in use

    public PreferenceActor(NodeEnvironment environment, TunnelServer server, TunnelPoolSettings settings, IActorRef pool)
    {
        _environment = environment;
        _server = server;
        _settings = settings;
        _pool = pool;
        _random = Context.System.CreateRandom();
        _log = Context.GetLogger();
        _ways = [.. server.Addresses.Select((address, index) => new Way(index, address))];
        Receive<TunnelPoolActor.TunnelReady>(HandleReady);
        Receive<TunnelPoolActor.TunnelSuspected>(_ => HandleDoubt(isSuspect: true));
        Receive<TunnelPoolActor.TunnelTrusted>(_ => HandleDoubt(isSuspect: false));
        Receive<Terminated>(terminated => HandleEnded(terminated.ActorRef));
        Receive<Retry>(retry => Try(_ways[retry.Index]));
        Receive<ReachFarther>(_ => HandleNothingUp());
    }

    private sealed record Retry(int Index);

    private sealed record ReachFarther
    {
        public static readonly ReachFarther Instance = new();
    }

    /// <summary>A tunnel that failed is made again here, not there.</summary>
    protected override SupervisorStrategy SupervisorStrategy() => Kernel.SupervisorStrategy.StoppingStrategy;

    protected override void PreStart() => GoOn();

    private void HandleReady(TunnelPoolActor.TunnelReady ready)
    {
        _pool.Tell(ready, Sender);
        if (Array.Find(_ways, way => Sender.Equals(way.Tunnel)) is { } way)
        {
            way.Link = ready.Link;
            way.IsSuspect = false;

            // The next one is not made at once: a server may let in and throw out again and again.
            way.Failures = 1;
            GoOn();
        }
        else
        {
            // Given up while it was on its way.
            ready.Link.Drain();
        }
    }

    private void HandleDoubt(bool isSuspect)
    {
        if (Array.Find(_ways, way => Sender.Equals(way.Tunnel)) is { Link: not null } way)
        {
            way.IsSuspect = isSuspect;
            GoOn();
            if (_best is null)
            {
                // The silence was long enough to wait.
                HandleNothingUp();
            }
        }
    }

    private void HandleEnded(IActorRef tunnel)
    {
        if (Array.Find(_ways, way => tunnel.Equals(way.Tunnel)) is { } way)
        {
            way.Leave();
            GoOn();
        }
    }

    private void HandleNothingUp()
    {
        _reach = Math.Min(_reach + 1, _ways.Length - 1);
        GoOn();
    }

    /// <summary>Makes what is tried fit what is up.</summary>
    private void GoOn()
    {
        var best = Array.FindIndex(_ways, way => way.IsUp);
        SetBest(best < 0 ? null : best);
        if (best >= 0)
        {
            _reach = best;
            Context.Timers.Cancel(ReachFarther.Instance);
            foreach (var worse in _ways.Skip(best + 1))
            {
                GiveUp(worse);
            }
        }
        else if (_reach < _ways.Length - 1 && !Context.Timers.IsTimerActive(ReachFarther.Instance))
        {
            Context.Timers.StartSingleTimer(ReachFarther.Instance, ReachFarther.Instance, ReachFartherAfter);
        }

        foreach (var way in _ways.Take(_reach + 1).Where(way => way.Tunnel is null && !Context.Timers.IsTimerActive(way.Key)))
        {
            TryLater(way, isUrgent: best < 0);
        }
    }

    private void SetBest(int? best)
    {
        if (best == _best)
        {
            return;
        }

        if (best is { } now && _best != now)
        {
            _log.Info($"server {_server}: new streams go over {_ways[now].Address}");
        }

        if (best is null)
        {
            // All that was put off is due now.
            foreach (var way in _ways)
            {
                way.Failures = 0;
                Context.Timers.Cancel(way.Key);
            }
        }

        _best = best;
    }

    private void TryLater(Way way, bool isUrgent)
    {
        if (way.Failures == 0)
        {
            Try(way);
            return;
        }

        var (first, longest) = isUrgent ? (FirstRetry, LongestRetry) : (FirstLook, LongestLook);
        var wait = Math.Min(first.TotalSeconds * Math.Pow(2, Math.Min(way.Failures - 1, 16)), longest.TotalSeconds);
        Context.Timers.StartSingleTimer(way.Key, new Retry(way.Index), TimeSpan.FromSeconds(wait * (1 + (RetryJitter * _random.NextDouble()))));
    }

    private void Try(Way way)
    {
        if (way.Tunnel is not null || way.Index > _reach)
        {
            return;
        }

        var (environment, settings, self, history, address) = (_environment, _settings, Self, way.History, way.Address);
        way.Failures++;
        way.Tunnel = Context.Watch(Context.ActorOf(TunnelPoolActor.TunnelTo(environment, address, settings, self, history)));
    }

    /// <summary>The way is not needed: an attempt ends, a tunnel ends with its last stream.</summary>
    private void GiveUp(Way way)
    {
        Context.Timers.Cancel(way.Key);
        if (way.Link is { } link)
        {
            link.Drain();
        }
        else if (way.Tunnel is { } attempt)
        {
            Context.Stop(attempt);
        }

        way.Failures = 0;
        way.Leave();
    }

    // A path that swallows datagrams is told from one that is slow by time alone.
    private static readonly TimeSpan ReachFartherAfter = TimeSpan.FromSeconds(1);

    // As for a server with one address.
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMilliseconds(800);

    // While another way serves, nobody waits for this one.
    private static readonly TimeSpan FirstLook = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestLook = TimeSpan.FromSeconds(16);
    private const double RetryJitter = 0.25;

    /// <summary>One address of the server.</summary>
    private sealed class Way(int index, TunnelAddress address)
    {
        public int Index { get; } = index;

        public TunnelAddress Address { get; } = address;

        /// <summary>The timer of its next try.</summary>
        public string Key { get; } = $"retry-{index}";

        public TunnelHistory History { get; } = new();

        /// <summary>Tries since it was last up.</summary>
        public int Failures { get; set; }

        /// <summary>The tunnel or the attempt at one; null: there is none. One that was given up is none.</summary>
        public IActorRef? Tunnel { get; set; }

        public TunnelLink? Link { get; set; }

        public bool IsSuspect { get; set; }

        public bool IsUp => Link is { State: TunnelState.Ready } && !IsSuspect;

        public void Leave() => (Tunnel, Link, IsSuspect) = (null, null, false);
    }
}

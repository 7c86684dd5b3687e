using Proxy.Kernel;
using Proxy.Kernel.Event;

namespace Proxy.Actors;

/// <summary>
/// Keeps one tunnel up to a server for ever, over the best of its addresses that works. While none is up, one more is tried with every
/// second that passes; while one is, those better than it are tried again, less and less often. A better one that comes up takes the new
/// streams, and the worse ones end with their last stream. A tunnel whose server is silent counts as down until it is heard, and keeps its streams.
/// One that nears the end of its ids or keys takes streams until the next one is up, and ends with its last. States: keeping → retired.
/// </summary>
internal sealed class PreferenceActor : ReceiveActor
{
    private readonly NodeEnvironment _environment;
    private readonly TunnelServer _server;
    private readonly TunnelPoolSettings _settings;
    private readonly IActorRef _pool;
    private readonly Random _random;
    private readonly ILoggingAdapter _log;
    private readonly TunnelWay[] _ways;
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
        _ways = [.. server.Addresses.Select((address, index) => new TunnelWay(index, address))];
        Keeping();
    }

    private sealed record Retry(int Index);

    private sealed record Renew(int Index);

    private sealed record ReachFarther
    {
        public static readonly ReachFarther Instance = new();
    }

    private long Now => ((LoopDispatcher)Context.Dispatcher).Loop.NowMicroseconds;

    /// <summary>A tunnel that failed is made again here, not there.</summary>
    protected override SupervisorStrategy SupervisorStrategy() => Kernel.SupervisorStrategy.StoppingStrategy;

    protected override void PreStart() => GoOn();

    // States

    private void Keeping()
    {
        Receive<TunnelPoolActor.TunnelReady>(HandleReady);
        Receive<TunnelPoolActor.TunnelSuspected>(_ => HandleDoubt(isSuspect: true));
        Receive<TunnelPoolActor.TunnelTrusted>(_ => HandleDoubt(isSuspect: false));
        Receive<TunnelPoolActor.TunnelWorn>(worn => Replace(Find(Sender), worn.Why));
        Receive<TunnelPoolActor.TunnelDraining>(_ => HandleDraining());
        Receive<TunnelPoolActor.TunnelAnnounced>(told => _pool.Tell(told, Sender));
        Receive<Terminated>(terminated => HandleEnded(terminated.ActorRef));
        Receive<Retry>(retry => Try(_ways[retry.Index]));
        Receive<Renew>(renew => Replace(_ways[renew.Index], "as it is old enough"));
        Receive<ReachFarther>(_ => HandleNothingUp());
        Receive<TunnelPoolActor.Drain>(_ => Retire());
    }

    /// <summary>Nothing new is made; what is there is the pool's to end.</summary>
    private void Retired()
    {
        Receive<TunnelPoolActor.TunnelReady>(ready => _pool.Tell(ready, Sender));
        Receive<Terminated>(_ => StopWhenEmpty());
        ReceiveAny(_ => { });
    }

    private void StopWhenEmpty()
    {
        if (Context.Children.Count == 0)
        {
            Context.Stop(Self);
        }
    }

    private void Retire()
    {
        Become(Retired);
        Context.Timers.CancelAll();
        foreach (var attempt in _ways.Where(way => way.Link is null).Select(way => way.Tunnel).OfType<IActorRef>())
        {
            Context.Stop(attempt);
        }

        StopWhenEmpty();
    }

    private void HandleReady(TunnelPoolActor.TunnelReady ready)
    {
        _pool.Tell(ready, Sender);
        if (Find(Sender) is not { } way)
        {
            // Given up while it was on its way.
            ready.Link.Drain();
            return;
        }

        way.BecomeReady(ready.Link, Now);
        way.DrainOutgoing();
        if (_settings.RenewAfter > TimeSpan.Zero)
        {
            var age = _settings.RenewAfter * (1 + (RenewJitter * _random.NextDouble()));
            Context.Timers.StartSingleTimer(way.RenewKey, new Renew(way.Index), age);
        }

        GoOn();
    }

    private void HandleDoubt(bool isSuspect)
    {
        _pool.Tell(isSuspect ? TunnelPoolActor.TunnelSuspected.Instance : TunnelPoolActor.TunnelTrusted.Instance, Sender);
        if (Find(Sender) is { Link: not null } way)
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

    /// <summary>Another tunnel is made beside it, and it takes streams until that is up.</summary>
    private void Replace(TunnelWay? way, string why)
    {
        if (way is { Link: not null, Outgoing: null } && _ways[way.Index] == way)
        {
            _log.Info($"tunnel to {way.Address}: another one is made to take its place, {why}");
            Context.Timers.Cancel(way.RenewKey);
            NoteLife(way);
            way.KeepOutgoing();
            GoOn();
        }
    }

    /// <summary>The server wants it to end, or its ids have run out: what is on it goes on, the next one is wanted now.</summary>
    private void HandleDraining()
    {
        _pool.Tell(TunnelPoolActor.TunnelDraining.Instance, Sender);
        switch (Find(Sender))
        {
            case { Link: not null } way when _ways[way.Index] == way:
                NoteLife(way);
                way.Leave();
                GoOn();
                break;
            case { } outgoing:
                _ways[outgoing.Index].ForgetOutgoing();
                GoOn();
                break;
        }
    }

    private void HandleEnded(IActorRef tunnel)
    {
        if (Find(tunnel) is not { } way)
        {
            return;
        }

        if (_ways[way.Index] != way)
        {
            _ways[way.Index].ForgetOutgoing();
        }
        else
        {
            NoteLife(way);
            way.Leave();
        }

        GoOn();
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

        foreach (var way in _ways.Take(_reach + 1).Where(way => way.Tunnel is null && !Context.Timers.IsTimerActive(way.RetryKey)))
        {
            TryLater(way, isUrgent: best < 0 || way.Outgoing is not null);
        }
    }

    private void SetBest(int? best)
    {
        if (best == _best)
        {
            return;
        }

        if (best is { } now && _ways.Length > 1)
        {
            _log.Info($"server {_server}: new streams go over {_ways[now].Address}");
        }

        if (best is null)
        {
            // All that was put off is due now, but for the one that has just failed: a server may let in and throw out again and again.
            foreach (var way in _ways.Where(way => way.Index != _best))
            {
                way.Failures = 0;
                Context.Timers.Cancel(way.RetryKey);
            }
        }

        _best = best;
    }

    private void TryLater(TunnelWay way, bool isUrgent)
    {
        if (way.Failures == 0)
        {
            Try(way);
            return;
        }

        var wait = isUrgent ? RetryWaits.Urgent(way.Failures, _random) : RetryWaits.Leisurely(way.Failures, _random);
        Context.Timers.StartSingleTimer(way.RetryKey, new Retry(way.Index), wait);
    }

    private void Try(TunnelWay way)
    {
        if (way.Tunnel is null && way.Index <= _reach)
        {
            var (environment, settings, self, history, address) = (_environment, _settings, Self, way.History, way.Address);
            way.Begin(Context.Watch(Context.ActorOf(TunnelPoolActor.TunnelTo(environment, address, settings, self, history))));
        }
    }

    /// <summary>The way is not needed: an attempt ends, a tunnel ends with its last stream.</summary>
    private void GiveUp(TunnelWay way)
    {
        Context.Timers.Cancel(way.RetryKey);
        Context.Timers.Cancel(way.RenewKey);
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
        way.DrainOutgoing();
    }

    /// <summary>A tunnel that was up for a while has made good the tries that it took.</summary>
    private void NoteLife(TunnelWay way)
    {
        if (way.Link is not null && Now - way.ReadyMicroseconds >= SteadyMicroseconds)
        {
            way.Failures = 1;
        }
    }

    /// <summary>The way, or the outgoing part of one, whose tunnel that is.</summary>
    private TunnelWay? Find(IActorRef tunnel) => _ways.Select(way => way.Of(tunnel)).FirstOrDefault(found => found is not null);

    // A path that swallows datagrams is told from one that is slow by time alone.
    private static readonly TimeSpan ReachFartherAfter = TimeSpan.FromSeconds(1);
    private const long SteadyMicroseconds = 5_000_000;

    // Many clients that were started together do not renew together.
    private const double RenewJitter = 0.1;
}

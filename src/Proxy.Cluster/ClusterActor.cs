using Proxy.Cluster.Bans;
using Proxy.Cluster.Engine;
using Proxy.Cluster.Locks;
using Proxy.Cluster.Members;
using Proxy.Cluster.Shares;
using Proxy.Kernel;

namespace Proxy.Cluster;

/// <summary>
/// A node's part in its cluster: registers it, keeps the view of the members, shares limits. It drives pure parts and publishes
/// <see cref="ClusterEvent"/>s on the event stream; the engine being away costs nobody anything but news. States: taking part → leaving → stopped.
/// </summary>
public sealed partial class ClusterActor : ReceiveActor
{
    private readonly IEngine _engine;
    private readonly ClusterKeys _keys;
    private readonly Random _random;
    private readonly long _leaseMicroseconds;
    private readonly MemberTable _table;
    private readonly MirrorDriver _common;
    private readonly LeaseKeeper? _keeper;
    private readonly Registration? _registration;
    private readonly Suspicions _suspicions = new();
    private MemberRecord? _self;
    private RegistrationState _toldState = RegistrationState.Unclaimed;
    private bool _wasAway = true;
    private int _resets;

    /// <summary>An actor that begins at once.</summary>
    /// <param name="settings">How it takes part.</param>
    /// <param name="engine">Outlives the actor.</param>
    public ClusterActor(ClusterSettings settings, IEngine engine)
    {
        _engine = engine;
        _keys = new ClusterKeys(settings.Cluster);
        _random = Context.System.CreateRandom();
        _leaseMicroseconds = settings.LeaseSeconds * Clock.Second;
        _table = new MemberTable(_keys.MemberPrefix);

        // Who registered at an engine that has lost its memory registers again within a lease and a retry.
        _common = Mirror(KeyRange.Prefix(_keys.CommonPrefix), _leaseMicroseconds + (3 * Clock.Second));
        _bans = settings.Bans;
        _banTeller = new BanTeller(_keys.BanPrefix);
        _divider = new ShareDivider(_keys.UsePrefix, _keys.GrantPrefix, _keys.SharePlan);
        _self = settings.Self;
        if (_self is not null)
        {
            _keeper = new LeaseKeeper(settings.LeaseSeconds, _random);
            _registration = new Registration(_keys.Member(_self.Name), _self, _random);
            _holder = new ShareHolder(_keys.Use(_self.Name));
            _lock = new LeaseLock(_keys.Lock("shares"), _self.Name, _random);
        }

        TakingPart();
    }

    /// <summary>A timer: something is due.</summary>
    private sealed record Due
    {
        public static readonly Due Instance = new();
    }

    protected override void PreStart() => Self.Tell(Due.Instance, Self);

    protected override void PostStop()
    {
        _common.Dispose();
        _ownGrant?.Dispose();
        _shares?.Dispose();
    }

    // States

    private void TakingPart()
    {
        Receive<Due>(_ => Turn());
        Receive<Arrived>(HandleArrived);
        Receive<SetMemberState>(message => Change(self => message.State > self.State ? self with { State = message.State } : self));
        Receive<SetMemberLoad>(message => Change(self => self with { Load = message.Load, Capacity = message.Capacity }));
        Receive<ShareLimit>(message => HandleShareLimit(message.Limit));
        Receive<UnshareLimit>(message =>
        {
            _holder?.Remove(message.Limit);
            Turn();
        });
        Receive<BanSource>(message => HandleBan(message.Ban));
        Receive<UnbanSource>(message =>
        {
            _banTeller.Remove(message.Source);
            Turn();
        });
        Receive<GetMemberView>(_ => Sender.Tell(_table.View, Self));
        Receive<SuspectMember>(message => HandleSuspect(message.Name));
        Receive<TrustMember>(message => HandleTrust(message.Name));
        Receive<Terminated>(message => HandleReporterGone(message.ActorRef));
        Receive<LeaveCluster>(_ => BeginLeaving());
    }

    private void Leaving(IActorRef asker)
    {
        Receive<Due>(_ => TurnLeaving(asker));
        Receive<Arrived>(message =>
        {
            message.Handle(Now);
            TurnLeaving(asker);
        });
        Receive<GetMemberView>(_ => Sender.Tell(_table.View, Self));
        ReceiveAny(_ => { });
    }

    private long Now => Context.System.TimeProvider.NowMicroseconds();

    private long UnixMilliseconds => Context.System.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds();

    private void HandleArrived(Arrived message)
    {
        message.Handle(Now);
        Turn();
    }

    private void Change(Func<MemberRecord, MemberRecord> change)
    {
        if (_self is not null)
        {
            _self = change(_self);
            _registration!.Update(_self);
            Turn();
        }
    }

    /// <summary>Everything that is due is done, and the timer set for what comes next.</summary>
    private void Turn()
    {
        var now = Now;
        _common.Turn(now);
        TurnMembership(now);
        TurnShares(now);
        TurnBans(now);
        PublishView(now);
        Arm(now);
    }

    private void TurnMembership(long now)
    {
        if (_keeper is null)
        {
            return;
        }

        if (_keeper.Take(now) is { } keep)
        {
            _engine.Ask(keep, Self, _keeper.Answer);
        }

        NoticeOwnRecordGone(now);
        if (_registration!.Take(_keeper.LeaseId, now, UnixMilliseconds) is { } write)
        {
            _engine.Ask(write, Self, HandleRegistration);
        }
    }

    private void HandleRegistration(EngineAnswer answer, long now)
    {
        _registration!.Answer(answer, now);
        if (answer is EngineFailure { Error.Kind: EngineErrorKind.NotFound })
        {
            _keeper!.Suspect(now);
        }

        var state = _registration.State;
        if (state == _toldState)
        {
            return;
        }

        _toldState = state;
        if (state == RegistrationState.Registered)
        {
            Publish(new MemberRegistered(_self!));
        }
        else if (state == RegistrationState.Taken)
        {
            var taken = new MemberNameTaken(_self!.Name, _registration.Holder, _registration.IsSuperseded);
            Context.GetLogger().Error(taken.Text);
            Publish(taken);
        }
    }

    // Somebody has deleted it, or the engine is another one.
    private void NoticeOwnRecordGone(long now)
    {
        var mirror = _common.Mirror;
        var isSeen = !mirror.IsStale && mirror.Revision > _registration!.Revision;
        if (isSeen && _registration!.Revision != 0 && !mirror.Keys.ContainsKey(_keys.Member(_self!.Name)))
        {
            _registration.HandleGone(now);
        }
    }

    private void PublishView(long now)
    {
        var mirror = _common.Mirror;
        _table.Update(mirror, UnixMilliseconds, NoteBan);
        if (mirror.ResetCount != _resets)
        {
            _resets = mirror.ResetCount;
            _wasAway = false;
            _divider.Quarantine(now + _leaseMicroseconds);
            _keeper?.Suspect(now);
            _banTeller.TellAgain(UnixMilliseconds);
            Publish(new EngineBack(IsAnother: true));
        }
        else if (mirror.IsStale != _wasAway)
        {
            _wasAway = mirror.IsStale;
            Publish(mirror.IsStale ? new EngineAway(mirror.LastError) : new EngineBack(IsAnother: false));
        }

        foreach (var happened in _table.TakeEvents())
        {
            if (happened is MemberRemoved removed)
            {
                _suspicions.Forget(removed.Member.Name);
            }

            Publish(happened);
        }
    }

    private void Arm(long now)
    {
        long[] dues =
        [
            _common.Mirror.DueMicroseconds, _keeper?.DueMicroseconds ?? Clock.Never, _registration?.DueMicroseconds ?? Clock.Never,
            SharesDueMicroseconds(now), _banTeller.DueMicroseconds,
        ];
        var due = dues.Min();
        if (due == Clock.Never)
        {
            Context.Timers.Cancel(Due.Instance);
            return;
        }

        var wait = TimeSpan.FromMicroseconds(Math.Max(Clock.Millisecond, due - now));
        Context.Timers.StartSingleTimer(Due.Instance, Due.Instance, wait);
    }

    private void Publish(ClusterEvent happened) => Context.System.EventStream.Publish(happened);

    private MirrorDriver Mirror(KeyRange range, long graceMicroseconds) => new(new KeyMirror(range, graceMicroseconds, _random), _engine, Self);
}

using Proxy.Cluster.Engine;
using Proxy.Cluster.Locks;
using Proxy.Cluster.Members;
using Proxy.Cluster.Shares;

namespace Proxy.Cluster.Tests.Simulated;

/// <summary>A worker with all that a node has of its cluster: the view of the members, a limit that it shares, the lock of who divides it.</summary>
internal sealed class FullWorker(int index, long capacity, int limit, SimulatedEngine engine, Random random) : SimulatedWorker(index, capacity, engine, random)
{
    private readonly List<long> _leases = [];
    private MemberTable _table = null!;
    private PolledMirror _common = null!;
    private PolledMirror _grant = null!;
    private PolledMirror? _shares;
    private ShareHolder _holder = null!;
    private ShareDivider _divider = null!;
    private LeaseLock _lock = null!;
    private ClusterLimit _limit = null!;
    private long _dividesUnder;
    private int _resets;

    public MemberView View => _table.View;

    public bool IsDividing => IsRunning && _dividesUnder != 0;

    /// <summary>Connections that are wanted of the shared limit here.</summary>
    public int Demand { get; set; }

    public int Connections => _leases.Count;

    /// <summary>Those taken under the lease that the engine has of this worker now.</summary>
    public int ConnectionsUnderPresentLease(long lease) => lease == 0 ? 0 : _leases.Count(taken => taken == lease);

    public override void Start(long now)
    {
        base.Start(now);
        _leases.Clear();
        _table = new MemberTable(Keys.MemberPrefix);
        _common = Mirror(KeyRange.Prefix(Keys.CommonPrefix), 8 * Clock.Second);
        _grant = Mirror(KeyRange.One(Keys.Grant(Name)), 0);
        _shares = null;
        _dividesUnder = 0;
        _resets = 0;
        _lock = new LeaseLock(Keys.Lock("shares"), Name, Random);
        _divider = new ShareDivider(Keys.UsePrefix, Keys.GrantPrefix, Keys.SharePlan);
        _holder = new ShareHolder(Keys.Use(Name));
        _limit = new ClusterLimit("frontend:web", limit);
        Assert.True(_holder.Add(_limit));
    }

    public override void Crash()
    {
        base.Crash();
        _leases.Clear();
        _dividesUnder = 0;
    }

    /// <summary>What is due, and what the watches have brought; ten times a second.</summary>
    public void Look(long now)
    {
        _common.Turn(now, IsCut);
        _table.Update(_common.Mirror, now / 1000, static _ => { });
        _table.TakeEvents();
        if (_common.Mirror.ResetCount != _resets)
        {
            _resets = _common.Mirror.ResetCount;
            _divider.Quarantine(now + (5 * Clock.Second));
            Keeper.Suspect(now);
        }

        Share(now);
    }

    /// <summary>Connections come and go towards what is wanted.</summary>
    public void Work(long now)
    {
        while (_leases.Count > Demand)
        {
            _leases.RemoveAt(0);
            _limit.Release();
        }

        for (var refused = 0; _leases.Count < Demand && refused < 20;)
        {
            if (_limit.TryTake(now))
            {
                _leases.Add(Keeper.LeaseId);
            }
            else
            {
                refused++;
            }
        }
    }

    private void Share(long now)
    {
        _grant.Turn(now, IsCut);
        _grant.Mirror.ForgetChanges();
        _holder.Apply(IsRegistered ? Keeper.LeaseId : 0, Keeper.ValidUntilMicroseconds, _grant.Mirror.Keys.GetValueOrDefault(Keys.Grant(Name)));
        if (_holder.Take(now) is { } report)
        {
            _holder.Answer(Ask(report, now, out var at), at);
        }

        var common = _common.Mirror;
        if (!common.IsStale && _lock.Take(Keeper.LeaseId, common.Keys.GetValueOrDefault(Keys.Lock("shares")), common.Revision, now) is { } claim)
        {
            _lock.Answer(Ask(claim, now, out var at), at);
        }

        var token = Keeper.IsHeld(now) ? _lock.TokenUnder(Keeper.LeaseId) : 0;
        if (token != _dividesUnder)
        {
            _dividesUnder = token;
            _shares = token == 0 ? null : Mirror(KeyRange.Prefix(Keys.SharesPrefix), 0);
            _divider.Restart();
        }

        if (_shares is null)
        {
            return;
        }

        _shares.Turn(now, IsCut);
        _shares.Mirror.ForgetChanges();
        if (!_shares.Mirror.IsStale && _divider.Take(_lock.Fence, _shares.Mirror.Keys, _shares.Mirror.Revision, now) is { } division)
        {
            _divider.Answer(Ask(division, now, out _));
        }
    }

    private PolledMirror Mirror(KeyRange range, long grace) => new(new KeyMirror(range, grace, Random), Engine);
}

using Proxy.Cluster.Engine;
using Proxy.Cluster.Locks;
using Proxy.Cluster.Members;
using Proxy.Cluster.Shares;
using Proxy.Kernel;

namespace Proxy.Cluster;

public sealed partial class ClusterActor
{
    private readonly ShareHolder? _holder;
    private readonly LeaseLock? _lock;
    private MirrorDriver? _ownGrant;
    private MirrorDriver? _shares;
    private readonly ShareDivider _divider;
    private long _dividesUnder;

    private void HandleShareLimit(ClusterLimit limit)
    {
        if (_holder is null || !_holder.Add(limit))
        {
            Context.GetLogger().Error(
                $"the limit '{limit.Id}' cannot be shared: the node is no member, has it already, or has {ShareJson.MaximumLimits} of them");
            return;
        }

        if (_ownGrant is null)
        {
            _ownGrant = Mirror(KeyRange.One(_keys.Grant(_self!.Name)), 0);
        }

        Turn();
    }

    private void TurnShares(long now)
    {
        if (_ownGrant is null || _keeper is null)
        {
            return;
        }

        _ownGrant.Turn(now);
        _ownGrant.Mirror.ForgetChanges();
        var grant = _ownGrant.Mirror.Keys.GetValueOrDefault(_keys.Grant(_self!.Name));

        // Who has not got its name has no share either: the keys are another node's.
        var isMember = _registration!.State == RegistrationState.Registered;
        _holder!.Apply(isMember ? _keeper.LeaseId : 0, _keeper.ValidUntilMicroseconds, grant);
        if (_holder.Take(now) is { } report)
        {
            _engine.Ask(report, Self, _holder.Answer);
        }

        TurnDivider(now);
    }

    private void TurnDivider(long now)
    {
        var common = _common.Mirror;
        if (!common.IsStale && _lock!.Take(_keeper!.LeaseId, common.Keys.GetValueOrDefault(_keys.Lock("shares")), common.Revision, now) is { } claim)
        {
            _engine.Ask(claim, Self, _lock.Answer);
        }

        var token = _keeper!.IsHeld(now) ? _lock!.TokenUnder(_keeper.LeaseId) : 0;
        if (token != _dividesUnder)
        {
            // Read anew under the lock: what a former holder has still written is in it.
            _dividesUnder = token;
            _shares?.Dispose();
            _shares = token == 0 ? null : Mirror(KeyRange.Prefix(_keys.SharesPrefix), 0);
            _divider.Restart();
            Publish(new ShareDividerChanged(token));
        }

        if (_shares is null)
        {
            return;
        }

        _shares.Turn(now);
        var seen = _shares.Mirror;
        seen.ForgetChanges();
        if (!seen.IsStale && _divider.Take(_lock!.Fence, seen.Keys, seen.Revision, now) is { } division)
        {
            _engine.Ask(division, Self, (answer, _) => _divider.Answer(answer));
        }
    }

    private long SharesDueMicroseconds(long now)
    {
        if (_ownGrant is null)
        {
            return Clock.Never;
        }

        long[] dues =
        [
            _ownGrant.Mirror.DueMicroseconds, _holder!.DueMicroseconds, _common.Mirror.IsStale ? Clock.Never : _lock!.DueMicroseconds,
            _shares?.Mirror.DueMicroseconds ?? Clock.Never, _shares is { Mirror.IsStale: false } ? _divider.DueMicroseconds : Clock.Never,
            LeaseEnd(now),
        ];
        return dues.Min();
    }

    // When the shares, and the lock, can no longer be relied on.
    private long LeaseEnd(long now) => _keeper!.IsHeld(now) ? _keeper.ValidUntilMicroseconds : Clock.Never;
}

using Proxy.Cluster.Bans;
using Proxy.Cluster.Engine;
using Proxy.Policy.Limits;
using Proxy.Policy.Rules;

namespace Proxy.Actors;

/// <summary>
/// Decides whether a connection comes in before anything is made for it: first the rules, then the limits. Counts who was turned away, by
/// reason. Whoever comes in costs a lease and no other allocation. One owner; microseconds are the caller's, the clock on the wall is asked
/// only where a rule depends on it.
/// </summary>
internal sealed class FrontendGate
{
    private readonly long[] _refused = new long[RefusalReasons.All.Count];
    private readonly Admission _admission;
    private readonly TimeProvider _clock;
    private readonly SharedGate? _shared;
    private readonly BanBoard? _bans;
    private GateSettings _settings;

    /// <param name="settings">What holds until <see cref="Change"/>.</param>
    /// <param name="node">What all frontends of the node share.</param>
    /// <param name="clock">For rules that hold at times.</param>
    /// <param name="nowMicroseconds">The loop's clock.</param>
    /// <param name="shared">What all nodes of the cluster may let in together; who waits counts. Null: they share nothing.</param>
    /// <param name="bans">Sources that are turned away whatever the rules say; null: there are none.</param>
    public FrontendGate(GateSettings settings, ConnectionBudget node, TimeProvider clock, long nowMicroseconds, SharedGate? shared = null, BanBoard? bans = null)
    {
        (_settings, _clock, _shared, _bans) = (settings, clock, shared, bans);
        _admission = new Admission(settings.Limits, node, nowMicroseconds);
    }

    public int WaitingCount => _admission.QueuedCount;

    /// <summary>
    /// A connection has come. Admitted or queued: <paramref name="lease"/> is to be given to <see cref="Leave"/> at its end. Refused:
    /// <paramref name="refusal"/> says why, and it is counted.
    /// </summary>
    public AdmissionOutcome Enter(NetworkAddress source, long nowMicroseconds, out AdmissionLease? lease, out Refusal refusal)
    {
        lease = null;
        NetworkAddress? client = _settings.Proxies?.Contains(source) == true ? null : source;
        if (client is not null && !IsAllowed(source, out refusal))
        {
            return AdmissionOutcome.Refused;
        }

        if (_shared?.Enter(client, _clock.NowMicroseconds()) is { } ofCluster)
        {
            _refused[(int)ofCluster]++;
            refusal = new Refusal(ofCluster, _settings);
            return AdmissionOutcome.Refused;
        }

        var result = _admission.TryAdmit(client, nowMicroseconds);
        if (result.Outcome == AdmissionOutcome.Refused)
        {
            _shared?.Leave(client);
        }

        lease = result.Lease;
        refusal = result.Reason is { } reason ? new Refusal(reason, _settings) : default;
        return result.Outcome;
    }

    /// <summary>
    /// The client behind a proxy is known now: the rules apply to it, and it is counted there and no longer where it was. False:
    /// <paramref name="refusal"/> says why, it is counted, and the lease stays as it was.
    /// </summary>
    public bool TryName(AdmissionLease lease, NetworkAddress client, out Refusal refusal)
    {
        if (!IsAllowed(client, out refusal))
        {
            return false;
        }

        if (_shared?.TryName(client, _clock.NowMicroseconds()) == false)
        {
            _refused[(int)RefusalReason.ClusterSource]++;
            refusal = new Refusal(RefusalReason.ClusterSource, _settings);
            return false;
        }

        var before = lease.Source;
        if (_admission.TryIdentify(lease, client, out var reason))
        {
            // One that has left already is nobody's.
            _shared?.Unname(lease.Source == client ? before : client);
            return true;
        }

        _shared?.Unname(client);
        refusal = new Refusal(reason, _settings);
        return false;
    }

    /// <summary>
    /// The next that leaves the queue: admitted, or refused because its time is up, then with a <paramref name="refusal"/> and nothing to
    /// leave. False: none leaves now.
    /// </summary>
    public bool TryTakeWaiting(long nowMicroseconds, out AdmissionLease lease, out Refusal? refusal)
    {
        refusal = null;
        if (!_admission.TryTakeFromQueue(nowMicroseconds, out lease, out var result))
        {
            return false;
        }

        if (result.Reason is { } reason)
        {
            refusal = new Refusal(reason, _settings);
            _shared?.Leave(lease.Source);
        }

        return true;
    }

    /// <summary>How long until <see cref="TryTakeWaiting"/> is to be asked again, if nobody leaves before; null: nobody waits.</summary>
    public long? MicrosecondsUntilQueueMoves(long nowMicroseconds) => _admission.MicrosecondsUntilQueueMoves(nowMicroseconds);

    public void Leave(AdmissionLease lease)
    {
        _admission.Release(lease);
        _shared?.Leave(lease.Source);
    }

    /// <summary>Turns away the first that waits: the frontend takes nobody any more. False: nobody waits.</summary>
    public bool TryDismissWaiting(out AdmissionLease lease, out Refusal refusal)
    {
        refusal = new Refusal(RefusalReason.Draining, _settings);
        if (!_admission.TryDropFromQueue(RefusalReason.Draining, out lease))
        {
            return false;
        }

        _shared?.Leave(lease.Source);
        return true;
    }

    /// <summary>Turns away, and counts, one that came when the frontend takes nobody any more.</summary>
    public Refusal Dismiss()
    {
        _refused[(int)RefusalReason.Draining]++;
        return new Refusal(RefusalReason.Draining, _settings);
    }

    /// <summary>Other rules and limits from now on. Who is in stays in, whatever they say.</summary>
    public void Change(GateSettings settings, long nowMicroseconds)
    {
        _settings = settings;
        _admission.Apply(settings.Limits, nowMicroseconds);
    }

    /// <summary>Every reason there is, also those that nobody was refused for.</summary>
    public IReadOnlyList<RefusalCount> Refusals() =>
        [.. RefusalReasons.All.Select(reason => new RefusalCount(reason.Name(), _refused[(int)reason] + _admission.RefusedTotal(reason)))];

    private bool IsAllowed(NetworkAddress client, out Refusal refusal)
    {
        refusal = default;
        if (_bans is { IsEmpty: false }
            && _bans.Find($"{SourceBans.KeyOf(client)}", BanScope.All, _clock.GetUtcNow().ToUnixTimeMilliseconds()) is { } ban)
        {
            _refused[(int)RefusalReason.Banned]++;
            refusal = new Refusal(RefusalReason.Banned, _settings, ban.Why);
            return false;
        }

        var rules = _settings.Rules;
        var decision = rules.Decide(client, rules.HasSchedules ? _clock.GetUtcNow() : default);
        if (decision.IsAllowed)
        {
            return true;
        }

        _refused[(int)RefusalReason.Denied]++;
        refusal = new Refusal(RefusalReason.Denied, _settings, decision.RuleIndex < 0 ? null : decision.RuleName);
        return false;
    }
}

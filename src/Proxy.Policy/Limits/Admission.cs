using Proxy.Policy.Rules;

namespace Proxy.Policy.Limits;

/// <summary>
/// Decides for one listener whether a connection may come in, before anything is made for it. Checked in this order: its source address, the
/// network around that (both count queued connections too, so that a source can not fill the queue), then what may be waited for: the
/// listener's maximum, the node's (<see cref="ConnectionBudget"/>), the accept rate. A connection that fails one of the last three waits in
/// the queue, if there is one, first in first out, until its deadline; while anyone waits, whoever comes waits behind. A refused connection
/// costs the others nothing: it takes no place and no token.
/// <para>
/// Commands: <see cref="TryAdmit"/>, <see cref="TryIdentify"/>, <see cref="Release"/>, <see cref="Apply"/>. After <see cref="Release"/>, after
/// <see cref="Apply"/>, and when the time of <see cref="MicrosecondsUntilQueueMoves"/> has come, call <see cref="TryTakeFromQueue"/> until it
/// is false. One owner; only the budget is shared between threads. Time in microseconds is the caller's.
/// </para>
/// </summary>
public sealed partial class Admission
{
    private readonly long[] _refused = new long[Enum.GetValues<RefusalReason>().Length];
    private readonly LeaseList _admitted = new();
    private readonly ConnectionBudget _total;
    private AdmissionSettings _settings;
    private TokenBucket? _acceptRate;

    public Admission(AdmissionSettings settings, ConnectionBudget total, long nowMicroseconds)
    {
        (_settings, _total) = (settings, total);
        Apply(settings, nowMicroseconds);
    }

    /// <summary>Connections that are admitted and not released.</summary>
    public int ActiveCount => _admitted.Count;

    /// <summary>Connections admitted since the beginning.</summary>
    public long AdmittedTotal { get; private set; }

    /// <summary>Connections refused for this reason since the beginning.</summary>
    public long RefusedTotal(RefusalReason reason) => _refused[(int)reason];

    /// <summary>
    /// A connection has come. <paramref name="source"/> is null where the client is not known yet (it stands behind another proxy that will
    /// name it): then <see cref="TryIdentify"/> follows.
    /// </summary>
    public AdmissionResult TryAdmit(NetworkAddress? source, long nowMicroseconds)
    {
        if (SourceRefusal(source) is { } refusal)
        {
            return Refuse(refusal);
        }

        RefusalReason? blocked = _queue.Count > 0 ? RefusalReason.QueueFull : TakePlace(nowMicroseconds);
        if (blocked is null)
        {
            return AdmissionResult.Admitted(Admit(NewLease(source)));
        }

        if (_settings.MaximumQueued == 0)
        {
            return Refuse(blocked.Value);
        }

        return _queue.Count < _settings.MaximumQueued
            ? AdmissionResult.Queued(Enqueue(NewLease(source), nowMicroseconds))
            : Refuse(RefusalReason.QueueFull);
    }

    /// <summary>
    /// The client of this connection is now known: counts it there and no longer where it was. False: that source has too many already;
    /// the lease stays as it was, and is to be released.
    /// </summary>
    public bool TryIdentify(AdmissionLease lease, NetworkAddress source, out RefusalReason reason)
    {
        ArgumentNullException.ThrowIfNull(lease);
        reason = default;
        if (lease.State == LeaseState.Released)
        {
            return true;
        }

        var before = lease.Source;
        Uncount(lease);
        var refusal = SourceRefusal(source);
        lease.Source = refusal is null ? source : before;
        Count(lease);
        if (refusal is null)
        {
            return true;
        }

        reason = refusal.Value;
        _refused[(int)reason]++;
        return false;
    }

    /// <summary>The connection has ended, or has left the queue. A second time does nothing.</summary>
    public void Release(AdmissionLease lease)
    {
        ArgumentNullException.ThrowIfNull(lease);
        switch (lease.State)
        {
            case LeaseState.Admitted:
                _admitted.Remove(lease);
                _total.Release();
                break;
            case LeaseState.Queued:
                _queue.Remove(lease);
                break;
            default:
                return;
        }

        Uncount(lease);
        lease.State = LeaseState.Released;
    }

    /// <summary>
    /// Other limits from now on; who is there is counted by them. Connections above a lower limit stay; no more come in until enough of them
    /// have ended.
    /// </summary>
    public void Apply(AdmissionSettings settings, long nowMicroseconds)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)settings.IPv4PrefixLength, 32u, nameof(settings));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)settings.IPv6PrefixLength, 128u, nameof(settings));
        _settings = settings;
        Recount();
        if (settings.AcceptsPerSecond == 0)
        {
            _acceptRate = null;
            return;
        }

        var burst = settings.AcceptBurst > 0 ? settings.AcceptBurst : Math.Max(1, settings.AcceptsPerSecond / 10);
        if (_acceptRate is null)
        {
            _acceptRate = new TokenBucket(settings.AcceptsPerSecond, burst, nowMicroseconds);
        }
        else
        {
            _acceptRate.Change(settings.AcceptsPerSecond, burst, nowMicroseconds);
        }
    }

    // Takes a place in everything that may be waited for, or in nothing and says what is full.
    private RefusalReason? TakePlace(long nowMicroseconds)
    {
        if (ActiveCount >= _settings.MaximumConnections)
        {
            return RefusalReason.ListenerConnections;
        }

        if (!_total.TryTake())
        {
            return RefusalReason.TotalConnections;
        }

        if (_acceptRate?.TryTake(1, nowMicroseconds) == false)
        {
            _total.Release();
            return RefusalReason.AcceptRate;
        }

        return null;
    }

    private AdmissionLease NewLease(NetworkAddress? source)
    {
        var lease = new AdmissionLease { Source = source };
        Count(lease);
        return lease;
    }

    private AdmissionLease Admit(AdmissionLease lease)
    {
        lease.State = LeaseState.Admitted;
        _admitted.AddLast(lease);
        AdmittedTotal++;
        return lease;
    }

    private AdmissionResult Refuse(RefusalReason reason)
    {
        _refused[(int)reason]++;
        return AdmissionResult.Refused(reason);
    }
}

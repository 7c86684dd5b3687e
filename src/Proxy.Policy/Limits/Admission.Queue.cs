namespace Proxy.Policy.Limits;

/// <summary>The connections that wait for a place, the one that came first in front.</summary>
public sealed partial class Admission
{
    // A place in the node's total may be freed by another thread, which tells nobody: then the queue looks again after this time.
    private const long TotalRetryMicroseconds = 10_000;

    private readonly LeaseList _queue = new();

    /// <summary>Connections that wait.</summary>
    public int QueuedCount => _queue.Count;

    /// <summary>
    /// The next connection to leave the queue: admitted, or refused because its deadline has come; <paramref name="lease"/> is the one it was
    /// queued with (of a refused one nothing is left to release). False: none leaves now.
    /// </summary>
    public bool TryTakeFromQueue(long nowMicroseconds, out AdmissionLease lease, out AdmissionResult result)
    {
        (lease, result) = (null!, default);
        if (_queue.First is not { } first)
        {
            return false;
        }

        lease = first;
        if (MicrosecondsUntilDeadline(lease, nowMicroseconds) <= 0)
        {
            Release(lease);
            result = Refuse(RefusalReason.QueueDeadline);
            return true;
        }

        if (TakePlace(nowMicroseconds) is not null)
        {
            return false;
        }

        _queue.Remove(first);
        result = AdmissionResult.Admitted(Admit(lease));
        return true;
    }

    /// <summary>Refuses the first in the queue, whatever its time, so that the caller can empty it: nobody is served any more. False: nobody waits.</summary>
    public bool TryDropFromQueue(RefusalReason reason, out AdmissionLease lease)
    {
        lease = _queue.First!;
        if (lease is null)
        {
            return false;
        }

        Release(lease);
        Refuse(reason);
        return true;
    }

    /// <summary>How long until <see cref="TryTakeFromQueue"/> is to be called again, if nothing is released before; null: nobody waits.</summary>
    public long? MicrosecondsUntilQueueMoves(long nowMicroseconds)
    {
        if (_queue.First is not { } first)
        {
            return null;
        }

        var untilDeadline = MicrosecondsUntilDeadline(first, nowMicroseconds);
        if (ActiveCount >= _settings.MaximumConnections)
        {
            return Math.Max(0, untilDeadline);
        }

        var untilPlace = Math.Max(
            _total.Active < _total.Maximum ? 0 : TotalRetryMicroseconds,
            _acceptRate?.MicrosecondsUntil(1, nowMicroseconds) ?? 0);
        return Math.Max(0, Math.Min(untilDeadline, untilPlace));
    }

    private AdmissionLease Enqueue(AdmissionLease lease, long nowMicroseconds)
    {
        lease.State = LeaseState.Queued;
        lease.QueuedAtMicroseconds = nowMicroseconds;
        _queue.AddLast(lease);
        return lease;
    }

    // By the settings of now, so that the first in the queue is always the first to expire.
    private long MicrosecondsUntilDeadline(AdmissionLease lease, long nowMicroseconds) =>
        lease.QueuedAtMicroseconds + _settings.QueueDeadlineMicroseconds - nowMicroseconds;
}

namespace Proxy.Policy.Balancing;

/// <summary>
/// The connections that wait for a server of one group, first come first served, in bounded number and for a bounded time. Pure and not
/// thread-safe: it has the owner of the group. Time is the caller's, in microseconds.
/// <para>For each connection: <see cref="Take"/>. Whenever a lease was given back or the group changed: <see cref="TryServe"/> until false.
/// At <see cref="NextDeadlineMicroseconds"/>: <see cref="TryGetExpired"/> until false. When a waiting client leaves: <see cref="Remove"/>.</para>
/// <para>Nobody is overtaken by somebody who wants the same: a connection that has failed on the only free server lets the next one pass.
/// Who waits goes on waiting while no server is in service, since one may come back in time.</para>
/// </summary>
/// <typeparam name="TWaiter">Who waits; each at most once.</typeparam>
public sealed class ConnectionQueue<TWaiter>
    where TWaiter : notnull
{
    private readonly UpstreamGroup _group;
    private ConnectionQueueSettings _settings;
    private readonly LinkedList<Entry> _waiting = new();
    private readonly Dictionary<TWaiter, LinkedListNode<Entry>> _places = [];
    private int _retrying;

    // The group's room when everybody here was last offered it in vain; null: somebody may not have been.
    private long? _exhaustedRoom;

    public ConnectionQueue(UpstreamGroup group, ConnectionQueueSettings settings)
    {
        _group = group;
        _settings = settings;
    }

    public int Count => _waiting.Count;

    /// <summary>Whether somebody waits who was not offered the room there is now.</summary>
    public bool CanServe => Count > 0 && _exhaustedRoom != _group.RoomVersion;

    /// <summary>When the first one has waited long enough; null: nobody waits.</summary>
    public long? NextDeadlineMicroseconds => _waiting.First?.Value.DeadlineMicroseconds;

    /// <summary>
    /// A server at once, for a connection that would not wait; <see cref="PickStatus.AllFull"/> also when the room there is belongs to those
    /// who wait.
    /// </summary>
    public PickStatus TryPick(in PickRequest request, long nowMicroseconds, out ServerLease? lease)
    {
        // Room that the others were not offered yet is theirs; room that they could not use is free for the newcomer.
        lease = null;
        return CanServe && _group.HasUsable ? PickStatus.AllFull : _group.TryPick(request, nowMicroseconds, out lease);
    }

    /// <summary>A server at once, or a place in the queue.</summary>
    public QueueStatus Take(TWaiter waiter, in PickRequest request, long nowMicroseconds, out ServerLease? lease)
    {
        var status = TryPick(request, nowMicroseconds, out lease);
        if (status is not PickStatus.AllFull)
        {
            return status switch
            {
                PickStatus.Picked => QueueStatus.Picked,
                PickStatus.AllTried => QueueStatus.AllTried,
                _ => QueueStatus.NoneUsable,
            };
        }

        if (Count >= _settings.MaximumWaiting)
        {
            return QueueStatus.QueueFull;
        }

        // Never before that of who stands in front, who may have come under a longer one.
        var deadline = Math.Max(
            nowMicroseconds + (_settings.Timeout.Ticks / TimeSpan.TicksPerMicrosecond), _waiting.Last?.Value.DeadlineMicroseconds ?? 0);
        _places.Add(waiter, _waiting.AddLast(new Entry(waiter, request, deadline)));
        _retrying += IsRetrying(request) ? 1 : 0;
        return QueueStatus.Queued;
    }

    /// <summary>The next one that a server has room for; it has left the queue and holds <paramref name="lease"/>.</summary>
    public bool TryServe(long nowMicroseconds, out TWaiter waiter, out ServerLease? lease)
    {
        (waiter, lease) = (default!, null);
        if (!CanServe)
        {
            return false;
        }

        // What one fresh connection cannot get no other fresh one can; those that retry differ from each other and are all asked.
        var retryingLeft = _retrying;
        var isFreshInVain = false;
        for (var node = _waiting.First; node is not null && !(isFreshInVain && retryingLeft == 0); node = node.Next)
        {
            var isRetrying = IsRetrying(node.Value.Request);
            retryingLeft -= isRetrying ? 1 : 0;
            if (!isRetrying && isFreshInVain)
            {
                continue;
            }

            if (_group.TryPick(node.Value.Request, nowMicroseconds, out lease) is PickStatus.Picked)
            {
                waiter = node.Value.Waiter;
                Unlink(node);
                return true;
            }

            isFreshInVain |= !isRetrying;
        }

        _exhaustedRoom = _group.RoomVersion;
        return false;
    }

    /// <summary>One that has waited too long; it has left the queue.</summary>
    public bool TryGetExpired(long nowMicroseconds, out TWaiter waiter)
    {
        if (_waiting.First is not { } first || first.Value.DeadlineMicroseconds > nowMicroseconds)
        {
            waiter = default!;
            return false;
        }

        waiter = first.Value.Waiter;
        Unlink(first);
        return true;
    }

    /// <summary>Lets <paramref name="waiter"/> leave; false: it does not wait here.</summary>
    public bool Remove(TWaiter waiter)
    {
        if (!_places.TryGetValue(waiter, out var node))
        {
            return false;
        }

        Unlink(node);
        return true;
    }

    /// <summary>Other settings for who comes from now on; who waits keeps its place and its deadline.</summary>
    public void Change(ConnectionQueueSettings settings) => _settings = settings;

    /// <summary>Lets everybody leave, in order.</summary>
    public IReadOnlyList<TWaiter> Dismiss()
    {
        TWaiter[] all = [.. _waiting.Select(entry => entry.Waiter)];
        foreach (var waiter in all)
        {
            Remove(waiter);
        }

        return all;
    }

    private void Unlink(LinkedListNode<Entry> node)
    {
        _places.Remove(node.Value.Waiter);
        _waiting.Remove(node);
        _retrying -= IsRetrying(node.Value.Request) ? 1 : 0;
    }

    private static bool IsRetrying(in PickRequest request) => request.Tried is { Count: > 0 };

    private readonly record struct Entry(TWaiter Waiter, PickRequest Request, long DeadlineMicroseconds);
}

/// <summary>How asking for a server went.</summary>
public enum QueueStatus
{
    /// <summary>A server was picked at once.</summary>
    Picked,

    /// <summary>
    /// It waits; <see cref="ConnectionQueue{TWaiter}.TryServe"/> or <see cref="ConnectionQueue{TWaiter}.TryGetExpired"/> will name it.
    /// </summary>
    Queued,

    /// <summary>Too many wait already.</summary>
    QueueFull,

    /// <summary>This connection has failed on every server that is in service.</summary>
    AllTried,

    /// <summary>No server is in service.</summary>
    NoneUsable,
}

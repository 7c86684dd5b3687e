namespace Proxy.Transport;

/// <summary>
/// The deadlines of one loop, in a binary heap: a pure engine, told the time. One entry per deadline, moved in place when it is set again,
/// so its size is bounded by the number of deadlines and not by how often they are set. Same moment: in the order in which they were set.
/// </summary>
public sealed class DeadlineQueue
{
    private const int NotQueued = -1;
    private readonly List<Deadline> _heap = [];
    private long _settings;

    /// <summary>How often a deadline was set so far; see <see cref="TryTakeDue"/>.</summary>
    public long Settings => _settings;

    /// <summary>Deadlines that are armed.</summary>
    public int Count => _heap.Count;

    /// <summary>The earliest moment; <see cref="long.MaxValue"/> when nothing is armed.</summary>
    public long NextDueMicroseconds => _heap.Count == 0 ? long.MaxValue : _heap[0].DueMicroseconds;

    public IDeadline Create(Action callback) => new Deadline(this, callback);

    /// <summary>
    /// Takes the next deadline that is due and was set before <paramref name="settingsBefore"/>; so a callback that sets itself to a moment
    /// already gone runs in the next round and does not hold this one up.
    /// </summary>
    public bool TryTakeDue(long nowMicroseconds, long settingsBefore, out Action callback)
    {
        if (_heap.Count == 0 || _heap[0].DueMicroseconds > nowMicroseconds || _heap[0].Order >= settingsBefore)
        {
            callback = null!;
            return false;
        }

        var first = _heap[0];
        Remove(first);
        callback = first.Callback;
        return true;
    }

    private void Set(Deadline deadline, long dueMicroseconds)
    {
        deadline.DueMicroseconds = dueMicroseconds;
        deadline.Order = _settings++;
        if (deadline.Index == NotQueued)
        {
            deadline.Index = _heap.Count;
            _heap.Add(deadline);
        }

        MoveUp(deadline);
        MoveDown(deadline);
    }

    private void Remove(Deadline deadline)
    {
        if (deadline.Index == NotQueued)
        {
            return;
        }

        var last = _heap[^1];
        _heap.RemoveAt(_heap.Count - 1);
        if (last != deadline)
        {
            Place(last, deadline.Index);
            MoveUp(last);
            MoveDown(last);
        }

        deadline.Index = NotQueued;
    }

    private void MoveUp(Deadline deadline)
    {
        while (deadline.Index > 0)
        {
            var parent = _heap[(deadline.Index - 1) / 2];
            if (!deadline.IsBefore(parent))
            {
                return;
            }

            Swap(deadline, parent);
        }
    }

    private void MoveDown(Deadline deadline)
    {
        while ((deadline.Index * 2) + 1 < _heap.Count)
        {
            var child = _heap[(deadline.Index * 2) + 1];
            if (child.Index + 1 < _heap.Count && _heap[child.Index + 1].IsBefore(child))
            {
                child = _heap[child.Index + 1];
            }

            if (!child.IsBefore(deadline))
            {
                return;
            }

            Swap(child, deadline);
        }
    }

    private void Swap(Deadline one, Deadline other)
    {
        var index = one.Index;
        Place(one, other.Index);
        Place(other, index);
    }

    private void Place(Deadline deadline, int index)
    {
        _heap[index] = deadline;
        deadline.Index = index;
    }

    private sealed class Deadline(DeadlineQueue queue, Action callback) : IDeadline
    {
        public Action Callback { get; } = callback;

        public long DueMicroseconds { get; set; }

        public long Order { get; set; }

        public int Index { get; set; } = NotQueued;

        public void Set(long dueMicroseconds) => queue.Set(this, dueMicroseconds);

        public void Cancel() => queue.Remove(this);

        public bool IsBefore(Deadline other) =>
            DueMicroseconds != other.DueMicroseconds ? DueMicroseconds < other.DueMicroseconds : Order < other.Order;
    }
}

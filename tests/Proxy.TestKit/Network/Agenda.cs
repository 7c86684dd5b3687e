namespace Proxy.TestKit;

/// <summary>What happens at a later moment of virtual time, in order of due time and, at the same time, in order of entry.</summary>
internal sealed class Agenda(ManualTime time)
{
    private readonly PriorityQueue<Action, (long DueTicks, long Order)> _entries = new();
    private long _order;

    /// <summary>When the next entry is due, since the clock's start; null when there is none.</summary>
    public TimeSpan? NextDue => _entries.TryPeek(out _, out var priority) ? TimeSpan.FromTicks(priority.DueTicks) : null;

    public void Add(TimeSpan due, Action action) => _entries.Enqueue(action, (Math.Max(due.Ticks, time.Elapsed.Ticks), _order++));

    public void AddAfter(TimeSpan delay, Action action) => Add(time.Elapsed + delay, action);

    /// <summary>Runs what is due at the clock's present moment, without what these entries add for the same moment.</summary>
    public void RunDue()
    {
        var enteredBefore = _order;
        while (_entries.TryPeek(out var action, out var priority) && priority.DueTicks <= time.Elapsed.Ticks && priority.Order < enteredBefore)
        {
            _entries.Dequeue();
            action();
        }
    }
}

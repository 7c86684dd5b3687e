namespace Proxy.Kernel;

/// <summary>
/// Runs a whole system on the caller's thread, one turn at a time, in an order chosen by the seed: the same seed and the same inputs give the same
/// run, another seed another interleaving. Takes any work item, so that a simulated I/O loop takes part in the same choice. Work may be handed in
/// from any thread; turns are run by one thread, the one that calls <see cref="RunOne"/>.
/// </summary>
public sealed class DeterministicDispatcher : MessageDispatcher
{
    private readonly Lock _lock = new();
    private readonly List<IThreadPoolWorkItem> _ready = [];
    private readonly Random _choice;

    public DeterministicDispatcher(int seed)
    {
        Seed = seed;
        _choice = new Random(seed);
    }

    /// <summary>Told before each turn, with the turn's number from 1 and the item chosen; a mailbox prints as its actor's path. Written down, it
    /// is the trace by which two runs are compared.</summary>
    public Action<long, IThreadPoolWorkItem>? TurnStarting { get; set; }

    public int Seed { get; }

    /// <summary>Turns run so far.</summary>
    public long Turns { get; private set; }

    /// <summary>Whether nothing is ready to run.</summary>
    public bool IsIdle
    {
        get
        {
            lock (_lock)
            {
                return _ready.Count == 0;
            }
        }
    }

    public override void Execute(IThreadPoolWorkItem mailbox)
    {
        lock (_lock)
        {
            _ready.Add(mailbox);
        }
    }

    /// <summary>Runs one item of those ready. Whether there was one.</summary>
    public bool RunOne()
    {
        if (!TryTake(out var item))
        {
            return false;
        }

        Turns++;
        TurnStarting?.Invoke(Turns, item);
        item.Execute();
        return true;
    }

    /// <summary>Runs until nothing is ready, but not more than <paramref name="maxTurns"/> turns; returns how many it ran.</summary>
    public int RunUntilIdle(int maxTurns)
    {
        var turns = 0;
        while (turns < maxTurns && RunOne())
        {
            turns++;
        }

        return turns;
    }

    private bool TryTake(out IThreadPoolWorkItem item)
    {
        lock (_lock)
        {
            if (_ready.Count == 0)
            {
                item = null!;
                return false;
            }

            var index = _choice.Next(_ready.Count);
            item = _ready[index];
            _ready[index] = _ready[^1];
            _ready.RemoveAt(_ready.Count - 1);
            return true;
        }
    }
}

namespace Proxy.TestKit;

/// <summary>
/// The work that could run now: one place decides what runs next, so that a seed decides it. A kernel's deterministic dispatcher can stand
/// here, and then actors and loops are interleaved by the same choice.
/// </summary>
public interface IReadyQueue
{
    /// <summary>Adds <paramref name="work"/> to what may run next. From any thread.</summary>
    void Execute(IThreadPoolWorkItem work);

    /// <summary>Runs one item. False: nothing is ready.</summary>
    bool RunOne();
}

/// <summary>Runs a seeded-random choice of what is ready, each item once.</summary>
public sealed class SeededReadyQueue(int seed) : IReadyQueue
{
    private readonly Lock _lock = new();
    private readonly Random _random = new(seed);
    private readonly List<IThreadPoolWorkItem> _ready = [];

    public void Execute(IThreadPoolWorkItem work)
    {
        lock (_lock)
        {
            _ready.Add(work);
        }
    }

    public bool RunOne()
    {
        IThreadPoolWorkItem chosen;
        lock (_lock)
        {
            if (_ready.Count == 0)
            {
                return false;
            }

            var index = _random.Next(_ready.Count);
            chosen = _ready[index];
            _ready[index] = _ready[^1];
            _ready.RemoveAt(_ready.Count - 1);
        }

        chosen.Execute();
        return true;
    }
}

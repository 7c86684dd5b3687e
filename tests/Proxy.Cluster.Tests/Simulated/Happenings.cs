namespace Proxy.Cluster.Tests.Simulated;

/// <summary>What is to happen in which second, as it was decided by the seed.</summary>
internal sealed class Happenings
{
    private readonly PriorityQueue<Action<int>, (int Second, int Number)> _queue = new();
    private int _number;

    public void At(int second, Action<int> action) => _queue.Enqueue(action, (second, _number++));

    public void Run(int second)
    {
        while (_queue.TryPeek(out var action, out var due) && due.Second <= second)
        {
            _queue.Dequeue();
            action(second);
        }
    }
}

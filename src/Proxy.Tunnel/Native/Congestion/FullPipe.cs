namespace Proxy.Tunnel.Native;

/// <summary>Tells in start-up that the path is full: three rounds in which more did not bring more, fewer where something queues already.</summary>
internal sealed class FullPipe
{
    private const double Growth = 1.25;
    private const int Rounds = 3;

    private double _bandwidth;
    private int _count;

    /// <summary>Whether a round that has ended says so.</summary>
    /// <param name="bandwidth">What is believed by now.</param>
    /// <param name="isQueueing">Whether something queues, which counts double.</param>
    /// <param name="isLossy">Whether it lost too much, which is enough, unless it still grew: then the path has losses of its own.</param>
    public bool IsFull(double bandwidth, bool isQueueing, bool isLossy)
    {
        if (bandwidth >= _bandwidth * Growth)
        {
            _bandwidth = bandwidth;
            _count = 0;
        }
        else
        {
            _count += isQueueing ? 2 : 1;
        }

        return _count >= Rounds || (isLossy && _count > 0);
    }

    public void Clear()
    {
        _bandwidth = 0;
        _count = 0;
    }
}

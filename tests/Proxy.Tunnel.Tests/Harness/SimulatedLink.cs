namespace Proxy.Tunnel.Tests;

/// <summary>One direction of a network; what it does to datagrams is set by its properties and decided by a seeded random.</summary>
internal sealed class SimulatedLink(Random random)
{
    private readonly PriorityQueue<byte[], (long DueMicroseconds, long Order)> _underway = new();
    private long _order;

    public long LatencyMicroseconds { get; set; } = 10_000;

    /// <summary>Up to so much is added to the latency of each datagram on its own, which reorders them.</summary>
    public int JitterMicroseconds { get; set; }

    public double LossRate { get; set; }

    public double DuplicationRate { get; set; }

    /// <summary>Whether everything that is sent gets lost.</summary>
    public bool IsDown { get; set; }

    /// <summary>Loses what it is true for.</summary>
    public Func<byte[], bool> Loses { get; set; } = _ => false;

    public int Sent { get; private set; }

    public int Lost { get; private set; }

    /// <summary>Everything that was ever sent here, lost or not.</summary>
    public List<byte[]> History { get; } = [];

    public bool KeepsHistory { get; set; }

    public long? NextArrivalMicroseconds => _underway.TryPeek(out _, out var priority) ? priority.DueMicroseconds : null;

    public void Send(ReadOnlySpan<byte> datagram, long nowMicroseconds)
    {
        Sent++;
        var copy = datagram.ToArray();
        if (KeepsHistory)
        {
            History.Add(copy);
        }

        if (IsDown || Happens(LossRate) || Loses(copy))
        {
            Lost++;
            return;
        }

        Enqueue(copy, nowMicroseconds);
        if (Happens(DuplicationRate))
        {
            Enqueue(copy, nowMicroseconds);
        }
    }

    public bool TryReceive(long nowMicroseconds, out byte[] datagram)
    {
        if (_underway.TryPeek(out datagram!, out var priority) && priority.DueMicroseconds <= nowMicroseconds)
        {
            _underway.Dequeue();
            return true;
        }

        return false;
    }

    /// <summary>Loses what is under way.</summary>
    public void Lose()
    {
        Lost += _underway.Count;
        _underway.Clear();
    }

    private void Enqueue(byte[] datagram, long nowMicroseconds)
    {
        var jitter = JitterMicroseconds > 0 ? random.Next(JitterMicroseconds) : 0;
        _underway.Enqueue(datagram, (nowMicroseconds + LatencyMicroseconds + jitter, _order++));
    }

    private bool Happens(double rate) => rate > 0 && random.NextDouble() < rate;
}

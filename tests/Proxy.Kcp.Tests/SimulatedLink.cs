namespace Proxy.Kcp.Tests;

/// <summary>One direction of a network: what it does to datagrams is set by its properties and decided by a seeded random.</summary>
internal sealed class SimulatedLink(Random random)
{
    private readonly PriorityQueue<byte[], (long DueMilliseconds, long Order)> _underway = new();
    private long _order;
    private double _busyUntilMilliseconds;

    public int LatencyMilliseconds { get; set; } = 10;

    /// <summary>Up to so much is added to the latency of each datagram on its own: more than the gap between two of them reorders them.</summary>
    public int JitterMilliseconds { get; set; }

    public double LossRate { get; set; }

    public double DuplicationRate { get; set; }

    /// <summary>How many are damaged in a way the engine can see: cut short, or a wrong conversation, command or length.</summary>
    public double CorruptionRate { get; set; }

    /// <summary>0 is without limit.</summary>
    public double BytesPerMillisecond { get; set; }

    public int Sent { get; private set; }

    public int Lost { get; private set; }

    public int Duplicated { get; private set; }

    public int Corrupted { get; private set; }

    public int Underway => _underway.Count;

    public IEnumerable<byte[]> Datagrams => _underway.UnorderedItems.OrderBy(item => item.Priority).Select(item => item.Element);

    public long? NextArrivalMilliseconds =>
        _underway.TryPeek(out _, out var priority) ? priority.DueMilliseconds : null;

    public void Send(ReadOnlySpan<byte> datagram, long nowMilliseconds)
    {
        Sent++;
        if (Happens(LossRate))
        {
            Lost++;
            return;
        }

        Enqueue(datagram, nowMilliseconds);
        if (Happens(DuplicationRate))
        {
            Duplicated++;
            Enqueue(datagram, nowMilliseconds);
        }
    }

    public bool TryReceive(long nowMilliseconds, out byte[] datagram)
    {
        if (_underway.TryPeek(out datagram!, out var priority) && priority.DueMilliseconds <= nowMilliseconds)
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

    /// <summary>Loses one of those under way, in order of arrival.</summary>
    public void Lose(int index)
    {
        var kept = _underway.UnorderedItems.OrderBy(item => item.Priority).ToList();
        kept.RemoveAt(index);
        Lost++;
        _underway.Clear();
        _underway.EnqueueRange(kept);
    }

    private void Enqueue(ReadOnlySpan<byte> datagram, long nowMilliseconds)
    {
        var copy = datagram.ToArray();
        if (Happens(CorruptionRate))
        {
            Corrupted++;
            copy = Damage(copy);
        }

        var departure = (double)nowMilliseconds;
        if (BytesPerMillisecond > 0)
        {
            departure = _busyUntilMilliseconds = Math.Max(_busyUntilMilliseconds, nowMilliseconds) + (datagram.Length / BytesPerMillisecond);
        }

        var arrival = (long)departure + LatencyMilliseconds + (JitterMilliseconds > 0 ? random.Next(JitterMilliseconds + 1) : 0);
        _underway.Enqueue(copy, (arrival, _order++));
    }

    private byte[] Damage(byte[] datagram)
    {
        switch (random.Next(4))
        {
            case 0:
                return datagram[..random.Next(KcpSegment.HeaderBytes)];
            case 1:
                datagram[random.Next(4)] ^= 1;
                return datagram;
            case 2:
                datagram[4] = (byte)random.Next(81);
                return datagram;
            default:
                datagram[22 + random.Next(2)] |= 0x80;
                return datagram;
        }
    }

    private bool Happens(double rate) => rate > 0 && random.NextDouble() < rate;
}

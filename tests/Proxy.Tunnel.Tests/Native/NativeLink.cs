namespace Proxy.Tunnel.Tests.Native;

/// <summary>
/// One direction of a path: a bottleneck with a queue, then delay, then loss, duplication and reordering, decided by a seeded random. What it
/// counts is what a sender can waste.
/// </summary>
internal sealed class NativeLink(Random random)
{
    private readonly PriorityQueue<byte[], (long DueMicroseconds, long Order)> _underway = new();
    private readonly Stack<byte[]> _free = new();
    private long _order;

    public long DelayMicroseconds { get; set; } = 10_000;

    public int JitterMicroseconds { get; set; }

    public double LossRate { get; set; }

    public double DuplicationRate { get; set; }

    /// <summary>The share that is held back by <see cref="ReorderMicroseconds"/>.</summary>
    public double ReorderRate { get; set; }

    public int ReorderMicroseconds { get; set; } = 5_000;

    /// <summary>Its own, unless it shares one.</summary>
    public Bottleneck Bottleneck { get; set; } = new();

    public int MaximumBytes { get; set; } = int.MaxValue;

    public bool IsDown { get; set; }

    public Func<byte[], bool> Loses { get; set; } = _ => false;

    public long Sent { get; private set; }

    public long SentBytes { get; private set; }

    public long Lost { get; private set; }

    /// <summary>What the queue had no place for.</summary>
    public long Overflowed { get; private set; }

    public int Underway => _underway.Count;

    public long? NextArrivalMicroseconds => _underway.TryPeek(out _, out var priority) ? priority.DueMicroseconds : null;

    public void Send(ReadOnlySpan<byte> datagram, long nowMicroseconds)
    {
        Sent++;
        SentBytes += datagram.Length;
        if (Bottleneck.Pass(datagram.Length, nowMicroseconds) is not { } leaves)
        {
            Overflowed++;
            return;
        }

        var copy = Copy(datagram);
        if (IsDown || datagram.Length > MaximumBytes || Happens(LossRate) || Loses(copy))
        {
            Lost++;
            Recycle(copy);
            return;
        }

        var due = (long)leaves + DelayMicroseconds + (Happens(ReorderRate) ? ReorderMicroseconds : 0);
        Enqueue(copy, due);
        if (Happens(DuplicationRate))
        {
            Enqueue(Copy(datagram), due);
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

    /// <summary>Takes a datagram's array back for another of its size.</summary>
    public void Recycle(byte[] datagram) => _free.Push(datagram);

    private byte[] Copy(ReadOnlySpan<byte> datagram) =>
        _free.TryPeek(out var free) && free.Length == datagram.Length ? CopyTo(_free.Pop(), datagram) : datagram.ToArray();

    private static byte[] CopyTo(byte[] copy, ReadOnlySpan<byte> datagram)
    {
        datagram.CopyTo(copy);
        return copy;
    }

    private void Enqueue(byte[] copy, long dueMicroseconds)
    {
        var jitter = JitterMicroseconds > 0 ? random.Next(JitterMicroseconds) : 0;
        _underway.Enqueue(copy, (dueMicroseconds + jitter, _order++));
    }

    private bool Happens(double rate) => rate > 0 && random.NextDouble() < rate;
}

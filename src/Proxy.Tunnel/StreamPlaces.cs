namespace Proxy.Tunnel;

/// <summary>Places for the streams that clients open, over all tunnels of a node. Thread-safe, without a lock.</summary>
public sealed class StreamPlaces
{
    private long _taken;
    private long _maximum = long.MaxValue;

    /// <summary>Streams that live now.</summary>
    public long Taken => Interlocked.Read(ref _taken);

    /// <summary>How many may; who is in stays in when it is lowered.</summary>
    public long Maximum
    {
        get => Interlocked.Read(ref _maximum);
        set => Interlocked.Exchange(ref _maximum, value);
    }

    /// <summary>Takes one, to be given back by <see cref="Release"/>; false: there is none.</summary>
    public bool TryTake()
    {
        if (Interlocked.Increment(ref _taken) <= Maximum)
        {
            return true;
        }

        Interlocked.Decrement(ref _taken);
        return false;
    }

    public void Release() => Interlocked.Decrement(ref _taken);
}

namespace Proxy.Tunnel.Tests.Native;

/// <summary>What limits a path, perhaps shared: a rate and a queue in front of it.</summary>
internal sealed class Bottleneck
{
    /// <summary>IP and UDP headers, which it carries too.</summary>
    public const int HeaderBytes = 28;

    private double _freeAtMicroseconds;

    /// <summary>0: without limit.</summary>
    public double BytesPerSecond { get; set; }

    public int QueueBytes { get; set; } = 2048 * 1024;

    /// <summary>When a datagram of that size is through; null when the queue has no place for it.</summary>
    public double? Pass(int bytes, double nowMicroseconds)
    {
        if (BytesPerSecond <= 0)
        {
            return nowMicroseconds;
        }

        var begins = Math.Max(nowMicroseconds, _freeAtMicroseconds);
        if ((begins - nowMicroseconds) * BytesPerSecond / 1_000_000 > QueueBytes)
        {
            return null;
        }

        return _freeAtMicroseconds = begins + ((bytes + HeaderBytes) * 1_000_000.0 / BytesPerSecond);
    }
}

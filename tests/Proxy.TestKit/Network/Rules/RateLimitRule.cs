namespace Proxy.TestKit;

/// <summary>
/// A bottleneck in each direction between each two hosts: packets leave at <paramref name="bytesPerSecond"/>, wait in a queue of at most
/// <paramref name="queueBytes"/>, and are dropped when it is full (tail drop). Payload bytes count, and <see cref="HeaderBytes"/> per packet.
/// </summary>
public sealed class RateLimitRule(long bytesPerSecond, int queueBytes) : NetworkRule
{
    /// <summary>IPv4 and UDP headers, so that an empty packet is not free.</summary>
    public const int HeaderBytes = 28;

    private readonly Dictionary<(int From, int To), TimeSpan> _busyUntil = [];

    protected override Verdict Decide(in Packet packet, Random random)
    {
        var direction = (packet.FromHost.Number, packet.ToHost.Number);
        var busyUntil = _busyUntil.GetValueOrDefault(direction);
        var wait = busyUntil > packet.Time ? busyUntil - packet.Time : TimeSpan.Zero;
        var queuedBytes = wait.TotalSeconds * bytesPerSecond;
        var size = packet.Bytes.Length + HeaderBytes;
        if (queuedBytes + size > queueBytes)
        {
            return Verdict.Drop;
        }

        var delay = wait + TimeSpan.FromSeconds((double)size / bytesPerSecond);
        _busyUntil[direction] = packet.Time + delay;
        return Verdict.Deliver(delay);
    }
}

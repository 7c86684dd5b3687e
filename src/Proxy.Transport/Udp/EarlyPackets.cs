namespace Proxy.Transport;

/// <summary>
/// The packets that come before somebody takes them: the first 32 of them, 64 KiB at most, as whoever asked awaits an answer to those and repeats
/// what is lost. One owner.
/// </summary>
public sealed class EarlyPackets
{
    private readonly Queue<byte[]> _packets = new();
    private int _bytes;

    public bool IsEmpty => _packets.Count == 0;

    /// <summary>False: there is no place for it.</summary>
    public bool TryAdd(ReadOnlySpan<byte> packet)
    {
        if (_packets.Count >= MostPackets || _bytes + packet.Length > MostBytes)
        {
            return false;
        }

        _packets.Enqueue(packet.ToArray());
        _bytes += packet.Length;
        return true;
    }

    public bool TryTake(out byte[] packet)
    {
        if (!_packets.TryDequeue(out packet!))
        {
            return false;
        }

        _bytes -= packet.Length;
        return true;
    }

    private const int MostPackets = 32;
    private const int MostBytes = 64 * 1024;
}

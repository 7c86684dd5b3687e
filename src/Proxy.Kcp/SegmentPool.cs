using System.Buffers;

namespace Proxy.Kcp;

/// <summary>
/// Buffers of one size for the segments of all engines of one loop. Not thread-safe. It keeps what is returned up to a limit, which
/// <see cref="ArrayPool{T}.Shared"/> does only for a few dozen: with a full window most of its buffers would be allocated anew.
/// </summary>
public sealed class SegmentPool : ArrayPool<byte>
{
    private readonly Stack<byte[]> _free = new();
    private readonly int _bufferBytes;
    private readonly int _mostFreeBuffers;
    private readonly ArrayPool<byte> _larger;

    /// <summary>An empty pool.</summary>
    /// <param name="bufferBytes">The size of a buffer.</param>
    /// <param name="mostFreeBuffers">How many are kept at most for reuse.</param>
    /// <param name="larger">Where what is asked for beyond that size comes from.</param>
    public SegmentPool(int bufferBytes, int mostFreeBuffers, ArrayPool<byte> larger)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bufferBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(mostFreeBuffers);
        _bufferBytes = bufferBytes;
        _mostFreeBuffers = mostFreeBuffers;
        _larger = larger;
    }

    /// <summary>Buffers kept for reuse.</summary>
    public int FreeBuffers => _free.Count;

    /// <summary>The contents are whatever they were.</summary>
    public override byte[] Rent(int minimumLength)
    {
        if (minimumLength > _bufferBytes)
        {
            return _larger.Rent(minimumLength);
        }

        return _free.TryPop(out var buffer) ? buffer : GC.AllocateUninitializedArray<byte>(_bufferBytes);
    }

    public override void Return(byte[] array, bool clearArray = false)
    {
        if (array.Length != _bufferBytes)
        {
            _larger.Return(array, clearArray);
            return;
        }

        if (_free.Count >= _mostFreeBuffers)
        {
            return;
        }

        if (clearArray)
        {
            Array.Clear(array);
        }

        _free.Push(array);
    }
}

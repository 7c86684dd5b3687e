using System.Buffers;

namespace Proxy.Kcp.Tests;

/// <summary>
/// A pool that knows what is out. It gives arrays of exactly the size asked for, full of old bytes, and fails on one returned twice or
/// not its own.
/// </summary>
internal sealed class CountingPool : ArrayPool<byte>
{
    private readonly HashSet<byte[]> _out = new(ReferenceEqualityComparer.Instance);

    public int RentedBuffers => _out.Count;

    public int RentedBytes { get; private set; }

    public int MostRentedBytes { get; private set; }

    public override byte[] Rent(int minimumLength)
    {
        var buffer = new byte[minimumLength];
        buffer.AsSpan().Fill(0xEE);
        _out.Add(buffer);
        RentedBytes += minimumLength;
        MostRentedBytes = Math.Max(MostRentedBytes, RentedBytes);
        return buffer;
    }

    public override void Return(byte[] array, bool clearArray = false)
    {
        if (!_out.Remove(array))
        {
            throw new InvalidOperationException("A buffer was returned that is not out.");
        }

        array.AsSpan().Fill(0xDD);
        RentedBytes -= array.Length;
    }
}

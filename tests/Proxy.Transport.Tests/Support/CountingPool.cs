using System.Buffers;

namespace Proxy.Transport.Tests.Support;

/// <summary>A pool that knows how many of its buffers are out, and refuses one that comes back twice.</summary>
internal sealed class CountingPool : ArrayPool<byte>
{
    private readonly Lock _lock = new();
    private readonly HashSet<byte[]> _out = [];
    private int _rented;

    public int Out
    {
        get
        {
            lock (_lock)
            {
                return _out.Count;
            }
        }
    }

    /// <summary>Buffers ever given out.</summary>
    public int Rented => Volatile.Read(ref _rented);

    public override byte[] Rent(int minimumLength)
    {
        var buffer = new byte[minimumLength];
        lock (_lock)
        {
            _out.Add(buffer);
            _rented++;
        }

        return buffer;
    }

    public override void Return(byte[] array, bool clearArray = false)
    {
        lock (_lock)
        {
            Assert.True(_out.Remove(array), "A buffer came back twice, or from elsewhere.");
        }
    }
}

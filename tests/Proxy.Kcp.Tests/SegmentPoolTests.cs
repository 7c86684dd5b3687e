using System.Buffers;

namespace Proxy.Kcp.Tests;

public sealed class SegmentPoolTests
{
    [Fact]
    public void What_is_returned_is_rented_again()
    {
        var pool = new SegmentPool(bufferBytes: 100, mostFreeBuffers: 1, ArrayPool<byte>.Shared);
        var buffer = pool.Rent(1);
        pool.Return(buffer);

        Assert.Equal(100, buffer.Length);
        Assert.Same(buffer, pool.Rent(100));
        Assert.NotSame(buffer, pool.Rent(100));
    }

    [Fact]
    public void No_more_is_kept_than_the_limit()
    {
        var pool = new SegmentPool(bufferBytes: 100, mostFreeBuffers: 2, ArrayPool<byte>.Shared);
        byte[][] buffers = [pool.Rent(1), pool.Rent(1), pool.Rent(1)];

        foreach (var buffer in buffers)
        {
            pool.Return(buffer);
        }

        Assert.Equal(2, pool.FreeBuffers);
    }

    [Fact]
    public void A_larger_buffer_comes_from_the_other_pool()
    {
        var pool = new SegmentPool(bufferBytes: 100, mostFreeBuffers: 2, ArrayPool<byte>.Shared);

        var buffer = pool.Rent(101);
        pool.Return(buffer);

        Assert.Equal(128, buffer.Length);
        Assert.Equal(0, pool.FreeBuffers);
    }

    [Fact]
    public void A_buffer_is_cleared_when_asked_for()
    {
        var pool = new SegmentPool(bufferBytes: 2, mostFreeBuffers: 2, ArrayPool<byte>.Shared);
        var buffer = pool.Rent(2);
        buffer[1] = 7;

        pool.Return(buffer, clearArray: true);

        Assert.Equal([0, 0], pool.Rent(2));
    }
}

using Proxy.TestKit;
using Proxy.Transport.Tests.Support;

namespace Proxy.Transport.Tests.Tcp;

public sealed class KeptBytesTests
{
    [Fact]
    public void Bytes_come_out_as_they_went_in_and_every_buffer_goes_back() => Property.Check(50, random =>
    {
        var pool = new CountingPool();
        var kept = new KeptBytes(pool);
        var model = new List<byte>();
        for (var step = 0; step < 60; step++)
        {
            if (kept.IsEmpty || random.Next(2) == 0)
            {
                var bytes = new byte[random.Next(1, 150_000)];
                random.NextBytes(bytes);
                kept.Append(bytes);
                model.AddRange(bytes);
            }
            else
            {
                var count = random.Next(1, kept.First.Count + 1);
                Assert.True(kept.First.AsSpan(0, count).SequenceEqual(model.ToArray().AsSpan(0, count)));
                kept.Advance(count);
                model.RemoveRange(0, count);
            }

            Assert.Equal(model.Count == 0, kept.IsEmpty);
        }

        kept.Clear();
        Assert.True(kept.IsEmpty);
        Assert.Equal(0, pool.Out);
    });

    [Fact]
    public void Small_pieces_share_a_buffer()
    {
        var pool = new CountingPool();
        var kept = new KeptBytes(pool);
        for (var i = 0; i < 1000; i++)
        {
            kept.Append("12345678"u8);
        }

        Assert.Equal(1, pool.Rented);
        Assert.Equal(8000, kept.First.Count);
    }
}

using Proxy.Protocol.Streams;

namespace Proxy.Protocol.Tests.Streams;

public sealed class RecentResetsTests
{
    private readonly RecentResets _resets = new();

    [Fact]
    public void A_stream_is_new_once()
    {
        Assert.True(_resets.Add(7));
        Assert.False(_resets.Add(7));
        Assert.True(_resets.Add(9));
    }

    [Fact]
    public void Only_the_oldest_is_forgotten_when_full()
    {
        for (var id = 1; id <= RecentResets.Capacity + 1; id++)
        {
            Assert.True(_resets.Add(id));
        }

        for (var id = 2; id <= RecentResets.Capacity + 1; id++)
        {
            Assert.False(_resets.Add(id));
        }

        Assert.True(_resets.Add(1));
    }
}

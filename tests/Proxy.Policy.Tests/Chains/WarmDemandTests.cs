using Proxy.Policy.Chains;

namespace Proxy.Policy.Tests.Chains;

public sealed class WarmDemandTests
{
    private const long Second = 1_000_000;

    [Theory]
    [InlineData(4, 0)]
    [InlineData(5, 1)]
    [InlineData(14, 2)]
    [InlineData(1000, 4)]
    public void What_is_asked_for_often_is_kept_ready_up_to_a_bound(int asks, int wanted)
    {
        var demand = new WarmDemand(0);
        for (var ask = 0; ask < asks; ask++)
        {
            demand.NoteAsked(Second);
        }

        Assert.Equal(wanted, demand.Wanted(Second));
        Assert.Equal(wanted, demand.Wanted(15 * Second));
        Assert.Equal(0, demand.Wanted(20 * Second));
    }

    [Fact]
    public void What_nobody_asked_for_in_two_windows_is_forgotten()
    {
        var demand = new WarmDemand(0);
        demand.NoteAsked(9 * Second);
        Assert.False(demand.IsForgotten(19 * Second));
        Assert.True(demand.IsForgotten(20 * Second));
        Assert.True(demand.IsForgotten(1000 * Second));
    }
}

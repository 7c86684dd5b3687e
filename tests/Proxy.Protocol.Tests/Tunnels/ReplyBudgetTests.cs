using Proxy.Protocol.Tunnels;

namespace Proxy.Protocol.Tests.Tunnels;

public sealed class ReplyBudgetTests
{
    private const long Second = 1_000_000;
    private const long Start = 5 * Second;

    [Fact]
    public void A_burst_of_one_seconds_worth_is_granted_and_no_more()
    {
        var budget = new ReplyBudget(Start);
        Assert.Equal(ReplyBudget.RepliesPerSecond, Granted(ref budget, Start, 2000));
    }

    [Fact]
    public void Credit_comes_back_with_time_up_to_the_burst()
    {
        var budget = new ReplyBudget(Start);
        Granted(ref budget, Start, 2000);
        Assert.Equal(0, Granted(ref budget, Start + 999, 1));
        Assert.Equal(1, Granted(ref budget, Start + 1000, 2));
        Assert.Equal(500, Granted(ref budget, Start + 1000 + (Second / 2), 2000));
        Assert.Equal(ReplyBudget.RepliesPerSecond, Granted(ref budget, Start + (3600 * Second), 5000));
    }

    [Fact]
    public void A_clock_that_steps_back_grants_nothing()
    {
        var budget = new ReplyBudget(Start);
        Granted(ref budget, Start, 2000);
        Assert.Equal(0, Granted(ref budget, Start - Second, 10));
        Assert.Equal(0, Granted(ref budget, Start, 10));
    }

    private static int Granted(ref ReplyBudget budget, long nowMicroseconds, int asked)
    {
        var granted = 0;
        for (; asked > 0; asked--)
        {
            granted += budget.TryTake(nowMicroseconds) ? 1 : 0;
        }

        return granted;
    }
}

using Proxy.Policy.Limits;

namespace Proxy.Policy.Tests.Limits;

public sealed class ConnectionBudgetTests
{
    [Fact]
    public void Threads_together_never_take_more_than_the_maximum()
    {
        var budget = new ConnectionBudget(3);
        var highest = 0;
        Parallel.For(0, 4, _ =>
        {
            for (var i = 0; i < 20_000; i++)
            {
                if (budget.TryTake())
                {
                    var active = budget.Active;
                    if (active > Volatile.Read(ref highest))
                    {
                        Volatile.Write(ref highest, active);
                    }

                    budget.Release();
                }
            }
        });

        Assert.InRange(highest, 1, 3);
        Assert.Equal(0, budget.Active);
    }

    [Fact]
    public void A_lower_maximum_holds_for_the_next_ones()
    {
        var budget = new ConnectionBudget(2);
        Assert.True(budget.TryTake());
        Assert.True(budget.TryTake());
        budget.Change(1);

        budget.Release();
        Assert.False(budget.TryTake());
        budget.Release();
        Assert.True(budget.TryTake());
    }

    [Fact]
    public void Returning_more_than_was_taken_is_a_bug() => Assert.Throws<InvalidOperationException>(() => new ConnectionBudget(1).Release());
}

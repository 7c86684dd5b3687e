using Proxy.Protocol;
using Proxy.TestKit;
using Proxy.Tunnel.Native;

namespace Proxy.Tunnel.Tests.Native;

public sealed class CreditBudgetTests
{
    [Fact]
    public void Every_stream_that_may_come_gets_its_initial_window()
    {
        var budget = new CreditBudget(256L * 1024 * 1024, 8192);
        for (var count = 0; count < 8192; count++)
        {
            Assert.True(budget.HasRoom);
            Assert.InRange(budget.Open(256 * 1024), ProtocolLimits.InitialCreditBytes, 256 * 1024);
        }

        Assert.InRange(budget.UsedBytes, 0, 256L * 1024 * 1024);
    }

    [Fact]
    public void The_first_streams_get_all_they_wish_for()
    {
        var budget = new CreditBudget(256L * 1024 * 1024, 8192);
        Assert.All(Enumerable.Range(0, 300), _ => Assert.Equal(256 * 1024, budget.Open(256 * 1024)));
    }

    [Fact]
    public void Whatever_is_opened_grown_and_closed_the_budget_holds()
    {
        Property.Check(200, random =>
        {
            var total = random.NextInt64(16 * 1024, 20_000_000);
            var budget = new CreditBudget(total, random.Next(1, 2000));
            var windows = new List<int>();
            for (var step = 0; step < 3000; step++)
            {
                switch (random.Next(3))
                {
                    case 0 when budget.HasRoom:
                        windows.Add(budget.Open(random.Next(1_000_000)));
                        break;
                    case 1 when windows.Count > 0:
                        var grown = random.Next(windows.Count);
                        var before = windows[grown];
                        windows[grown] = budget.Grow(before, 16 * 1024 * 1024);
                        Assert.InRange(windows[grown], before, 4 * before);
                        break;
                    case 2 when windows.Count > 0:
                        var closed = random.Next(windows.Count);
                        budget.Close(windows[closed]);
                        windows.RemoveAt(closed);
                        break;
                }

                Assert.Equal(windows.Sum(window => (long)window), budget.UsedBytes);
                Assert.InRange(budget.UsedBytes, 0, total);
            }
        });
    }

    [Fact]
    public void A_window_that_is_small_beside_the_budget_grows_in_larger_steps()
    {
        var budget = new CreditBudget(256L << 20, maximumStreams: 100);
        var window = budget.Open(256 * 1024);
        List<int> steps = [];
        while (window < 16 << 20)
        {
            window = budget.Grow(window, 16 << 20);
            steps.Add(window >> 10);
        }

        Assert.Equal([1024, 4096, 16384], steps);
    }
}

using Proxy.Protocol.Sealing;
using Proxy.Protocol.Sealing.Sessions;
using Proxy.TestKit;

namespace Proxy.Protocol.Tests.Sealing.Sessions;

public sealed class ReplayWindowTests
{
    [Fact]
    public void It_says_what_a_set_of_all_numbers_would_say_within_its_reach()
    {
        Property.Check(300, random =>
        {
            var window = new ReplayWindow();
            var seen = new HashSet<ulong>();
            var highest = -1L;
            for (var step = 0; step < 3000; step++)
            {
                var number = (ulong)Math.Max(0, highest + random.Next(8) switch
                {
                    0 => -random.Next(2 * SealingLimits.ReplayWindowNumbers),
                    1 => random.Next(3 * SealingLimits.ReplayWindowNumbers),
                    2 => random.Next(200),
                    _ => random.Next(-4, 5),
                });
                var isInReach = (long)number > highest - SealingLimits.ReplayWindowNumbers;
                Assert.Equal(isInReach && !seen.Contains(number), window.IsNew(number));
                if (window.IsNew(number))
                {
                    window.Add(number);
                    seen.Add(number);
                    highest = Math.Max(highest, (long)number);
                }
            }
        });
    }

    [Fact]
    public void The_oldest_number_in_reach_is_taken_and_the_one_before_is_not()
    {
        var window = new ReplayWindow();
        window.Add(SealingLimits.ReplayWindowNumbers);
        Assert.True(window.IsNew(1));
        Assert.False(window.IsNew(0));
        Assert.True(SealingLimits.ReplayWindowNumbers >= 2048);
    }
}

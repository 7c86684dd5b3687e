namespace Proxy.TestKit.Tests;

public sealed class PropertyTests
{
    [Fact]
    public void A_failure_names_the_seed_that_replays_it_and_keeps_its_cause()
    {
        var draws = new List<int>();
        var failure = Assert.Throws<PropertyFailedException>(() => Property.Check(50, random =>
        {
            draws.Add(random.Next());
            if (draws.Count == 1)
            {
                throw new FormatException("It broke.");
            }
        }));

        var seed = int.Parse(failure.Message.Split("PROXY_SEED=")[1].Split(')')[0]);
        Assert.Equal(draws[0], new Random(seed).Next());
        Assert.Contains("It broke.", failure.Message, StringComparison.Ordinal);
        Assert.IsType<FormatException>(failure.InnerException);
    }

    [Fact]
    public void Every_run_has_a_seed_of_its_own()
    {
        var draws = new List<int>();
        Property.Check(20, random => draws.Add(random.Next()));

        Assert.NotEmpty(draws);
        Assert.Equal(draws.Count, draws.Distinct().Count());
    }
}

using System.Globalization;

namespace Proxy.TestKit;

/// <summary>
/// Runs a check over many seeds. A failure names the seed that broke it; PROXY_SEED replays that seed alone, PROXY_SEEDS runs more of them, and
/// PROXY_FIRST_SEED begins with others.
/// </summary>
public static class Property
{
    public static void Check(int runs, Action<Random> check)
    {
        ArgumentNullException.ThrowIfNull(check);
        foreach (var seed in Seeds(runs))
        {
            try
            {
                check(new Random(seed));
            }
            catch (Exception failure)
            {
                throw new PropertyFailedException(seed, failure);
            }
        }
    }

    private static IEnumerable<int> Seeds(int runs)
    {
        if (int.TryParse(Environment.GetEnvironmentVariable("PROXY_SEED"), CultureInfo.InvariantCulture, out var only))
        {
            return [only];
        }

        var count = int.TryParse(Environment.GetEnvironmentVariable("PROXY_SEEDS"), CultureInfo.InvariantCulture, out var more) ? more : runs;
        return Enumerable.Range(int.TryParse(Environment.GetEnvironmentVariable("PROXY_FIRST_SEED"), CultureInfo.InvariantCulture, out var first) ? first : 1, count);
    }
}

/// <summary>A property did not hold; the message has the seed that shows it.</summary>
public sealed class PropertyFailedException(int seed, Exception inner)
    : Exception($"The property fails for seed {seed} (replay: PROXY_SEED={seed}): {inner.Message}", inner);

using Proxy.TestKit;

namespace Proxy.Tunnel.Tests.Native.Congestion;

/// <summary>A tunnel that has a link for itself.</summary>
public sealed class SingleTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(200, 50, 0)]
    [InlineData(200, 50, 5_000)]
    [InlineData(50, 80, 10_000)]
    [InlineData(20, 20, 10_000)]
    [InlineData(5, 100, 20_000)]
    public void A_path_that_delivers_in_bunches_is_no_path_with_a_queue(double megabits, double roundTrip, double jitterMicroseconds)
    {
        var (goodput, waste) = Measure(megabits, roundTrip, 0.01, megabits * 125 * roundTrip, 1, jitterMicroseconds, 0);
        output.WriteLine($"{goodput:P1}, waste {waste:F3}");
        Assert.True(goodput >= 0.92 && waste <= 1.05, $"{goodput:P1} of what the link carries, {waste:F3} times what was needed.");
    }

    [Fact]
    public void A_link_that_nobody_tuned_for_is_filled_to_nine_tenths_and_little_is_wasted() => Property.Check(40, random =>
    {
        var megabits = Math.Pow(10, 0.5 + (1.9 * random.NextDouble()));
        var roundTrip = Math.Pow(10, 0.8 + (1.6 * random.NextDouble()));
        var lossRate = random.Next(3) == 0 ? 0 : 0.1 * random.NextDouble();
        var products = Math.Pow(2, 4 * random.NextDouble()) / 4;
        var jitterMicroseconds = random.Next(2) == 0 ? 0 : 100 * roundTrip * random.NextDouble();
        var stallMicroseconds = random.Next(2) == 0 ? 0 : Math.Min(3_000, 100 * roundTrip);
        var queueBytes = Math.Max(20_000, products * megabits * 125 * roundTrip);
        var (goodput, waste) = Measure(megabits, roundTrip, lossRate, queueBytes, random.Next(), jitterMicroseconds, stallMicroseconds);
        var told = $"{megabits:F1} Mbit/s, {roundTrip:F1} ms, {lossRate:P1} loss, queue of {products:F2}, jitter of {jitterMicroseconds:F0} us, "
            + $"stalls of {stallMicroseconds:F0} us: {goodput:P1}, waste {waste:F3}";
        output.WriteLine(told);
        Assert.True(goodput >= 0.9 && waste <= 1.1, told);
    });

    /// <summary>Share of what the link carries, and what was sent over what was necessary.</summary>
    private static (double Goodput, double Waste) Measure(
        double megabits, double roundTrip, double lossRate, double queueBytes, int seed, double jitterMicroseconds, double stallMicroseconds)
    {
        const double Seconds = 12;
        var link = new SharedLink(megabits, queueBytes);
        var flow = link.Add(new ControlledFlow(
            link.Bottleneck, roundTrip * 1000, lossRate, SharedLink.Begin, seed, jitterMicroseconds, stallMicroseconds));
        link.DriveFor(3);
        var sent = flow.Sent;
        var rate = link.Measure(Seconds)[0];
        return (rate / link.CarriedBytesPerSecond(lossRate), (flow.Sent - sent) * (1 - lossRate) / (rate * Seconds));
    }
}

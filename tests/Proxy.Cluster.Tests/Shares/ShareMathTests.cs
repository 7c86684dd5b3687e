using Proxy.Cluster.Shares;
using Proxy.TestKit;

namespace Proxy.Cluster.Tests.Shares;

public sealed class ShareMathTests
{
    [Fact]
    public void A_limit_is_divided_in_proportion_above_a_twentieth_each()
    {
        Assert.Equal([450, 250, 250, 50], ShareMath.Divide(1000, [4, 2, 2, 0]));
        Assert.Equal([334, 333, 333], ShareMath.Divide(1000, [0, 0, 0]));
        Assert.Equal([1000], ShareMath.Divide(1000, [0]));
        Assert.Equal([], ShareMath.Divide(1000, []));
    }

    [Fact]
    public void Parts_are_whole_never_below_the_floor_and_sum_up_to_the_limit() => Property.Check(2000, random =>
    {
        var limit = random.NextInt64(0, random.Next(2) == 0 ? 50 : 1L << 50);
        var wanted = Enumerable.Range(0, random.Next(1, 60)).Select(_ => random.Next(3) == 0 ? 0 : random.NextInt64(0, limit + 1)).ToArray();
        var parts = ShareMath.Divide(limit, wanted);
        var floor = wanted.Length <= 10 ? limit / 20 : limit / (2 * wanted.Length);

        Assert.Equal(limit, parts.Sum());
        Assert.All(parts, part => Assert.InRange(part, floor, limit));
        Assert.Equal(parts, ShareMath.Divide(limit, wanted));
    });

    [Fact]
    public void A_limit_that_is_lowered_while_others_take_is_not_passed()
    {
        var limit = new ClusterLimit("x", 100);
        limit.Set(50, 10);
        for (var taken = 0; taken < 50; taken++)
        {
            Assert.True(limit.TryTake(9));
        }

        Assert.False(limit.TryTake(9));
        limit.Release();
        Assert.False(limit.TryTake(10));
        Assert.Equal((49, 2), (limit.Active, limit.Refused));
        limit.Set(40, 20);
        Assert.False(limit.TryTake(9));
    }

    [Fact]
    public void Reports_and_grants_that_make_no_sense_are_refused()
    {
        var report = new ShareReport(7, [new ShareUse("a", 100, 50, 60)]);
        var grants = new ShareGrants(9, [new ShareGrant("a", 40, 60)]);
        Assert.True(ShareJson.TryReadReport(ShareJson.Write(report), out var read));
        Assert.Equal((7, "a", 60), (read.SeenRevision, read.Limits[0].Id, read.Limits[0].Held));
        Assert.True(ShareJson.TryReadGrants(ShareJson.Write(grants), out var granted));
        Assert.Equal(grants.Grants, granted.Grants);

        Assert.False(ShareJson.TryReadReport(ShareJson.Write(report with { SeenRevision = -1 }), out _));
        Assert.False(ShareJson.TryReadReport(ShareJson.Write(report with { Limits = [.. report.Limits, .. report.Limits] }), out _));
        Assert.False(ShareJson.TryReadReport(ShareJson.Write(report with { Limits = [new ShareUse("a", 100, 50, -1)] }), out _));
        Assert.False(ShareJson.TryReadGrants(ShareJson.Write(grants with { Grants = [new ShareGrant("a", 61, 60)] }), out _));
        Assert.False(ShareJson.TryReadGrants("[1]"u8.ToArray(), out _));
    }
}

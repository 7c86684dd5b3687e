using Proxy.Policy.Limits;
using Proxy.TestKit;

namespace Proxy.Actors.Tests;

/// <summary>What a principal shares with the other servers of the cluster.</summary>
public sealed class PrincipalQuotasTests
{
    [Fact]
    public void A_shared_limit_that_a_reload_takes_away_is_counted_as_before()
    {
        var door = new ClusterDoor();
        var quotas = new PrincipalQuotas(Settings(10), door, new ManualTime());
        Assert.Equal(QuotaVerdict.TooManyStreams, quotas.Enter("alice", 0));
        var limit = Assert.Single(door.Limits);
        limit.Set(2, long.MaxValue);
        Assert.Equal(QuotaVerdict.Admitted, quotas.Enter("alice", 0));

        quotas.Change(Settings(null));
        Assert.Equal(QuotaVerdict.Admitted, quotas.Enter("alice", 0));
        Assert.Equal(2, limit.Active);
        quotas.Leave("alice", 0, 0);
        quotas.Leave("alice", 0, 0);

        Assert.Equal(0, limit.Active);
    }

    private static ServerSettings Settings(int? streams) => new()
    {
        Principals = new Dictionary<string, PrincipalSettings>(StringComparer.Ordinal) { ["alice"] = new() { ClusterStreams = streams } },
    };
}

using System.Net;
using Proxy.Policy.Limits;
using Proxy.Policy.Rules;

namespace Proxy.Policy.Tests.Limits;

public sealed class AdmissionTests
{
    private const long Second = 1_000_000;

    private readonly ConnectionBudget _total = new(1_000);

    [Fact]
    public void Without_limits_everyone_comes_in_and_nothing_is_left_over_at_the_end()
    {
        var admission = Make(AdmissionSettings.Unlimited);
        var leases = Enumerable.Range(0, 100).Select(i => Admit(admission, $"192.0.2.{i % 7}")).ToList();
        Assert.Equal(100, admission.ActiveCount);

        leases.ForEach(admission.Release);

        Assert.Equal((0, 0, 0), (admission.ActiveCount, _total.Active, admission.TrackedSources));
        Assert.Equal(100, admission.AdmittedTotal);
    }

    [Fact]
    public void A_lease_released_twice_frees_one_place()
    {
        var admission = Make(AdmissionSettings.Unlimited);
        var lease = Admit(admission, "192.0.2.1");
        Admit(admission, "192.0.2.1");

        admission.Release(lease);
        admission.Release(lease);

        Assert.Equal((1, 1), (admission.ActiveCount, _total.Active));
    }

    [Fact]
    public void A_listener_has_its_maximum()
    {
        var admission = Make(new AdmissionSettings { MaximumConnections = 1 });
        var lease = Admit(admission, "192.0.2.1");
        AssertRefused(RefusalReason.ListenerConnections, admission.TryAdmit(From("192.0.2.2"), 0));

        admission.Release(lease);

        Admit(admission, "192.0.2.2");
        Assert.Equal(1, admission.RefusedTotal(RefusalReason.ListenerConnections));
    }

    [Fact]
    public void Listeners_share_the_nodes_maximum()
    {
        _total.Change(1);
        var (one, other) = (Make(AdmissionSettings.Unlimited), Make(AdmissionSettings.Unlimited));
        var lease = Admit(one, "192.0.2.1");
        AssertRefused(RefusalReason.TotalConnections, other.TryAdmit(From("192.0.2.1"), 0));

        one.Release(lease);

        Admit(other, "192.0.2.1");
    }

    [Fact]
    public void A_source_has_its_maximum_in_either_of_its_forms()
    {
        var admission = Make(new AdmissionSettings { MaximumConnectionsPerSource = 2 });
        Admit(admission, "192.0.2.1");
        Admit(admission, "::ffff:192.0.2.1");

        AssertRefused(RefusalReason.SourceConnections, admission.TryAdmit(From("192.0.2.1"), 0));
        Admit(admission, "192.0.2.2");
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.200", "192.0.3.1")]
    [InlineData("2001:db8::1", "2001:db8::ffff:1", "2001:db8:0:1::1")]
    public void The_network_around_a_source_has_its_maximum(string first, string neighbour, string stranger)
    {
        var admission = Make(new AdmissionSettings { MaximumConnectionsPerPrefix = 1 });
        Admit(admission, first);

        AssertRefused(RefusalReason.PrefixConnections, admission.TryAdmit(From(neighbour), 0));
        Admit(admission, stranger);
    }

    [Fact]
    public void A_flood_of_other_addresses_does_not_make_a_source_forgotten()
    {
        _total.Change(100_000);
        var admission = Make(new AdmissionSettings { MaximumConnectionsPerSource = 1 });
        Admit(admission, "192.0.2.1");
        for (var i = 0; i < 20_000; i++)
        {
            Admit(admission, $"10.{i / 65_536}.{i / 256 % 256}.{i % 256}");
        }

        AssertRefused(RefusalReason.SourceConnections, admission.TryAdmit(From("192.0.2.1"), 0));
    }

    [Fact]
    public void The_accept_rate_lets_a_burst_in_and_then_one_at_a_time()
    {
        var admission = Make(new AdmissionSettings { AcceptsPerSecond = 10, AcceptBurst = 2 });
        Admit(admission, "192.0.2.1");
        Admit(admission, "192.0.2.1");

        AssertRefused(RefusalReason.AcceptRate, admission.TryAdmit(From("192.0.2.1"), 0));
        AssertRefused(RefusalReason.AcceptRate, admission.TryAdmit(From("192.0.2.1"), (Second / 10) - 1));
        Admit(admission, "192.0.2.1", Second / 10);
        Assert.Equal(3, _total.Active);
    }

    [Fact]
    public void A_refused_connection_takes_no_token_of_the_accept_rate()
    {
        var admission = Make(new AdmissionSettings { AcceptsPerSecond = 1, AcceptBurst = 2, MaximumConnectionsPerSource = 1 });
        Admit(admission, "192.0.2.1");
        for (var i = 0; i < 10; i++)
        {
            AssertRefused(RefusalReason.SourceConnections, admission.TryAdmit(From("192.0.2.1"), 0));
        }

        Admit(admission, "192.0.2.2");
    }

    [Fact]
    public void A_client_behind_another_proxy_is_counted_once_it_is_named()
    {
        var admission = Make(new AdmissionSettings { MaximumConnectionsPerSource = 1 });
        var (first, second) = (admission.TryAdmit(null, 0).Lease!, admission.TryAdmit(null, 0).Lease!);

        Assert.True(admission.TryIdentify(first, From("192.0.2.1"), out _));
        Assert.False(admission.TryIdentify(second, From("192.0.2.1"), out var reason));
        Assert.Equal(RefusalReason.SourceConnections, reason);
        Assert.Equal(1, admission.RefusedTotal(RefusalReason.SourceConnections));

        admission.Release(first);
        Assert.True(admission.TryIdentify(second, From("192.0.2.1"), out _));
        admission.Release(second);
        Assert.Equal((0, 0), (admission.ActiveCount, admission.TrackedSources));
    }

    [Fact]
    public void A_lower_limit_keeps_who_is_in_and_lets_nobody_else_in_until_enough_have_left()
    {
        var admission = Make(AdmissionSettings.Unlimited);
        var leases = Enumerable.Range(0, 3).Select(_ => Admit(admission, "192.0.2.1")).ToList();
        admission.Apply(new AdmissionSettings { MaximumConnections = 2 }, 0);
        Assert.Equal(3, admission.ActiveCount);

        admission.Release(leases[0]);
        AssertRefused(RefusalReason.ListenerConnections, admission.TryAdmit(From("192.0.2.1"), 0));
        admission.Release(leases[1]);
        Admit(admission, "192.0.2.1");
    }

    [Fact]
    public void Limits_by_source_that_are_switched_on_count_who_is_there_already()
    {
        var admission = Make(AdmissionSettings.Unlimited);
        var lease = Admit(admission, "192.0.2.1");
        admission.Apply(new AdmissionSettings { MaximumConnectionsPerSource = 1 }, 0);
        AssertRefused(RefusalReason.SourceConnections, admission.TryAdmit(From("192.0.2.1"), 0));

        admission.Release(lease);

        Assert.Equal(0, admission.TrackedSources);
        Admit(admission, "192.0.2.1");
    }

    [Fact]
    public void Another_prefix_length_holds_for_who_is_there_already()
    {
        var admission = Make(new AdmissionSettings { MaximumConnectionsPerPrefix = 1, IPv4PrefixLength = 24 });
        var lease = Admit(admission, "192.0.2.1");
        admission.Apply(new AdmissionSettings { MaximumConnectionsPerPrefix = 1, IPv4PrefixLength = 8 }, 0);
        AssertRefused(RefusalReason.PrefixConnections, admission.TryAdmit(From("192.1.1.1"), 0));

        admission.Release(lease);

        Assert.Equal(0, admission.TrackedSources);
    }

    [Theory]
    [InlineData(int.MaxValue, int.MaxValue, 0)]
    [InlineData(10, int.MaxValue, 1)]
    [InlineData(int.MaxValue, 10, 1)]
    [InlineData(10, 10, 2)]
    public void Only_what_a_limit_needs_is_counted_by_source(int perSource, int perPrefix, int tracked)
    {
        var admission = Make(new AdmissionSettings { MaximumConnectionsPerSource = perSource, MaximumConnectionsPerPrefix = perPrefix });
        Admit(admission, "192.0.2.1");

        Assert.Equal(tracked, admission.TrackedSources);
    }

    [Fact]
    public void A_connection_costs_its_lease_and_nothing_else()
    {
        var admission = Make(AdmissionSettings.Unlimited);
        var source = From("192.0.2.1");
        admission.Release(admission.TryAdmit(source, 0).Lease!);
        var before = GC.GetAllocatedBytesForCurrentThread();
        admission.Release(admission.TryAdmit(source, 0).Lease!);
        var leaseBytes = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.InRange(leaseBytes, 1, 112);

        before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
        {
            admission.Release(admission.TryAdmit(source, 0).Lease!);
        }

        Assert.Equal(1_000 * leaseBytes, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static NetworkAddress From(string address) => NetworkAddress.From(IPAddress.Parse(address));

    private static AdmissionLease Admit(Admission admission, string source, long now = 0)
    {
        var result = admission.TryAdmit(From(source), now);
        Assert.Equal((AdmissionOutcome.Admitted, (RefusalReason?)null), (result.Outcome, result.Reason));
        return result.Lease!;
    }

    private static void AssertRefused(RefusalReason reason, AdmissionResult result)
    {
        Assert.Equal((AdmissionOutcome.Refused, (RefusalReason?)reason), (result.Outcome, result.Reason));
        Assert.Null(result.Lease);
    }

    private Admission Make(AdmissionSettings settings) => new(settings, _total, 0);
}

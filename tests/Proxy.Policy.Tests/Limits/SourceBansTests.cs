using System.Net;
using Proxy.Policy.Limits;
using Proxy.Policy.Rules;
using Proxy.TestKit;

namespace Proxy.Policy.Tests.Limits;

public sealed class SourceBansTests
{
    private const long Second = 1_000_000;

    private readonly SourceBans _bans = new();

    [Fact]
    public void A_few_failures_cost_nothing_and_each_further_one_twice_as_long_as_the_one_before()
    {
        var now = 5 * Second;
        var waits = Enumerable.Range(0, 14).Select(_ =>
        {
            var wait = _bans.NoteFailure(Of("192.0.2.1"), now);
            Assert.Equal(wait > 0, _bans.IsBanned(Of("192.0.2.1"), now));
            Assert.False(_bans.IsBanned(Of("192.0.2.1"), now + wait));
            now += wait;
            return wait / Second;
        });

        Assert.Equal([0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300], waits);
        Assert.False(_bans.IsBanned(Of("192.0.2.2"), now - 1));
    }

    [Fact]
    public void A_success_and_a_long_time_are_a_new_beginning()
    {
        Fail(4, now: 0);
        _bans.NoteSuccess(Of("192.0.2.1"));
        Assert.Equal((false, 0), (_bans.IsBanned(Of("192.0.2.1"), 1), _bans.Count));

        Fail(4, now: 0);
        Assert.Equal(0, _bans.NoteFailure(Of("192.0.2.1"), SourceBans.MemoryMicroseconds));
    }

    [Fact]
    public void Addresses_of_one_site_are_one_source_in_IPv6_alone()
    {
        for (var host = 1; host <= 4; host++)
        {
            _bans.NoteFailure(Of($"2001:db8::{host}"), 0);
            _bans.NoteFailure(Of($"192.0.2.{host}"), 0);
        }

        Assert.True(_bans.IsBanned(Of("2001:db8::ffff"), 1));
        Assert.False(_bans.IsBanned(Of("2001:db8:0:1::1"), 1));
        Assert.False(_bans.IsBanned(Of("192.0.2.1"), 1));
    }

    [Fact]
    public void The_source_that_has_been_quiet_the_longest_is_forgotten_for_a_new_one()
    {
        Fail(4, now: 0);
        for (var other = 0; other < SourceBans.MostSources - 1; other++)
        {
            _bans.NoteFailure(new NetworkAddress((UInt128)0xFFFF_0A00_0000 + (UInt128)other), 1);
        }

        Assert.True(_bans.IsBanned(Of("192.0.2.1"), 1));
        _bans.NoteFailure(Of("198.51.100.1"), 1);
        Assert.False(_bans.IsBanned(Of("192.0.2.1"), 1));
        Assert.Equal(SourceBans.MostSources, _bans.Count);
    }

    [Fact]
    public void Whatever_comes_in_whatever_order_the_table_is_bounded_and_a_ban_ends() => Property.Check(20, random =>
    {
        var bans = new SourceBans();
        var now = 0L;
        for (var step = 0; step < 10_000; step++)
        {
            now += random.Next(10_000);
            var source = new NetworkAddress((UInt128)0xFFFF_0000_0000 + (UInt128)random.Next(5_000));
            if (random.Next(10) == 0)
            {
                bans.NoteSuccess(source);
                Assert.False(bans.IsBanned(source, now));
            }
            else
            {
                Assert.InRange(bans.NoteFailure(source, now), 0, SourceBans.LongestBanMicroseconds);
                Assert.False(bans.IsBanned(source, now + SourceBans.LongestBanMicroseconds));
            }

            Assert.InRange(bans.Count, 0, SourceBans.MostSources);
        }
    });

    private void Fail(int times, long now)
    {
        for (; times > 0; times--)
        {
            _bans.NoteFailure(Of("192.0.2.1"), now);
        }
    }

    private static NetworkAddress Of(string address) => NetworkAddress.From(IPAddress.Parse(address));
}

using System.Net;
using Proxy.Policy.Rules;
using Proxy.TestKit;

namespace Proxy.Policy.Tests.Rules;

public sealed class CidrSetTests
{
    [Fact]
    public void An_empty_set_holds_nothing()
    {
        var set = Set();

        Assert.True(set.IsEmpty);
        Assert.False(set.Contains(IPAddress.Loopback));
    }

    [Fact]
    public void The_longest_block_decides_whatever_the_order()
    {
        foreach (var set in new[] { Set("10.0.0.0/8", "!10.1.0.0/16", "10.1.2.0/24"), Set("10.1.2.0/24", "!10.1.0.0/16", "10.0.0.0/8") })
        {
            Assert.True(set.Contains(IPAddress.Parse("10.0.255.255")));
            Assert.False(set.Contains(IPAddress.Parse("10.1.1.255")));
            Assert.True(set.Contains(IPAddress.Parse("10.1.2.0")));
            Assert.False(set.Contains(IPAddress.Parse("10.1.3.0")));
            Assert.True(set.Contains(IPAddress.Parse("10.2.0.0")));
        }
    }

    [Fact]
    public void Neighbouring_and_nested_blocks_become_one_range() =>
        Assert.Equal(1, Set("10.0.0.0/9", "10.128.0.0/9", "10.3.0.0/16", "11.0.0.0/8").RangeCount);

    [Fact]
    public void All_of_IPv6_is_not_all_of_IPv4()
    {
        var set = Set("::/0");

        Assert.True(set.Contains(IPAddress.IPv6Loopback));
        Assert.True(set.Contains(IPAddress.Parse("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")));
        Assert.False(set.Contains(IPAddress.Loopback));
        Assert.False(set.Contains(IPAddress.Parse("::ffff:127.0.0.1")));
        Assert.True(Set("::/0", "0.0.0.0/0").IsEverything);
    }

    [Fact]
    public void A_file_has_one_block_a_line_and_comments()
    {
        var builder = new CidrSetBuilder().AddLines("# office\n10.0.0.0/8 # all of it\r\n\n  ! 10.9.0.0/16\t\n2001:db8::/32", "allow.txt");

        Assert.Empty(builder.Errors);
        var set = builder.Build();
        Assert.True(set.Contains(IPAddress.Parse("10.8.0.1")));
        Assert.False(set.Contains(IPAddress.Parse("10.9.0.1")));
        Assert.True(set.Contains(IPAddress.Parse("2001:db8::1")));
    }

    [Fact]
    public void Every_error_of_a_file_is_reported_with_its_line()
    {
        var builder = new CidrSetBuilder().AddLines("10.0.0.0/8\nnonsense\n\n10.0.0.1/8\n!10.0.0.0/8\n", "deny.txt");

        Assert.Equal([2, 4, 5], builder.Errors.Select(error => error.Line));
        Assert.Equal("deny.txt:5: '!10.0.0.0/8' contradicts deny.txt:1", builder.Errors[2].ToString());
    }

    [Fact]
    public void A_file_that_is_no_list_reports_only_the_first_errors()
    {
        var builder = new CidrSetBuilder().AddLines(string.Concat(Enumerable.Repeat("nonsense\n", 10_000)), "passwd");

        Assert.Equal(CidrSetBuilder.MaximumErrors, builder.Errors.Count);
    }

    [Fact]
    public void The_same_block_twice_is_no_error() =>
        Assert.Empty(new CidrSetBuilder().AddLines("10.0.0.0/8\n10.0.0.0/8", "list").Errors);

    [Fact]
    public void A_set_covers_another_when_no_address_is_left_out()
    {
        Assert.True(Set("10.0.0.0/8").Covers(Set("10.1.0.0/16", "10.255.0.0/16")));
        Assert.True(Set("10.0.0.0/9", "10.128.0.0/9").Covers(Set("10.0.0.0/8")));
        Assert.False(Set("10.0.0.0/8").Covers(Set("10.1.0.0/16", "11.0.0.0/16")));
        Assert.False(Set("10.0.0.0/8", "!10.1.2.0/24").Covers(Set("10.1.0.0/16")));
        Assert.False(Set("0.0.0.0/0").Covers(Set("::/0")));
    }

    [Fact]
    public void A_look_up_allocates_nothing()
    {
        var set = Set([.. Enumerable.Range(0, 5_000).Select(i => $"10.{i / 100}.{i % 100 * 2}.0/24")]);
        var address = IPAddress.Parse("10.7.4.9");
        Assert.True(set.Contains(address));
        Assert.Equal(5_000, set.RangeCount);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
        {
            set.Contains(address);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void A_set_agrees_with_a_scan_of_its_entries_for_the_longest() => Property.Check(300, random =>
    {
        var entries = RandomEntries(random, random.Next(40));
        var set = Set([.. entries.Select(entry => (entry.Value ? "!" : "") + entry.Key)]);
        var addresses = entries.Keys.SelectMany(block => new[] { block.First, block.Last, block.First - 1, block.Last + 1 })
            .Append(UInt128.Zero).Append(UInt128.MaxValue)
            .Concat(Enumerable.Range(0, 50).Select(_ => RandomAddress(random)));

        foreach (var address in addresses.Select(value => new NetworkAddress(value)))
        {
            var longest = entries.Where(entry => entry.Key.Contains(address)).OrderByDescending(entry => entry.Key.PrefixLength).ToList();
            var isIn = longest.Count > 0 && !longest[0].Value;
            Assert.True(isIn == set.Contains(address), $"{address} in {string.Join(' ', entries)}");
        }
    });

    [Fact]
    public void Covering_agrees_with_asking_for_every_edge() => Property.Check(300, random =>
    {
        var left = RandomEntries(random, random.Next(1, 8));
        var right = RandomEntries(random, random.Next(1, 4));
        var (outer, inner) = (SetOf(left), SetOf(right));

        // Between two neighbouring edges of either set nothing changes, so the edges stand for all addresses.
        var edges = left.Keys.Concat(right.Keys).SelectMany(block => new[] { block.First, block.Last + 1 })
            .Append(UInt128.Zero).Append(NetworkAddress.MappedBase).Append(NetworkAddress.MappedBase + (UInt128.One << 32))
            .Select(value => new NetworkAddress(value));

        Assert.Equal(edges.All(edge => !inner.Contains(edge) || outer.Contains(edge)), outer.Covers(inner));
    });

    private static CidrSet SetOf(Dictionary<Cidr, bool> entries) => Set([.. entries.Select(entry => (entry.Value ? "!" : "") + entry.Key)]);

    private static CidrSet Set(params string[] entries)
    {
        var builder = new CidrSetBuilder();
        for (var i = 0; i < entries.Length; i++)
        {
            builder.Add(entries[i], "test", i);
        }

        Assert.Empty(builder.Errors);
        return builder.Build();
    }

    // Addresses from few bits, so that blocks nest, touch and repeat; ends of both families included.
    private static UInt128 RandomAddress(Random random) => random.Next(4) switch
    {
        0 => NetworkAddress.MappedBase | (uint)(random.Next(8) << 29 | random.Next(4)),
        1 => (UInt128)random.Next(8) << 125 | (uint)random.Next(4),
        2 => NetworkAddress.MappedBase | (uint)random.Next() | (uint)random.Next(2) << 31,
        _ => random.Next(2) == 0 ? UInt128.MaxValue - (uint)random.Next(4) : NetworkAddress.MappedBase - (uint)random.Next(-4, 4),
    };

    private static Dictionary<Cidr, bool> RandomEntries(Random random, int count)
    {
        var entries = new Dictionary<Cidr, bool>();
        for (var i = 0; i < count; i++)
        {
            entries[new NetworkAddress(RandomAddress(random)).BlockOf(random.Next(33), random.Next(129))] = random.Next(3) == 0;
        }

        return entries;
    }
}

using System.Text;
using Proxy.Cluster.Members;
using Proxy.Cluster.Tests.Harness;
using Proxy.TestKit;

namespace Proxy.Cluster.Tests.Members;

public sealed class MemberJsonTests
{
    private static readonly MemberRecord Record = VirtualCluster.Record("one") with
    {
        Addresses = [new MemberAddress("kcp", "10.0.0.5:4000"), new MemberAddress("tls", "[::1]:443")],
        Roles = ["server", "relay"],
        Zone = "a",
        Load = new MemberLoad(1, 2, 3, 4) { Tunnels = 5, Talkers = [new MemberTalker("10.0.0.1", 6, 7), new MemberTalker("::1", 8, 9)] },
        State = MemberState.Draining,
        ClockMilliseconds = 5,
    };

    [Fact]
    public void A_record_is_read_as_it_was_written()
    {
        Assert.True(MemberJson.TryRead(MemberJson.Write(Record), "one", out var read, out _));
        Assert.True(read.HasSameFactsAs(Record));
        Assert.Equal(Record.Load.Talkers, read.Load.Talkers);
        Assert.Equal((Record.Load with { Talkers = [] }, 5L), (read.Load with { Talkers = [] }, read.ClockMilliseconds));
    }

    [Fact]
    public void A_field_of_a_later_version_is_passed_over_and_one_that_is_missing_is_zero()
    {
        Assert.True(MemberJson.TryRead("""{"name":"one","quantum":{"spin":[1]}}"""u8.ToArray(), "one", out var read, out _));
        Assert.Equal(("", 0L, MemberState.Joining), (read.Zone, read.Capacity, read.State));
    }

    [Theory]
    [InlineData("""{"name":"two"}""")]
    [InlineData("""{"name":"one","name":"one"}""")]
    [InlineData("""{"name":1}""")]
    [InlineData("""{"name":"one","capacity":-1}""")]
    [InlineData("""{"name":"one","capacity":9007199254740993}""")]
    [InlineData("""{"name":"one","capacity":1e99}""")]
    [InlineData("""{"name":"one","state":"dancing"}""")]
    [InlineData("""{"name":"one","zone":"a\u001bb"}""")]
    [InlineData("""{"name":"one","zone":"\ud800"}""")]
    [InlineData("""{"name":"one","roles":[1]}""")]
    [InlineData("""{"name":"one","roles":["\ud800"]}""")]
    [InlineData("""{"name":"one","addresses":{}}""")]
    [InlineData("""{"name":"one","load":[]}""")]
    [InlineData("""[]""")]
    [InlineData("")]
    [InlineData("""{"name":"one"} x""")]
    public void What_is_no_record_is_refused_with_a_reason(string json)
    {
        Assert.False(MemberJson.TryRead(Encoding.UTF8.GetBytes(json), "one", out _, out var reason));
        Assert.NotEmpty(reason);
    }

    [Fact]
    public void What_is_too_long_is_refused()
    {
        Assert.False(MemberJson.TryRead(MemberJson.Write(Record with { Zone = new string('z', 257) }), "one", out _, out _));
        Assert.False(MemberJson.TryRead(MemberJson.Write(Record with { Roles = [.. Enumerable.Repeat("r", 17)] }), "one", out _, out _));
        Assert.False(MemberJson.TryRead(new byte[MemberJson.MaximumBytes + 1], "one", out _, out _));
        Assert.False(MemberJson.IsName(new string('n', 65)) || MemberJson.IsName("") || MemberJson.IsName("a/b") || MemberJson.IsName("ä"));
        Assert.True(MemberJson.IsName("proxy-1.example.org:4000"));
    }

    [Fact]
    public void Whatever_is_in_the_engine_is_a_record_or_a_reason() => Property.Check(3000, random =>
    {
        var json = MemberJson.Write(Record);
        for (var changes = random.Next(1, 5); changes > 0; changes--)
        {
            json[random.Next(json.Length)] = (byte)random.Next(256);
        }

        if (MemberJson.TryRead(json.AsMemory(0, random.Next(json.Length + 1)), "one", out var read, out var reason))
        {
            Assert.True(MemberJson.TryRead(MemberJson.Write(read), "one", out _, out _));
        }
        else
        {
            Assert.NotEmpty(reason);
        }
    });
}

using Proxy.Policy.Names;

namespace Proxy.Policy.Tests.Names;

public sealed class ServerNameTableTests
{
    [Theory]
    [InlineData("www.example.org", "exact")]
    [InlineData("WWW.Example.ORG", "exact")]
    [InlineData("other.example.org", "wide")]
    [InlineData("a.b.example.org", "wide")]
    [InlineData("x.deep.example.org", "deep")]
    [InlineData("example.org", "default")]
    [InlineData("evilexample.org", "default")]
    [InlineData("www.example.org.evil.net", "default")]
    [InlineData(".example.org", "default")]
    [InlineData("", "default")]
    [InlineData(null, "default")]
    public void The_exact_name_wins_then_the_longest_wildcard_then_the_default(string? name, string expected)
    {
        Assert.True(Table("default", isOneLabel: false).TryFind(name, out var found));
        Assert.Equal(expected, found);
    }

    [Theory]
    [InlineData("other.example.org", "wide")]
    [InlineData("a.b.example.org", "default")]
    [InlineData("x.deep.example.org", "deep")]
    public void A_wildcard_of_a_certificate_stands_for_one_label(string name, string expected)
    {
        Assert.True(Table("default", isOneLabel: true).TryFind(name, out var found));
        Assert.Equal(expected, found);
    }

    [Theory]
    [InlineData("example.net")]
    [InlineData(null)]
    public void Without_a_default_nothing_fits_a_stranger(string? name) => Assert.False(Table(null, isOneLabel: false).TryFind(name, out _));

    [Fact]
    public void Of_two_entries_for_one_name_the_first_counts()
    {
        var table = new ServerNameTable<string>([new("a.org", "first"), new("A.org", "second")], null, isOneLabel: false);

        Assert.True(table.TryFind("a.org", out var found));
        Assert.Equal("first", found);
    }

    [Theory]
    [InlineData("")]
    [InlineData("*")]
    [InlineData("*.")]
    [InlineData("a..b")]
    [InlineData(".a")]
    [InlineData("a.")]
    [InlineData("w*.example.org")]
    [InlineData("a.*.org")]
    [InlineData("a b")]
    public void What_is_no_name_is_no_pattern(string pattern)
    {
        Assert.False(ServerNames.IsPattern(pattern));
        Assert.Throws<ArgumentException>(() => new ServerNameTable<string>([new(pattern, "x")], null, isOneLabel: false));
    }

    private static ServerNameTable<string> Table(string? defaultValue, bool isOneLabel) => new(
        [new("*.example.org", "wide"), new("www.example.org", "exact"), new("*.deep.example.org", "deep")], defaultValue, isOneLabel);
}

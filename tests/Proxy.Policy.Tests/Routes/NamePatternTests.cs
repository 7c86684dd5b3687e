using System.Text.RegularExpressions;
using Proxy.Policy.Routes;
using Proxy.TestKit;

namespace Proxy.Policy.Tests.Routes;

public sealed class NamePatternTests
{
    [Theory]
    [InlineData("example.com", "example.com")]
    [InlineData("EXAMPLE.com", "example.com")]
    [InlineData(".example.com", "example.com")]
    [InlineData(".example.com", "a.b.example.com")]
    [InlineData("*.example.com", "a.b.example.com")]
    [InlineData("*", "anything.at.all")]
    [InlineData("cdn-??.*", "cdn-07.example.org")]
    [InlineData("*video*", "www.video.test")]
    [InlineData(@"/^(www|ftp)\d*\./", "ftp12.example.com")]
    [InlineData("/EXAMPLE/", "example.com")]
    public void A_pattern_matches_what_it_names(string text, string name) => Assert.True(Parse(text).Matches(name));

    [Theory]
    [InlineData("example.com", "www.example.com")]
    [InlineData("example.com", "example.com.test")]
    [InlineData(".example.com", "badexample.com")]
    [InlineData("*.example.com", "example.com")]
    [InlineData("cdn-??.*", "cdn-007.example.org")]
    [InlineData(@"/^(www|ftp)\d*\./", "mywww.example.com")]
    public void A_pattern_matches_nothing_else(string text, string name) => Assert.False(Parse(text).Matches(name));

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..example.com")]
    [InlineData("example.com.")]
    [InlineData("exa mple.com")]
    [InlineData(".*.example.com")]
    [InlineData("http://example.com")]
    [InlineData("/(/")]
    [InlineData(@"/(a)\1/")]
    [InlineData("/a(?=b)/")]
    public void A_text_that_is_no_pattern_is_refused_with_a_reason(string text)
    {
        Assert.False(NamePattern.TryParse(text, out _, out var error));
        Assert.NotEmpty(error);
    }

    [Fact]
    public void An_expression_that_would_be_slow_elsewhere_is_not_here() =>
        Assert.False(Parse("/^(a+)+$/").Matches(new string('a', 250) + "!"));

    [Fact]
    public void A_pattern_with_stars_matches_what_the_same_expression_does() => Property.Check(3000, random =>
    {
        var pattern = new string(random.GetItems("ab.*?".AsSpan(), random.Next(1, 8)));
        var name = new string(random.GetItems("ab.".AsSpan(), random.Next(1, 10)));
        if (!pattern.AsSpan().ContainsAny('*', '?') || !NamePattern.TryParse(pattern, out var parsed, out _))
        {
            return;
        }

        var expression = "^" + Regex.Escape(pattern).Replace(@"\*", ".*", StringComparison.Ordinal).Replace(@"\?", ".", StringComparison.Ordinal) + "$";
        Assert.Equal(Regex.IsMatch(name, expression, RegexOptions.None, TimeSpan.FromSeconds(10)), parsed.Matches(name));
    });

    [Theory]
    [InlineData("443", 443, 443)]
    [InlineData("1-65535", 1, 65535)]
    public void Ports_are_one_or_a_range(string text, int first, int last)
    {
        Assert.True(PortRange.TryParse(text, out var range, out _));
        Assert.Equal(new PortRange(first, last), range);
        Assert.Equal(text, range.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("65536")]
    [InlineData("90-80")]
    [InlineData("-80")]
    [InlineData("80-")]
    [InlineData("http")]
    public void Other_texts_are_no_ports(string text) => Assert.False(PortRange.TryParse(text, out _, out _));

    private static NamePattern Parse(string text) => NamePattern.TryParse(text, out var pattern, out var error) ? pattern : throw new FormatException(error);
}

using System.Text;
using Proxy.Node.Filters;

namespace Proxy.Node.Tests.Filters;

public sealed class FilterSpecTests
{
    [Fact]
    public void A_kind_its_value_and_its_options_are_taken_apart()
    {
        var spec = FilterSpec.Parse("replace=a=b,with=c,direction=up");

        Assert.Equal(("replace", "a=b"), (spec.Kind, spec.Value.Text));
        Assert.Equal("c", spec.Require("with").Text);
        Assert.Equal("up", spec.Take("direction")?.Text);
        Assert.Null(spec.Take("direction"));
        spec.RequireNothingLeft();
    }

    [Fact]
    public void Escapes_stand_for_any_byte_and_the_rest_is_UTF8()
    {
        var value = FilterSpec.Parse(@"match=a\,b\\\r\n\t\x00\xfF\x41é").Value;

        Assert.Equal([.. "a,b\\\r\n\t\0"u8, 0xff, .. "Aé"u8], value.Bytes);
        Assert.Equal(@"a\,b\\\r\n\t\x00\xfF\x41é", value.Raw);
    }

    [Fact]
    public void What_is_left_are_values_of_the_list_whatever_they_look_like()
    {
        var spec = FilterSpec.Parse(@"match=one,two=2,action=cut,three\,");

        Assert.Equal("cut", spec.Take("action")?.Text);
        Assert.Equal(["two=2", "three,"], spec.TakeRest().Select(value => Encoding.ASCII.GetString(value.Bytes)));
        spec.RequireNothingLeft();
    }

    [Theory]
    [InlineData(@"match=\")]
    [InlineData(@"match=\z")]
    [InlineData(@"match=\x")]
    [InlineData(@"match=\x1")]
    [InlineData(@"match=\xgg")]
    [InlineData(@"match=\x+1")]
    public void A_backslash_before_anything_else_is_refused(string text) =>
        Assert.Contains("a backslash is followed by", Assert.Throws<UsageException>(() => FilterSpec.Parse(text)).Message);

    [Fact]
    public void An_option_that_nobody_takes_is_named()
    {
        var refusal = Assert.Throws<UsageException>(() => FilterSpec.Parse("cut=1,colour=red").RequireNothingLeft());
        Assert.Equal("--filter 'cut=1,colour=red': 'colour=red' is no option of cut", refusal.Message);
    }

    [Fact]
    public void A_kind_without_its_value_is_refused() =>
        Assert.Equal("--filter 'match': match=VALUE is expected", Assert.Throws<UsageException>(() => FilterSpec.Parse("match").Value).Message);
}

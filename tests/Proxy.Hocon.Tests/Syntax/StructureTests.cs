namespace Proxy.Hocon.Tests.Syntax;

/// <summary>Roots, fields, separators, commas, keys, and merging of what stands twice.</summary>
public sealed class StructureTests
{
    [Theory]
    [InlineData("", "{}")]
    [InlineData(" # only a comment", "{}")]
    [InlineData("{}", "{}")]
    [InlineData("\n{ a : 1 }\n# c", """{"a":1}""")]
    [InlineData("a : 1, b = 2", """{"a":1,"b":2}""")]
    [InlineData("[1, 2]", "[1,2]")]
    [InlineData("[]", "[]")]
    public void A_root_is_an_object_with_or_without_braces_or_a_list(string text, string json) => Assert.Equal(json, Support.Hocon.Json(text));

    [Theory]
    [InlineData("foo")]
    [InlineData("42")]
    [InlineData("}")]
    [InlineData("{}x")]
    [InlineData("{}{}")]
    [InlineData("[]true")]
    [InlineData("{a:1}\nb:2")]
    [InlineData("{")]
    [InlineData("[")]
    [InlineData("a {")]
    [InlineData("a : [1")]
    [InlineData("{]")]
    [InlineData("[}")]
    public void Nothing_else_is_a_root(string text) => Assert.NotEmpty(Support.Hocon.Errors(text));

    [Theory]
    [InlineData("a { b : 1 }", """{"a":{"b":1}}""")]
    [InlineData("a\n\n{ b : 1 }", """{"a":{"b":1}}""")]
    [InlineData("a =\n\n1", """{"a":1}""")]
    [InlineData("a\n= 1", """{"a":1}""")]
    [InlineData("a += 1", """{"a":[1]}""")]
    [InlineData("1 += 1\n-1+=1", """{"1":[1],"-1":[1]}""")]
    [InlineData("[1\n,\n2]", "[1,2]")]
    [InlineData("[1,\n2,\n]", "[1,2]")]
    [InlineData("[1\n\n2]", "[1,2]")]
    [InlineData("a:1,", """{"a":1}""")]
    [InlineData("{a:1\n,\n}", """{"a":1}""")]
    public void Fields_and_elements_are_separated_by_newlines_or_one_comma(string text, string json) =>
        Assert.Equal(json, Support.Hocon.Json(text));

    [Theory]
    [InlineData("a [1]")]
    [InlineData("a + = 1")]
    [InlineData("a =")]
    [InlineData("{a:}")]
    [InlineData("a == 1")]
    [InlineData("a : b:c")]
    [InlineData(",")]
    [InlineData("[,]")]
    [InlineData("[1,,2]")]
    [InlineData("[1,\n,2]")]
    [InlineData("{,a:1}")]
    [InlineData("a:1,,b:2")]
    [InlineData("a { } b : 1")]
    public void Separators_that_are_wrong_are_errors(string text) => Assert.NotEmpty(Support.Hocon.Errors(text));

    [Theory]
    [InlineData("a.b.c : 1", """{"a":{"b":{"c":1}}}""")]
    [InlineData("a.\"b.c\".d : 1", """{"a":{"b.c":{"d":1}}}""")]
    [InlineData("a b c : 1", """{"a b c":1}""")]
    [InlineData("foo\"10.0\" : 1", """{"foo10.0":1}""")]
    [InlineData("a . b : 1", """{"a ":{" b":1}}""")]
    [InlineData("3.14 : 1", """{"3":{"14":1}}""")]
    [InlineData("10.0foo : 1", """{"10":{"0foo":1}}""")]
    [InlineData("true : 1, 1e3 : 2, null.x : 3", """{"true":1,"1e3":2,"null":{"x":3}}""")]
    [InlineData("\"\" : 1", """{"":1}""")]
    [InlineData("a.\"\" : 1", """{"a":{"":1}}""")]
    [InlineData("\"\"\"a.b\"\"\" : 1", """{"a.b":1}""")]
    [InlineData("\"include\" : 1, includes : 2, foo include : 3, x : include", """{"include":1,"includes":2,"foo include":3,"x":"include"}""")]
    public void A_key_is_a_path(string text, string json) => Assert.Equal(json, Support.Hocon.Json(text));

    [Theory]
    [InlineData("a..b : 1")]
    [InlineData(".a : 1")]
    [InlineData("a. : 1")]
    [InlineData("a\nb : 1")]
    [InlineData("{ { a : 1 } : 2 }")]
    [InlineData("[ 1 ] : 2")]
    [InlineData("${x} : 1")]
    [InlineData("a${x} : 1")]
    [InlineData("include : 1")]
    public void A_key_that_is_no_path_is_an_error(string text) => Assert.NotEmpty(Support.Hocon.Errors(text));

    [Theory]
    [InlineData("a:1, a:2", """{"a":2}""")]
    [InlineData("a{b:1}, a{c:2}", """{"a":{"b":1,"c":2}}""")]
    [InlineData("a{b:1}, a:null, a{c:2}", """{"a":{"c":2}}""")]
    [InlineData("a{b:1}, a:[1], a{c:2}", """{"a":{"c":2}}""")]
    [InlineData("a:[1], a:[2]", """{"a":[2]}""")]
    [InlineData("a:1, a.b:2", """{"a":{"b":2}}""")]
    [InlineData("a{b:1}, a{}", """{"a":{"b":1}}""")]
    [InlineData("x { a { y : 1 } }, x { a : 42, a { z : 1 } }", """{"x":{"a":{"z":1}}}""")]
    [InlineData("x { a { y : 1 } }, x = { a : 42 } { a { z : 1 } }", """{"x":{"a":{"z":1}}}""")]
    public void What_is_defined_later_wins_and_objects_merge(string text, string json) => Assert.Equal(json, Support.Hocon.Json(text));

    [Theory]
    [InlineData("a : x  y ", "x  y")]
    [InlineData("a : \"x \"  y", "x   y")]
    [InlineData("a : 1.50 y", "1.50 y")]
    [InlineData("a : null x", "null x")]
    [InlineData("a : true\tfalse", "true\tfalse")]
    [InlineData("a : \"x\"\"y\"", "xy")]
    public void Simple_values_beside_each_other_are_one_string(string text, string expected) =>
        Assert.Equal(expected, ((HoconScalar)((HoconObject)Support.Hocon.Root(text))["a"]).Text);

    [Theory]
    [InlineData("a : [1] [2]", """{"a":[1,2]}""")]
    [InlineData("a : [1][2][{b:1}][3]", """{"a":[1,2,{"b":1},3]}""")]
    [InlineData("a : [{b:1}][2][{c:1}]", """{"a":[{"b":1},2,{"c":1}]}""")]
    [InlineData("a : {b:1} {b:2,c:3}{d:4}", """{"a":{"b":2,"c":3,"d":4}}""")]
    [InlineData("a : [\n1\n] [\n2\n]", """{"a":[1,2]}""")]
    [InlineData("[[1]\n[2]]", "[[1],[2]]")]
    [InlineData("[1 2]", """["1 2"]""")]
    [InlineData("a : [z] { \"10\" : x, \"2\" : y, foo : q, \"-1\" : n }", """{"a":["z","y","x"]}""")]
    [InlineData("a : { \"0\" : x } [y]", """{"a":["x","y"]}""")]
    public void Lists_join_and_objects_merge(string text, string json) => Assert.Equal(json, Support.Hocon.Json(text));

    [Theory]
    [InlineData("a : [1]\n[2]")]
    [InlineData("a : {b:1}\n{c:1}")]
    [InlineData("a : x [1]")]
    [InlineData("a : x {b:1}")]
    [InlineData("a : null {b:1}")]
    [InlineData("a : [1] {b:1}")]
    [InlineData("a : [1] \" \" [2]")]
    public void What_does_not_go_together_is_an_error(string text) => Assert.NotEmpty(Support.Hocon.Errors(text));

    [Theory]
    [InlineData("a", "a")]
    [InlineData(" a .b", "a |b")]
    [InlineData("a.\"b.c\"", "a|b.c")]
    [InlineData("3.14", "3|14")]
    [InlineData("\"\".\"\"", "|")]
    public void A_path_of_the_program_has_the_same_grammar(string text, string keys)
    {
        Assert.True(HoconPath.TryParse(text, out var path, out _));
        Assert.Equal(keys, string.Join('|', path.Keys));
        Assert.True(HoconPath.TryParse(path.ToString(), out var again, out _));
        Assert.Equal(path.Keys, again.Keys);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \n ")]
    [InlineData("a.")]
    [InlineData("a..b")]
    [InlineData("a:b")]
    [InlineData("a${b}")]
    [InlineData("\"a")]
    public void What_is_no_path_is_refused_with_the_reason(string text)
    {
        Assert.False(HoconPath.TryParse(text, out _, out var error));
        Assert.NotEmpty(error);
    }
}

using Proxy.Hocon.Tests.Support;

namespace Proxy.Hocon.Tests.Resolution;

public sealed class SubstitutionTests
{
    [Theory]
    [InlineData("a=1,b=${a},a=2", """{"a":2,"b":2}""")]
    [InlineData("b=${ a.\"x.y\" }, a.\"x.y\"=1", """{"b":1,"a":{"x.y":1}}""")]
    [InlineData("a=[${x},${y},${z}], x=null, y={p:1}, z=[1]", """{"a":[null,{"p":1},[1]],"x":null,"y":{"p":1},"z":[1]}""")]
    [InlineData("x=1e5, a=v${x}", """{"x":1e5,"a":"v1e5"}""")]
    [InlineData("x=null, a=<${x}>", """{"x":null,"a":"<null>"}""")]
    [InlineData("a=\"${x}\"", """{"a":"${x}"}""")]
    [InlineData("a=${nope},a=42", """{"a":42}""")]
    [InlineData("a=${nope},a=[1]", """{"a":[1]}""")]
    [InlineData("bar : { foo : 42, baz : ${bar.foo} }, bar : { foo : 43 }", """{"bar":{"foo":43,"baz":43}}""")]
    [InlineData("bar { a = ${foo.d}, b = 1 }, foo { c = ${bar.b}, d = 2 }", """{"bar":{"a":2,"b":1},"foo":{"c":1,"d":2}}""")]
    [InlineData("a=${b.c}, b=${d}, d { c = 1, e = ${a} }", """{"a":1,"b":{"c":1,"e":1},"d":{"c":1,"e":1}}""")]
    public void A_substitution_takes_the_final_value_of_its_path(string text, string json) => Assert.Equal(json, Support.Hocon.Json(text));

    [Theory]
    [InlineData("a=${?x}", "{}")]
    [InlineData("a=1,a=${?x}", """{"a":1}""")]
    [InlineData("a=[1,${?x},2]", """{"a":[1,2]}""")]
    [InlineData("a=x${?y}z", """{"a":"xz"}""")]
    [InlineData("a=${?x}${?y}", "{}")]
    [InlineData("a=${?x} ${?y}", """{"a":" "}""")]
    [InlineData("a=[1] ${?x}", """{"a":[1]}""")]
    [InlineData("a={b:1} ${?x}", """{"a":{"b":1}}""")]
    [InlineData("x=null,a=1,a=${?x}", """{"x":null,"a":null}""")]
    [InlineData("x=5,a=${?x}${?y}", """{"x":5,"a":5}""")]
    public void An_optional_one_without_a_value_leaves_nothing(string text, string json) => Assert.Equal(json, Support.Hocon.Json(text));

    [Theory]
    [InlineData("a=${x}")]
    [InlineData("a=p${x}q")]
    [InlineData("x=1,a=${x.y}")]
    [InlineData("a=${nope},a={b:1}")]
    public void A_required_one_without_a_value_is_an_error(string text)
    {
        var error = Support.Hocon.Error(text);

        Assert.Equal(HoconErrorKind.Unresolved, error.Kind);
        Assert.Contains("${?", error.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a=${}")]
    [InlineData("a=${?}")]
    [InlineData("a=${x")]
    [InlineData("a=${x\n}")]
    [InlineData("a=${${x}}")]
    [InlineData("a=${ ?x}")]
    [InlineData("a=$x")]
    [InlineData("a=${x..y}")]
    [InlineData("a=${x:y}")]
    public void One_that_is_written_wrong_is_a_syntax_error(string text) =>
        Assert.Equal(HoconErrorKind.Syntax, Support.Hocon.Errors(text)[0].Kind);

    [Theory]
    [InlineData("a=1,a=${a}x,a=${a}y", """{"a":"1xy"}""")]
    [InlineData("a=[1],a=[0] ${a}", """{"a":[0,1]}""")]
    [InlineData("a.b=1,a.b=${a.b}2", """{"a":{"b":"12"}}""")]
    [InlineData("foo{a{c:1}}, foo=${foo.a}, foo{a:2}", """{"foo":{"a":2,"c":1}}""")]
    [InlineData("a={x:1},a=${a}{x:2,y:3}${a}", """{"a":{"x":1,"y":3}}""")]
    [InlineData("a={x:1},a=${a}{y:${a.x}}", """{"a":{"x":1,"y":1}}""")]
    [InlineData("a=${?a}foo", """{"a":"foo"}""")]
    [InlineData("a=${a},a=42", """{"a":42}""")]
    [InlineData("c{x:[]}, c{x:${c.x}[1]}, c{x:${c.x}[2]}", """{"c":{"x":[1,2]}}""")]
    [InlineData("d{x=[]}, c=${d}, c{x=${c.x}[1], x=${c.x}[2]}", """{"d":{"x":[]},"c":{"x":[1,2]}}""")]
    public void A_field_that_refers_to_itself_sees_what_was_defined_before(string text, string json) =>
        Assert.Equal(json, Support.Hocon.Json(text));

    [Theory]
    [InlineData("a += 1, a += [2], a += {b:3}", """{"a":[1,[2],{"b":3}]}""")]
    [InlineData("x { a.b += 1, a.b += 2 }", """{"x":{"a":{"b":[1,2]}}}""")]
    [InlineData("a=${x}, a+=2, x=[1]", """{"a":[1,2],"x":[1]}""")]
    [InlineData("a{\"0\":x}, a+=y", """{"a":["x","y"]}""")]
    public void Plus_equals_appends_one_element(string text, string json) => Assert.Equal(json, Support.Hocon.Json(text));

    [Theory]
    [InlineData("a=1,a+=2", HoconErrorKind.Mixed)]
    [InlineData("a=[{b+=1}]", HoconErrorKind.Syntax)]
    [InlineData("a=${a}", HoconErrorKind.Unresolved)]
    [InlineData("a=1,a=${a}{b:1}", HoconErrorKind.Mixed)]
    [InlineData("a=${a}{b:1}", HoconErrorKind.Unresolved)]
    [InlineData("a=[${a}]", HoconErrorKind.Cycle)]
    [InlineData("a=1,a=[${a},2]", HoconErrorKind.Cycle)]
    [InlineData("a{b=${a}}", HoconErrorKind.Cycle)]
    [InlineData("a=${b},b=${c},c=${a}", HoconErrorKind.Cycle)]
    [InlineData("a=${?b},b=${a}", HoconErrorKind.Cycle)]
    [InlineData("a=${b.x},b=${a.y}", HoconErrorKind.Cycle)]
    [InlineData("x=${y}z,y={a:1}", HoconErrorKind.Mixed)]
    [InlineData("x=${y}[1],y={a:1}", HoconErrorKind.Mixed)]
    [InlineData("x=${y}\" \"${y},y=[1]", HoconErrorKind.Mixed)]
    [InlineData("x={b:1}${y},y=2", HoconErrorKind.Mixed)]
    public void What_cannot_be_resolved_is_one_error_of_its_kind(string text, HoconErrorKind kind) => Assert.Equal(kind, Support.Hocon.Error(text).Kind);

    [Theory]
    [InlineData("a=${?b},b=${?a}", "{}")]
    [InlineData("a=${?b},b=${?c},c=${?a},d=1", """{"d":1}""")]
    [InlineData("a{b=${?a}}", """{"a":{}}""")]
    public void A_circle_of_optional_ones_is_undefined(string text, string json) => Assert.Equal(json, Support.Hocon.Json(text));

    [Theory]
    [InlineData("d{a=1,b=2}, i=${d}, i.b=3, j=${i.b}", """{"d":{"a":1,"b":2},"i":{"a":1,"b":3},"j":3}""")]
    [InlineData("d{a=1}, i=${d}, i=5, i=${d}{c=1}", """{"d":{"a":1},"i":{"a":1,"c":1}}""")]
    [InlineData("d{a=${i.b},b=2}, i.b=7, i=${d}, j=${i.b}", """{"d":{"a":7,"b":2},"i":{"b":2,"a":7},"j":2}""")]
    [InlineData("x=${a},x=${b},a{p:1,q:1},b{q:2}", """{"x":{"p":1,"q":2},"a":{"p":1,"q":1},"b":{"q":2}}""")]
    [InlineData("x=${a},x=${b},a{p:1},b:2", """{"x":2,"a":{"p":1},"b":2}""")]
    [InlineData("b{t{k:1,m:1}}, n=${b}, n{t{k:2}}, n{t{z:${n.t.m}}}", """{"b":{"t":{"k":1,"m":1}},"n":{"t":{"k":2,"m":1,"z":1}}}""")]
    [InlineData("a{x=1}, b=${a}, b{x=${b.x}${b.x}}", """{"a":{"x":1},"b":{"x":"11"}}""")]
    [InlineData("l=[{x:${d}, x{b:2}}], d{a=1}", """{"l":[{"x":{"a":1,"b":2}}],"d":{"a":1}}""")]
    public void Objects_that_are_substituted_merge_with_what_is_written(string text, string json) =>
        Assert.Equal(json, Support.Hocon.Json(text));

    [Theory]
    [InlineData("")]
    [InlineData("a.")]
    [InlineData("a.nested.")]
    public void A_stack_of_delayed_merges_resolves_the_same_at_every_depth(string place)
    {
        var inside = "x={ q : 10 }\ny=5\na=1\na.q.r.s=${b}\na=${y}\na=${x}\na={ c : 3 }\nb=${x}\nb=${y}\nc=${x}\nc={ d : 600, e : ${a}, f : ${b} }";
        var files = new MemoryFiles().With("inside.conf", inside);
        var text = place.Length == 0 ? inside : $"{place.TrimEnd('.')} {{ include \"inside.conf\" }}";

        var root = (HoconObject)Support.Hocon.Root(text, files);

        var value = root.Find(HoconPath.Parse(place + "c"))!;
        Assert.Equal("""{"q":10,"d":600,"e":{"q":10,"c":3},"f":5}""", value.ToString());
    }

    [Fact]
    public void A_variable_of_the_environment_is_the_last_resort()
    {
        var environment = new Dictionary<string, string> { ["PORT"] = "81", ["EMPTY"] = "", ["a.b"] = "x", ["LIST.0"] = "p", ["LIST.1"] = "q" };
        string Json(string text) => Support.Hocon.Json(text, environment: environment);

        Assert.Equal("""{"port":"81"}""", Json("port = 8080, port = ${?PORT}"));
        Assert.Equal("""{"port":8080}""", Json("port = 8080, port = ${?port_}"));
        Assert.Equal("""{"x":""}""", Json("x = 1, x = ${?EMPTY}"));
        Assert.Equal("""{"PORT":1,"x":1}""", Json("PORT = 1, x = ${PORT}"));
        Assert.Equal("""{"PORT":null,"x":null}""", Json("PORT = null, x = ${PORT}"));
        Assert.Equal("""{"x":"x"}""", Json("x = ${a.b}"));
        Assert.Equal("""{"x":["p","q"]}""", Json("x = ${LIST}"));
        Assert.Equal("""{"x":{"y":"81"}}""", Support.Hocon.Json("x { include \"i\" }", new MemoryFiles().With("i.conf", "y = ${PORT}"), environment));
        Assert.Equal(HoconErrorKind.Unresolved, Support.Hocon.Errors("x = ${port}", environment: environment)[0].Kind);
        Assert.Equal(HoconErrorKind.Unresolved, Support.Hocon.Errors("PORT = ${PORT}", environment: environment)[0].Kind);
        var value = ((HoconObject)Support.Hocon.Root("port = ${PORT}", environment: environment))["port"];
        Assert.Equal(HoconOriginKind.Environment, value.Origin.Source.Kind);
    }
}

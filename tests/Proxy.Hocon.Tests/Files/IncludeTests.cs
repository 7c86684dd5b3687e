using Proxy.Hocon.Tests.Support;

namespace Proxy.Hocon.Tests.Files;

public sealed class IncludeTests
{
    private readonly MemoryFiles _files = new();

    [Theory]
    [InlineData("include \"a.conf\"")]
    [InlineData("include\"a.conf\"")]
    [InlineData("include\n\n\"a.conf\"")]
    [InlineData("include file(\"a.conf\")")]
    [InlineData("include file( \n \"a.conf\" \n )")]
    [InlineData("include required(\"a.conf\")")]
    [InlineData("include required(file(\"a.conf\"))")]
    [InlineData("include required( file( \"a.conf\" ) )")]
    [InlineData("include \"a\"")]
    public void Every_form_puts_the_fields_in_its_place(string statement)
    {
        _files.With("a.conf", "x = 1");

        Assert.Equal("""{"x":1,"y":2}""", Support.Hocon.Json($"{statement}, y = 2", _files));
        Assert.Equal("""{"p":{"x":1}}""", Support.Hocon.Json($"p {{ {statement} }}", _files));
        Assert.Equal("""{"p":[{"x":1}]}""", Support.Hocon.Json($"p = [ {{ {statement} }} ]", _files));
    }

    [Theory]
    [InlineData("include a")]
    [InlineData("include 5")]
    [InlineData("include \"a\" \"b\"")]
    [InlineData("include ${x}")]
    [InlineData("include \"a\" : 1")]
    [InlineData("include file (\"a\")")]
    [InlineData("include file(a)")]
    [InlineData("include file(\"a\"")]
    [InlineData("include other(\"a\")")]
    [InlineData("include required(required(\"a\"))")]
    [InlineData("include \"a\" b = 2")]
    public void Other_forms_are_errors(string statement) =>
        Assert.Equal(HoconErrorKind.Syntax, Support.Hocon.Errors(statement, _files.With("a.conf", ""))[0].Kind);

    [Theory]
    [InlineData("include url(\"http://x/y.conf\")")]
    [InlineData("include \"https://x/y.conf\"")]
    [InlineData("include classpath(\"y.conf\")")]
    [InlineData("include required(url(\"http://x\"))")]
    [InlineData("include \"\"")]
    public void What_is_no_file_is_refused(string statement)
    {
        Assert.Equal(HoconErrorKind.Include, Support.Hocon.Error(statement, _files).Kind);
        Assert.Empty(_files.Reads);
    }

    [Fact]
    public void A_missing_file_is_nothing_unless_it_is_required()
    {
        _files.With("a.conf", "include \"nope.conf\"\nx = 1");

        Assert.Equal("{}", Support.Hocon.Json("include \"nope.conf\"", _files));
        Assert.Equal("""{"x":1}""", Support.Hocon.Json("include required(\"a.conf\")", _files));
        var error = Support.Hocon.Error("p {\n include required(\"nope.conf\")\n}", _files);
        Assert.Equal((HoconErrorKind.Include, 2, "p"), (error.Kind, error.Origin.Line, error.Path));
    }

    [Fact]
    public void Without_an_extension_properties_json_and_conf_are_merged_in_this_order()
    {
        _files.With("a.properties", "p=1\nall=p").With("a.json", """{"j":2,"all":"j"}""").With("a.conf", "c=3, all=c");

        Assert.Equal("""{"p":"1","all":"c","j":2,"c":3}""", Support.Hocon.Json("include \"a\"", _files));
    }

    [Fact]
    public void Names_are_relative_to_the_including_file_and_those_in_file_are_not()
    {
        _files.With("d/main.conf", "include \"e/a.conf\"\ninclude file(\"top.conf\")")
            .With("d/e/a.conf", "include \"../b.conf\"").With("d/b.conf", "x = 1")
            .With("top.conf", "y = 2");

        var result = HoconDocument.Load("d/main.conf", new HoconOptions { Files = _files });

        Assert.Equal("""{"x":1,"y":2}""", result.GetOrThrow().Root.ToString());
        Assert.Equal(["d/b.conf", "d/e/a.conf", "d/main.conf", "top.conf"], result.Files.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Included_fields_merge_as_if_they_stood_there()
    {
        _files.With("a.conf", "x { p = 2, q = 2 }, l = ${l} [2], z = 42, z { w = 1 }");

        Assert.Equal(
            """{"x":{"p":2,"q":3},"l":[1,2,3],"z":{"w":1}}""",
            Support.Hocon.Json("x { p = 1, q = 1 }, l = [1], z { v = 1 }\ninclude \"a.conf\"\nx.q = 3, l += 3", _files));
    }

    [Fact]
    public void Substitutions_look_below_the_include_first_and_then_at_the_root()
    {
        _files.With("a.conf", "in = 1, a = ${in}, b = ${out}, c = ${?nope}, d { include \"b.conf\" }").With("b.conf", "k = 2, e = ${k}, f = ${out}");

        Assert.Equal(
            """{"p":{"in":1,"a":1,"b":9,"d":{"k":2,"e":2,"f":9}},"out":9}""", Support.Hocon.Json("p { include \"a.conf\" }, out = 9", _files));
    }

    [Fact]
    public void Circles_of_includes_are_an_error_that_shows_them()
    {
        _files.With("a.conf", "include \"b.conf\"").With("b.conf", "x { include \"a.conf\" }");

        var error = Support.Hocon.Error("include \"a.conf\"", _files);

        Assert.Equal(HoconErrorKind.Include, error.Kind);
        Assert.Contains("a.conf → b.conf → a.conf", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Includes_inside_each_other_are_limited()
    {
        for (var index = 0; index < 100; index++)
        {
            _files.With($"f{index}.conf", $"include \"f{index + 1}.conf\"");
        }

        Assert.Contains("50", Support.Hocon.Error("include \"f0.conf\"", _files).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_that_include_each_other_twice_end_in_an_error_and_are_read_once()
    {
        for (var index = 0; index < 40; index++)
        {
            _files.With($"f{index}.conf", $"a {{ include \"f{index + 1}.conf\" }}\nb {{ include \"f{index + 1}.conf\" }}");
        }

        Assert.All(Support.Hocon.Errors("include \"f0.conf\"", _files), error => Assert.Equal(HoconErrorKind.Include, error.Kind));
        Assert.All(_files.Reads.GroupBy(path => path), reads => Assert.Single(reads));
    }

    [Theory]
    [InlineData("[1]", HoconErrorKind.Include)]
    [InlineData("x = *", HoconErrorKind.Syntax)]
    public void What_is_wrong_in_an_included_file_is_an_error(string text, HoconErrorKind kind) =>
        Assert.Equal(kind, Support.Hocon.Error("include \"a.conf\"", _files.With("a.conf", text)).Kind);

    [Fact]
    public void A_file_that_cannot_be_read_is_an_error_even_where_it_may_be_missing()
    {
        var error = Support.Hocon.Error("x = 1\ninclude \"a.conf\"", _files.WithUnreadable("a.conf", "permission denied"));

        Assert.Equal((HoconErrorKind.File, 2), (error.Kind, error.Origin.Line));
        Assert.Contains("permission denied", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_substitution_in_a_file_that_is_included_inside_a_list_is_an_error()
    {
        var error = Support.Hocon.Error("l = [ { include \"a.conf\" } ]", _files.With("a.conf", "x = 1, y = ${x}"));

        Assert.Equal("a.conf:1:12", error.Origin.ToString());
    }
}

using Proxy.Hocon.Tests.Support;

namespace Proxy.Hocon.Tests.Syntax;

public sealed class ErrorTests
{
    [Fact]
    public void All_syntax_errors_of_a_text_are_reported_together_with_place_and_path()
    {
        var errors = Support.Hocon.Errors("""
            a = x@y
            b {
              c = [1, 2*3]
              d = "unclosed
              e = 5
            }
            f..g = 1
            h = $x
            """);

        Assert.Equal(
            ["main.conf:1:6 a", "main.conf:3:12 b.c", "main.conf:4:7 b.d", "main.conf:7:1 ", "main.conf:8:5 h"],
            errors.Select(error => $"{error.Origin} {error.Path}"));
        Assert.All(errors, error => Assert.NotEmpty(error.Hint));
    }

    [Fact]
    public void All_errors_of_resolving_are_reported_together()
    {
        var errors = Support.Hocon.Errors("""
            a = ${nope}
            b { c = x${b.nope} }
            d = [1], d = ${d} text
            e = ${f}, f = ${e}
            """);

        Assert.Equal(
            ["1:5 a Unresolved", "2:10 b.c Unresolved", "3:14 d Mixed", "4:15 e Cycle"],
            errors.Select(error => $"{error.Origin.Line}:{error.Origin.Column} {error.Path} {error.Kind}"));
    }

    [Fact]
    public void What_depends_on_a_failed_value_is_not_reported_again() =>
        Assert.Equal("a", Support.Hocon.Error("a = ${nope}, b = ${a}, c { d = [${b}] }, e = ${c} { f = 1 }").Path);

    [Fact]
    public void A_cycle_is_reported_once_with_its_chain()
    {
        var error = Support.Hocon.Error("a : ${b}\nb : ${c}\nc : ${a}");

        Assert.Equal(HoconErrorKind.Cycle, error.Kind);
        Assert.Contains("${b} at main.conf:1:5 → ${c} at main.conf:2:5 → ${a} at main.conf:3:5 → ${b}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Errors_of_an_included_file_carry_its_name_and_the_path_in_the_whole()
    {
        var files = new MemoryFiles().With("conf/more.conf", "ok = 1\nx { y = * }").With("conf/main.conf", "a { include \"more.conf\" }\nb = @");

        var errors = HoconDocument.Load("conf/main.conf", new HoconOptions { Files = files }).Errors;

        Assert.Equal(["conf/more.conf:2:9 a.x.y", "conf/main.conf:2:5 b"], errors.Select(error => $"{error.Origin} {error.Path}"));
    }

    [Fact]
    public void Errors_are_bounded_in_number_and_in_length()
    {
        var errors = Support.Hocon.Errors(string.Concat(Enumerable.Repeat(new string('k', 10_000) + " = *\n", 1000)));

        Assert.Equal(100, errors.Count);
        Assert.All(errors, error => Assert.True(error.ToString().Length < 1000));
    }

    [Fact]
    public void Of_brackets_that_are_open_at_the_end_the_innermost_is_told()
    {
        var error = Support.Hocon.Error("a {\n b {\n  c = [1,\n");

        Assert.Equal("a.b.c", error.Path);
        Assert.Contains("line 3", error.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void The_throwing_convenience_has_all_errors_in_its_message()
    {
        var exception = Assert.Throws<HoconException>(() => HoconDocument.Parse("a = *\nb = *", "x.conf").GetOrThrow());

        Assert.Equal(2, exception.Errors.Count);
        Assert.Contains("x.conf:1:5: a: ", exception.Message, StringComparison.Ordinal);
        Assert.Contains("x.conf:2:5: b: ", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_value_remembers_where_it_was_written()
    {
        var root = (HoconObject)Support.Hocon.Root("a = 1\n\n b { c = [x,\n y] }\nd = ${b.c}");

        Assert.Equal("main.conf:1:5", root["a"].Origin.ToString());
        Assert.Equal("main.conf:4:2", ((HoconList)root.Find(HoconPath.Parse("b.c"))!)[1].Origin.ToString());
        Assert.Equal("main.conf:3:10", root["d"].Origin.ToString());
    }
}

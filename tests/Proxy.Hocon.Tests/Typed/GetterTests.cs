namespace Proxy.Hocon.Tests.Typed;

public sealed class GetterTests
{
    [Theory]
    [InlineData("250", 250_000_000L)]
    [InlineData("1s", 1_000_000_000L)]
    [InlineData("\" 1  s \"", 1_000_000_000L)]
    [InlineData("0.5s", 500_000_000L)]
    [InlineData("1e3 ms", 1_000_000_000L)]
    [InlineData("\"-2m\"", -120_000_000_000L)]
    [InlineData("\"+5us\"", 5_000L)]
    [InlineData("1 nanosecond", 1L)]
    [InlineData("2 micros", 2_000L)]
    [InlineData("3 milliseconds", 3_000_000L)]
    [InlineData("4 minutes", 240_000_000_000L)]
    [InlineData("5h", 18_000_000_000_000L)]
    [InlineData("1 day", 86_400_000_000_000L)]
    [InlineData("4878955355435272204ns", 4878955355435272204L)]
    public void A_duration_has_units_and_is_exact(string text, long nanoseconds)
    {
        Assert.True(Support.Hocon.Section($"v = {text}").TryGetNanoseconds("v", out var value, out var error), error?.ToString());
        Assert.Equal(nanoseconds, value);
    }

    [Theory]
    [InlineData("1MS")]
    [InlineData("1h30m")]
    [InlineData("\"1 00 seconds\"")]
    [InlineData("\"\"")]
    [InlineData("s")]
    [InlineData("true")]
    [InlineData("1 dollar")]
    [InlineData("200000000000 days")]
    [InlineData("1e999999999s")]
    public void What_is_no_duration_is_an_error_that_shows_the_form(string text)
    {
        Assert.False(Support.Hocon.Section($"v = {text}").TryGetDuration("v", out _, out var error));
        Assert.Equal((HoconErrorKind.BadValue, "v", 1), (error.Kind, error.Path, error.Origin.Line));
        Assert.True(error.Message.Contains("30s", StringComparison.Ordinal) || error.Message.Contains("range", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("512", 512L)]
    [InlineData("1k", 1024L)]
    [InlineData("1K", 1024L)]
    [InlineData("1KiB", 1024L)]
    [InlineData("1kB", 1000L)]
    [InlineData("1 kibibyte", 1024L)]
    [InlineData("2 megabytes", 2_000_000L)]
    [InlineData("1m", 1048576L)]
    [InlineData("0.5Gi", 536870912L)]
    [InlineData("1TB", 1_000_000_000_000L)]
    [InlineData("1P", 1L << 50)]
    [InlineData("1 exbibyte", 1L << 60)]
    [InlineData("7b", 7L)]
    [InlineData("1.9", 1L)]
    public void A_size_has_units_of_1000_and_of_1024(string text, long bytes)
    {
        Assert.True(Support.Hocon.Section($"v = {text}").TryGetSize("v", out var value, out var error), error?.ToString());
        Assert.Equal(bytes, value);
    }

    [Theory]
    [InlineData("1KB")]
    [InlineData("1mb")]
    [InlineData("1kib")]
    [InlineData("-1")]
    [InlineData("1Z")]
    [InlineData("16E")]
    public void What_is_no_size_is_an_error(string text)
    {
        Assert.False(Support.Hocon.Section($"v = {text}").TryGetSize("v", out _, out var error));
        Assert.Equal(HoconErrorKind.BadValue, error.Kind);
    }

    [Theory]
    [InlineData("7", 0, 0, 7)]
    [InlineData("2w", 0, 0, 14)]
    [InlineData("1 month", 0, 1, 0)]
    [InlineData("3mo", 0, 3, 0)]
    [InlineData("-1 years", -1, 0, 0)]
    public void A_period_counts_days_months_or_years(string text, int years, int months, int days)
    {
        Assert.True(Support.Hocon.Section($"v = {text}").TryGetPeriod("v", out var value, out _));
        Assert.Equal(new HoconPeriod(years, months, days), value);
    }

    [Theory]
    [InlineData("1.5 days")]
    [InlineData("1h")]
    [InlineData("x")]
    [InlineData("9999999999 d")]
    public void What_is_no_period_is_an_error(string text) => Assert.False(Support.Hocon.Section($"v = {text}").TryGetPeriod("v", out _, out _));

    [Theory]
    [InlineData("true", true)]
    [InlineData("yes", true)]
    [InlineData("\"on\"", true)]
    [InlineData("false", false)]
    [InlineData("no", false)]
    [InlineData("off", false)]
    public void Booleans_have_three_words_each(string text, bool expected)
    {
        Assert.True(Support.Hocon.Section($"v = {text}").TryGetBool("v", out var value, out _));
        Assert.Equal(expected, value);
    }

    [Fact]
    public void Numbers_convert_and_are_cut_but_not_beyond_their_range()
    {
        var section = Support.Hocon.Section("a = 42.9, b = \"-7\", c = 3000000000, d = 1e3, e = .33, f = 1e400, g = 1.50, h = 0x10");

        Assert.True(section.TryGetInt("a", out var a, out _) && a == 42);
        Assert.True(section.TryGetInt("b", out var b, out _) && b == -7);
        Assert.False(section.TryGetInt("c", out _, out var error) || error.Kind != HoconErrorKind.BadValue);
        Assert.True(section.TryGetLong("c", out var c, out _) && c == 3_000_000_000);
        Assert.True(section.TryGetInt("d", out var d, out _) && d == 1000);
        Assert.True(section.TryGetDouble("e", out var e, out _) && e == 0.33);
        Assert.False(section.TryGetDouble("f", out _, out _));
        Assert.True(section.TryGetString("g", out var g, out _) && g == "1.50");
        Assert.False(section.TryGetInt("h", out _, out _));
    }

    [Fact]
    public void Missing_null_and_wrong_type_are_three_errors_with_path_and_place()
    {
        var section = Support.Hocon.Section("x {\n  n = null\n  o {}\n  s = text\n}");

        Assert.False(section.TryGetInt("x.missing", out _, out var missing));
        Assert.False(section.TryGetInt("x.n", out _, out var isNull));
        Assert.False(section.TryGetInt("x.o", out _, out var wrong));
        Assert.False(section.TryGetInt("x.s.deeper", out _, out var through));

        Assert.Equal((HoconErrorKind.Missing, "x.missing", 1), (missing.Kind, missing.Path, missing.Origin.Line));
        Assert.Equal((HoconErrorKind.Null, "x.n", 2), (isNull.Kind, isNull.Path, isNull.Origin.Line));
        Assert.Equal((HoconErrorKind.WrongType, "x.o", 3), (wrong.Kind, wrong.Path, wrong.Origin.Line));
        Assert.Equal((HoconErrorKind.Missing, 4), (through.Kind, through.Origin.Line));
        Assert.False(section.Has("x.n"));
        Assert.True(section.Has("x.o"));
    }

    [Fact]
    public void Lists_are_lists_or_objects_with_numbers_for_keys()
    {
        var section = Support.Hocon.Section("a = [1, 2k], b { \"10\" = x, \"2\" = y, \"-1\" = z, w = v }, c {}, d = 5, e = [x, null], f { x = 1 }");

        Assert.True(section.TryGetList("a", out var a, out _));
        Assert.True(a[1].TryGetSize(HoconSection.Itself, out var size, out _) && size == 2048);
        Assert.Equal("a.1", a[1].Path.ToString());
        Assert.True(section.TryGetStrings("b", out var b, out _));
        Assert.Equal(["y", "x"], b);
        Assert.False(section.TryGetList("c", out _, out _));
        Assert.False(section.TryGetList("d", out _, out _));
        Assert.False(section.TryGetStrings("e", out _, out var error));
        Assert.Equal("e.1", error.Path);
        Assert.False(section.TryGetList("f", out _, out _));
    }

    [Fact]
    public void Sections_carry_the_path_that_led_to_them()
    {
        var section = Support.Hocon.Section("a { \"b.c\" { d = x } }");

        Assert.True(section.TryGetObject("a", out var a, out _));
        Assert.True(a.TryGetKey("b.c", out var inside, out _));
        Assert.False(inside.TryGetInt("d", out _, out var error));
        Assert.Equal("a.\"b.c\".d", error.Path);
        Assert.Equal(["b.c"], a.Keys);
        Assert.False(inside.TryGetObject("d", out _, out _));
    }
}

using System.Text;
using Proxy.Hocon.Tests.Support;

namespace Proxy.Hocon.Tests.Syntax;

/// <summary>Characters, comments, text, numbers and strings.</summary>
public sealed class LexicalTests
{
    [Theory]
    [InlineData(' ')]
    [InlineData('\t')]
    [InlineData('\v')]
    [InlineData('\f')]
    [InlineData('\r')]
    [InlineData('\u001c')]
    [InlineData('\u001f')]
    [InlineData('\u00a0')]
    [InlineData('\u2007')]
    [InlineData('\u202f')]
    [InlineData('\u2003')]
    [InlineData('\u2028')]
    [InlineData('\u2029')]
    [InlineData('\ufeff')]
    public void White_space_is_skipped_round_tokens_and_kept_between_words(char blank)
    {
        Assert.Equal("""{"a":"x"}""", Support.Hocon.Json($"{blank}a{blank}={blank}x{blank}"));
        Assert.Equal($"x{blank}y", Text($"a = x{blank}y"));
    }

    [Theory]
    [InlineData('\u0085')]
    [InlineData('\u200b')]
    [InlineData('\u0001')]
    public void What_is_no_white_space_is_text(char character) => Assert.Equal($"{character}x", Text($"a = {character}x"));

    [Fact]
    public void A_byte_order_mark_in_quotes_is_kept() => Assert.Equal("\ufeff", Text("\ufeffa = \"\ufeff\""));

    [Fact]
    public void Only_the_line_feed_is_a_newline()
    {
        Assert.Equal("x\u2028y", Text("a = x\u2028y"));
        Assert.Equal(HoconErrorKind.Syntax, Support.Hocon.Error("a : 1\rb : 2").Kind);
    }

    [Fact]
    public void Characters_beyond_the_basic_plane_are_kept_whole()
    {
        Assert.Equal("😀😀 😀", Text("a = \"😀\"\"\\ud83d\\ude00\" 😀"));
        Assert.Equal("""{"😀":1}""", Support.Hocon.Json("😀 = 1"));
    }

    [Theory]
    [InlineData("a : bar#x", "bar")]
    [InlineData("a : bar//x", "bar")]
    [InlineData("a : 10//x", "10")]
    [InlineData("a : b/c", "b/c")]
    [InlineData("a : \"#x//\"", "#x//")]
    [InlineData("a : \"\"\"#x//\"\"\"", "#x//")]
    [InlineData("# c\na # c\n : # c\n 1 # c\n", "1")]
    [InlineData("// c\na : 1 // c", "1")]
    public void A_comment_may_stand_wherever_white_space_may(string text, string expected) => Assert.Equal(expected, Text(text));

    [Theory]
    [InlineData("a : ${ #c\n b }")]
    [InlineData("a : ${ //c\n b }")]
    [InlineData("a : ${b//c}")]
    public void No_comment_stands_inside_a_substitution(string text) => Assert.Equal(HoconErrorKind.Syntax, Support.Hocon.Errors(text)[0].Kind);

    [Theory]
    [InlineData("( ) ; ' < > | % ~ / . - _")]
    [InlineData("1.0.0")]
    [InlineData("1-e3")]
    [InlineData("10e3e3")]
    [InlineData("127.0.0.1")]
    [InlineData("2024-01-02")]
    [InlineData(".33")]
    [InlineData("-")]
    [InlineData("--")]
    [InlineData("-foo")]
    [InlineData("1e")]
    [InlineData("truefoo")]
    [InlineData("nullx")]
    [InlineData("True")]
    [InlineData("footrue")]
    [InlineData("30s")]
    [InlineData("C:", false)]
    public void Unquoted_text_is_a_string(string text, bool isText = true)
    {
        if (isText)
        {
            Assert.Equal(HoconKind.String, Value($"a = {text}").Kind);
            Assert.Equal(text, Text($"a = {text}"));
        }
        else
        {
            Assert.NotEmpty(Support.Hocon.Errors($"a = {text}"));
        }
    }

    [Theory]
    [InlineData("1")]
    [InlineData("-1")]
    [InlineData("3.14")]
    [InlineData("1.50")]
    [InlineData("1e5")]
    [InlineData("1E-6")]
    [InlineData("10e+3")]
    [InlineData("010")]
    [InlineData("1.")]
    [InlineData("-.5")]
    [InlineData("99999999999999999999999999")]
    public void A_number_keeps_its_text(string number)
    {
        Assert.Equal(HoconKind.Number, Value($"a = {number}").Kind);
        Assert.Equal(number, Text($"a = {number}"));
    }

    [Theory]
    [InlineData("010", "10")]
    [InlineData("000", "0")]
    [InlineData("1.", "1.0")]
    [InlineData("-.5", "-0.5")]
    [InlineData("1.e5", "1.0e5")]
    [InlineData("-007.10e+2", "-7.10e+2")]
    public void A_number_is_printed_as_JSON_has_it(string number, string json) =>
        Assert.Equal($$"""{"a":{{json}}}""", Support.Hocon.Json($"a = {number}"));

    [Theory]
    [InlineData("true", HoconKind.Boolean)]
    [InlineData("false", HoconKind.Boolean)]
    [InlineData("null", HoconKind.Null)]
    [InlineData("\"true\"", HoconKind.String)]
    [InlineData("\"null\"", HoconKind.String)]
    [InlineData("\"3\"", HoconKind.String)]
    [InlineData("yes", HoconKind.String)]
    public void A_single_token_keeps_its_type(string text, HoconKind kind) => Assert.Equal(kind, Value($"a = {text}").Kind);

    [Fact]
    public void Reserved_characters_need_quotes_and_the_hint_says_so()
    {
        foreach (var character in "$`^?!@*&\\+")
        {
            var error = Support.Hocon.Errors($"ok = 1\nsome.key = x{character}y")[0];

            Assert.Equal((2, 13), (error.Origin.Line, error.Origin.Column));
            Assert.Equal("some.key", error.Path);
            Assert.Contains("quote", error.Hint, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("10e+3e")]
    [InlineData("1+2")]
    [InlineData("-+")]
    public void A_plus_belongs_only_into_an_exponent(string text) => Assert.NotEmpty(Support.Hocon.Errors($"a = {text}"));

    [Fact]
    public void Escapes_are_those_of_JSON() =>
        Assert.Equal("\"\\/\b\f\n\r\t\u00e9\0", Text("""a = "\"\\\/\b\f\n\r\t\u00e9\u0000" """));

    [Theory]
    [InlineData("a = \"\\q\"", "no escape")]
    [InlineData("a = \"\\u12\"", "hexadecimal")]
    [InlineData("a = \"\\u12g4\"", "hexadecimal")]
    [InlineData("a = \"\\u+123\"", "hexadecimal")]
    [InlineData("a = \"\\q \\q\"", "no escape")]
    [InlineData("a = \"x\ty\"", "control character")]
    [InlineData("a = \"x", "no end")]
    [InlineData("a = \"x\ny\"", "no end")]
    [InlineData("a = \"x\\", "no end")]
    public void A_quoted_string_that_is_wrong_is_an_error(string text, string message) =>
        Assert.Contains(message, Support.Hocon.Errors(text)[0].Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("\"\"\"x\ny\"\"\"", "x\ny")]
    [InlineData("\"\"\"\nx\"\"\"", "\nx")]
    [InlineData("\"\"\"\\n ${x} # c\"\"\"", "\\n ${x} # c")]
    [InlineData("\"\"\"foo\"\"\"\"", "foo\"")]
    [InlineData("\"\"\"\"\"\"\"\"\"", "\"\"\"")]
    [InlineData("\"\"\"\"\"\"", "")]
    [InlineData("\"\"", "")]
    public void Triple_quotes_keep_everything(string text, string expected) => Assert.Equal(expected, Text($"a = {text}"));

    [Fact]
    public void Triple_quotes_without_an_end_are_told_at_the_last_line_with_the_first_in_the_hint()
    {
        var error = Support.Hocon.Errors("a = 1\nb = \"\"\"x\n\n\n")[0];

        Assert.Equal(5, error.Origin.Line);
        Assert.Contains("line 2", error.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_that_is_no_UTF8_is_an_error_with_its_place()
    {
        var files = new MemoryFiles().With("a.conf", [.. Encoding.UTF8.GetBytes("a = 1\nb = é"), 0xff, (byte)'x']);

        var error = Assert.Single(HoconDocument.Load("a.conf", new HoconOptions { Files = files }).Errors);

        Assert.Equal(HoconErrorKind.File, error.Kind);
        Assert.Equal((2, 6), (error.Origin.Line, error.Origin.Column));
    }

    private static HoconValue Value(string text) => ((HoconObject)Support.Hocon.Root(text))["a"];

    private static string Text(string text) => ((HoconScalar)Value(text)).Text;
}

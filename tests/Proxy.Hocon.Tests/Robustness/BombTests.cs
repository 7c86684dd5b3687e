using System.Text;
using Proxy.Hocon.Tests.Support;

namespace Proxy.Hocon.Tests.Robustness;

/// <summary>Texts that are small and want to be large, deep or endless. Each ends in an error with its place, or in its value.</summary>
public sealed class BombTests
{
    public static TheoryData<string> Laughs => new(
        Chain("a0 = [x, x]", (i, before) => $"a{i} = [${{{before}}}, ${{{before}}}]"),
        Chain("a0 = { x = 1 }", (i, before) => $"a{i} {{ p = ${{{before}}}, q = ${{{before}}} }}"),
        Chain("a0 = xxxxxxxx", (i, before) => $"a{i} = ${{{before}}}${{{before}}}"),
        Chain("a0 = [x]", (i, before) => $"a{i} = ${{{before}}} ${{{before}}}"),
        Chain("a0 = { x = 1 }, b0 = { x = 2 }", (i, before) =>
            $"a{i} {{ p = ${{{before}}}, q = ${{{before}}} }}\nb{i} {{ p = ${{b{i - 1}}}, q = ${{b{i - 1}}} }}\nc{i} = ${{a{i}}} ${{b{i}}}"),
        Chain("a0 { x = 1 }\nc = ${a18}\nc = ${b18}\nc { p.p.p { k = ${a0} } }\nb0 { x = 2 }", (i, before) =>
            $"a{i} {{ p = ${{{before}}}, q = ${{{before}}} }}\nb{i} {{ p = ${{b{i - 1}}}, q = ${{b{i - 1}}} }}"));

    public static TheoryData<string> Nests => new(
        new string('[', 1_000_000),
        Repeat("a {", 300_000),
        Repeat("a.", 500_000) + "a = 1",
        "x = ${" + Repeat("a.", 500_000) + "a}",
        Repeat("a { b = [", 200_000),
        Repeat("${", 300_000),
        "x = " + Repeat("[{x:", 200_000));

    [Theory]
    [MemberData(nameof(Laughs))]
    public void Substitutions_that_double_again_and_again_end_in_the_size_error(string text)
    {
        var error = Support.Hocon.Error(text);

        Assert.Equal(HoconErrorKind.Limit, error.Kind);
        Assert.True(error.Origin.Line > 1, error.ToString());
        Assert.NotEmpty(error.Path);
    }

    [Theory]
    [MemberData(nameof(Nests))]
    public void Nesting_without_end_is_an_error_and_no_overflow(string text) => Assert.NotEmpty(Support.Hocon.Errors(text));

    [Fact]
    public void Json_nests_as_deep_and_no_deeper()
    {
        var result = HoconDocument.Load("x.json", new HoconOptions { Files = new MemoryFiles().With("x.json", new string('[', 1_000_000)) });

        Assert.Contains("stand inside each other", Assert.Single(result.Errors).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_allowed_to_nest_resolves_on_a_small_stack()
    {
        var deep = "a = [" + Repeat("{ b = [", 84) + "${x}" + Repeat("] }", 84) + "]\nx = 1";
        var chain = string.Join('\n', Enumerable.Range(0, 300).Select(i => $"k{i} = ${{k{i + 1}}}")) + "\nk300 = 1";
        IReadOnlyList<bool> successes = [];
        var thread = new Thread(() => successes = [HoconDocument.Parse(deep).IsSuccess, HoconDocument.Parse(chain).IsSuccess], maxStackSize: 1 << 20);
        thread.Start();
        thread.Join();

        Assert.Equal([true, true], successes);
    }

    [Fact]
    public void A_chain_of_substitutions_without_end_is_an_error()
    {
        var error = Support.Hocon.Errors(string.Join('\n', Enumerable.Range(0, 20_000).Select(i => $"k{i} = ${{k{i + 1}}}")) + "\nk20000 = 1")[0];

        Assert.Equal(HoconErrorKind.Limit, error.Kind);
        Assert.True(error.Origin.Line > 100);
    }

    [Fact]
    public void A_resolved_tree_that_is_deeper_than_any_text_is_an_error()
    {
        var wrap = Repeat("[", 200) + "${before}" + Repeat("]", 200);
        var steps = Enumerable.Range(1, 20).Select(i => $"k{i} = {wrap.Replace("before", $"k{i - 1}", StringComparison.Ordinal)}");
        var text = "k0 = x\n" + string.Join('\n', steps);

        Assert.Equal(HoconErrorKind.Limit, Support.Hocon.Errors(text)[0].Kind);
    }

    [Fact]
    public void Ten_thousand_appends_to_one_list_resolve()
    {
        var root = (HoconObject)Support.Hocon.Root("a = []\n" + Repeat("a += x\n", 10_000));

        Assert.Equal(10_000, ((HoconList)root["a"]).Count);
    }

    [Fact]
    public void Stacks_that_are_looked_through_again_and_again_end_in_an_error_or_a_value()
    {
        var looks = Enumerable.Range(0, 40_000).Select(i => $"y{i} = ${{?x.k{i}}}");
        var text = Repeat("x = ${d}\nx { q = 1 }\n", 20_000) + string.Join('\n', looks) + "\nd {}";

        var result = HoconDocument.Parse(text);

        Assert.All(result.Errors, error => Assert.Equal(HoconErrorKind.Limit, error.Kind));
    }

    [Theory]
    [InlineData("\"x\",")]
    [InlineData("x ")]
    [InlineData("[1]")]
    [InlineData("{a:1}")]
    [InlineData("${?k}")]
    [InlineData("# \"\"\"")]
    [InlineData("\"\\u0041\"")]
    [InlineData("1e5-")]
    [InlineData("a.b c")]
    [InlineData("-+")]
    [InlineData("$")]
    [InlineData("\" ")]
    public void A_line_of_a_megabyte_takes_work_in_proportion(string piece)
    {
        long Steps(int characters) => HoconDocument.CountSteps("a = [" + Repeat(piece, characters / piece.Length) + "]");

        Assert.InRange(Steps(1 << 20), 1, (8.4 * Steps(1 << 17)) + 1000);
    }

    [Theory]
    [InlineData("k# = 1\n")]
    [InlineData("k# = ${base.x}\n")]
    [InlineData("k# = ${base} { y = # }\n")]
    [InlineData("list += k#\n")]
    [InlineData("k = ${?k} { y# = 1 }\nk = null\n")]
    public void Ten_times_the_fields_take_ten_times_the_work(string field)
    {
        long Steps(int count)
        {
            var text = new StringBuilder("base { x = 1 }\n");
            for (var index = 0; index < count; index++)
            {
                text.Append(field.Replace("#", $"{index:D6}", StringComparison.Ordinal));
            }

            return HoconDocument.CountSteps(text.ToString());
        }

        Assert.InRange(Steps(20_000), 1, 10.5 * Steps(2_000));
    }

    private static string Repeat(string piece, int count) => string.Concat(Enumerable.Repeat(piece, count));

    private static string Chain(string first, Func<int, string, string> next) =>
        first + "\n" + string.Join('\n', Enumerable.Range(1, 60).Select(index => next(index, $"a{index - 1}")));
}

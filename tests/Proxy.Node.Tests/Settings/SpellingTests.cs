using Proxy.Node.Settings;
using Proxy.TestKit;

namespace Proxy.Node.Tests.Settings;

public sealed class SpellingTests
{
    private static readonly string[] Words = ["connections", "per-ip", "half-close", "idle", "queue", "to", "upstream"];

    [Theory]
    [InlineData("conections", "connections")]
    [InlineData("connectoins", "connections")]
    [InlineData("halfClose", "half-close")]
    [InlineData("half_close", "half-close")]
    [InlineData("IDLE", "idle")]
    [InlineData("quee", "queue")]
    [InlineData("upstreams", "upstream")]
    [InlineData("ot", "to")]
    public void A_slip_of_the_pen_finds_its_word(string written, string meant) => Assert.Equal(meant, Spelling.Nearest(written, Words));

    [Theory]
    [InlineData("bandwidth")]
    [InlineData("x")]
    [InlineData("")]
    public void What_is_like_nothing_finds_none(string written) => Assert.Null(Spelling.Nearest(written, Words));

    [Fact]
    public void A_word_of_megabytes_costs_nothing() => Assert.Null(Spelling.Nearest(new string('x', 10_000_000), Words));

    [Fact]
    public void A_distance_is_as_far_there_as_back_and_zero_only_for_the_same()
    {
        Property.Check(runs: 200, random =>
        {
            var (one, other) = (Word(random), Word(random));
            Assert.Equal(Spelling.Distance(one, other), Spelling.Distance(other, one));
            Assert.Equal(one == other, Spelling.Distance(one, other) == 0);
            Assert.InRange(Spelling.Distance(one, other), Math.Abs(one.Length - other.Length), Math.Max(one.Length, other.Length));
        });
    }

    private static string Word(Random random) => new([.. Enumerable.Range(0, random.Next(6)).Select(_ => "abc"[random.Next(3)])]);
}

using Proxy.Protocol.Chains;
using Proxy.Protocol.Sealing.Keys;

namespace Proxy.Protocol.Tests.Chains;

public sealed class ChainGateTests : IDisposable
{
    private static readonly ChainRequest Request = new(ChainCommand.Tcp, Hops.At("192.0.2.1:443"), NextHopKind.Destination);

    private readonly PresharedKey _key = Hops.Key("alice", 0x20);

    public void Dispose() => _key.Dispose();

    [Fact]
    public void A_header_is_good_once_however_late_it_comes_again()
    {
        var gate = Hops.SealedGate(_key);
        var header = Hops.Seal(Request, _key, 1, Hops.Now + 59_000);
        Assert.NotNull(Hops.Arrive(gate, header).Request);
        for (var later = 0; later < 300_000; later += 7_000)
        {
            var again = Hops.Arrive(gate, header, Hops.Now + later);
            Assert.Equal((null, ChainStatus.Unauthenticated), (again.Request, again.Refusal));
            Assert.False(again.Answer.IsSealed);
        }
    }

    [Fact]
    public void A_header_is_not_good_once_at_each_listener()
    {
        var replays = new ChainReplays(0);
        var header = Hops.Seal(Request, _key, 1);
        Assert.NotNull(Hops.Arrive(new ChainGate([_key], false, replays), header).Request);
        Assert.Null(Hops.Arrive(new ChainGate([_key], true, replays), header).Request);
    }

    [Theory]
    [InlineData(-60_001, "60 s behind")]
    [InlineData(60_001, "60 s ahead")]
    [InlineData(-3_600_000, "3600 s behind")]
    public void A_clock_that_is_off_is_refused_and_told(long off, string expected)
    {
        var arrival = Hops.Arrive(Hops.SealedGate(_key), Hops.Seal(Request, _key, 1, Hops.Now + off));
        Assert.Equal((null, ChainStatus.Unauthenticated, "alice"), (arrival.Request, arrival.Refusal, arrival.Principal));
        Assert.Contains(expected, arrival.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-60_000)]
    [InlineData(60_000)]
    public void A_clock_may_be_a_minute_off(long off) =>
        Assert.NotNull(Hops.Arrive(Hops.SealedGate(_key), Hops.Seal(Request, _key, 1, Hops.Now + off)).Request);

    [Fact]
    public void What_was_made_before_the_process_began_is_refused()
    {
        var gate = new ChainGate([_key], false, new ChainReplays(Hops.Now));
        Assert.Contains("before this hop began", Hops.Arrive(gate, Hops.Seal(Request, _key, 1, Hops.Now - 1)).Text, StringComparison.Ordinal);
        Assert.NotNull(Hops.Arrive(gate, Hops.Seal(Request, _key, 2, Hops.Now)).Request);
    }

    [Fact]
    public void A_full_memory_takes_nothing_new_and_counts_it()
    {
        var replays = new ChainReplays(0, capacity: 2);
        var gate = new ChainGate([_key], false, replays);
        Assert.NotNull(Hops.Arrive(gate, Hops.Seal(Request, _key, 1)).Request);
        Assert.NotNull(Hops.Arrive(gate, Hops.Seal(Request, _key, 2)).Request);
        Assert.Equal(ChainStatus.Busy, Hops.Arrive(gate, Hops.Seal(Request, _key, 3)).Refusal);
        Assert.Equal(ChainStatus.Unauthenticated, Hops.Arrive(gate, Hops.Seal(Request, _key, 2)).Refusal);
        Assert.Equal(1, replays.RefusedForRoom);

        var later = Hops.Now + 200_000;
        Assert.NotNull(Hops.Arrive(gate, Hops.Seal(Request, _key, 3, later), later).Request);
    }

    [Fact]
    public void An_open_header_is_refused_where_seals_are_asked_for()
    {
        Assert.Equal(ChainStatus.Unauthenticated, Hops.Arrive(Hops.SealedGate(_key), Written(Request)).Refusal);
        Assert.Equal(ChainStatus.Unauthenticated, Hops.Arrive(Hops.SealedGate(_key), "GET / HTTP/1.1"u8).Refusal);
        Assert.Equal(Request, Hops.Arrive(Hops.OpenGate(), Written(Request)).Request);
        Assert.Equal(ChainStatus.Malformed, Hops.Arrive(Hops.OpenGate(), "GET / HTTP/1.1"u8).Refusal);
    }

    [Fact]
    public void What_is_wrong_inside_a_seal_is_answered_sealed()
    {
        var inside = Hops.Seal(Request with { Destination = Destination.Nowhere }, _key, 1);
        var arrival = Hops.Arrive(Hops.SealedGate(_key), inside);
        Assert.Equal((ChainStatus.Malformed, "alice"), (arrival.Refusal, arrival.Principal));
        Assert.True(arrival.Answer.IsSealed);
    }

    [Fact]
    public void A_request_has_one_answer()
    {
        var arrival = Hops.Arrive(Hops.SealedGate(_key), Hops.Seal(Request, _key, 1));
        Hops.Answer(arrival, ChainStatus.Ok);
        Assert.Throws<InvalidOperationException>(() => Hops.Answer(arrival, ChainStatus.Ok));
    }

    private static byte[] Written(ChainRequest request)
    {
        var header = new byte[request.LengthBytes];
        request.Write(header);
        return header;
    }
}

using Proxy.Protocol.Chains;

namespace Proxy.Protocol.Tests.Chains;

public sealed class SealedHeaderTests
{
    // Computed by another program, with another library, from the description in docs/chains.md.
    private const string RequestHex =
        "81 c6096f7c 003c 101112131415161718191a1b1c1d1e1f2021222324252627"
        + "bb397f79b7f4b9497ff8d2a755ce845722edf4b5 fefe3946b2ae9e66533be0b721ac52da";

    private const string ResponseHex = "81 001c 2f6f6b623fde8be38dc2822f 2b5376b4f8ce135d9a282e6a622f6f27";

    private static readonly ChainRequest Request = new(ChainCommand.Tcp, Hops.At("192.0.2.1:443"), NextHopKind.ChainHop);

    [Fact]
    public void A_request_and_its_answer_are_sealed_to_the_very_bytes()
    {
        using var key = Hops.Key("alice", 0x20);
        var header = Hops.Seal(Request, key, 0x10);
        Assert.Equal(Convert.ToHexString(Bytes.FromHex(RequestHex)), Convert.ToHexString(header));

        var arrival = Hops.Arrive(Hops.SealedGate(key), header);
        var answer = Hops.Answer(arrival, ChainStatus.Refused, "no route");
        Assert.Equal(Convert.ToHexString(Bytes.FromHex(ResponseHex)), Convert.ToHexString(answer));
    }

    [Fact]
    public void What_was_sealed_is_opened_with_the_same_key_and_says_whose_it_is()
    {
        using var alice = Hops.Key("alice", 0x20);
        using var bob = Hops.Key("bob", 0x80);
        var arrival = Hops.Arrive(Hops.SealedGate(bob, alice), Bytes.Join(Hops.Seal(Request, alice, 1), "behind"u8.ToArray()));
        Assert.Equal(Request, arrival.Request);
        Assert.Equal("alice", arrival.Principal);
        Assert.Equal(SealedRequest.LengthBytes(Request), arrival.ConsumedBytes);
        Assert.True(arrival.Answer.IsSealed);
    }

    [Fact]
    public void Every_beginning_of_a_sealed_header_needs_more()
    {
        using var key = Hops.Key("alice", 0x20);
        var gate = Hops.SealedGate(key);
        var header = Hops.Seal(Request, key, 1);
        for (var length = 0; length < header.Length; length++)
        {
            Assert.False(gate.TryRead(header.AsSpan(0, length), Hops.Now, out _), $"{length} bytes were enough.");
        }

        Assert.NotNull(Hops.Arrive(gate, header).Request);
    }

    [Fact]
    public void Any_changed_bit_is_refused()
    {
        using var key = Hops.Key("alice", 0x20);
        var gate = Hops.SealedGate(key);
        var header = Hops.Seal(Request, key, 1);
        for (var bit = 0; bit < header.Length * 8; bit++)
        {
            var changed = header.ToArray();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            if (gate.TryRead(changed, Hops.Now, out var arrival))
            {
                Assert.Null(arrival.Request);
                Assert.NotEqual(ChainStatus.Ok, arrival.Refusal);
            }
        }

        // None of them has used the salt up.
        Assert.NotNull(Hops.Arrive(gate, header).Request);
    }

    [Fact]
    public void A_key_that_only_looks_the_same_does_not_open()
    {
        using var key = Hops.Key("alice", 0x20);
        using var other = Hops.Key("alice", 0x21);
        var arrival = Hops.Arrive(Hops.SealedGate(other), Hops.Seal(Request, key, 1));
        Assert.Equal((null, ChainStatus.Unauthenticated, null), (arrival.Request, arrival.Refusal, arrival.Principal));
        Assert.False(arrival.Answer.IsSealed);
    }

    [Fact]
    public void The_longest_request_fits_into_a_seal()
    {
        using var key = Hops.Key("alice", 0x20);
        var name = string.Join('.', Enumerable.Repeat(new string('a', 63), 4));
        var longest = new ChainRequest(ChainCommand.Tcp, Hops.At($"{name}:65535"), NextHopKind.ChainHop)
        {
            Fields = new ChainFields { OriginalDestination = Hops.At($"{name}:1"), HopBudget = 1, TraceId = 1, ServerName = name },
        };
        Assert.Equal(longest, Hops.Arrive(Hops.SealedGate(key), Hops.Seal(longest, key, 1)).Request);
    }

    [Theory]
    [InlineData("81 00000000 0000")]
    [InlineData("81 00000000 002f")]
    [InlineData("81 00000000 0431")]
    [InlineData("81 00000000 ffff")]
    public void A_length_that_can_not_be_right_is_refused_at_once(string hex)
    {
        using var key = Hops.Key("alice", 0x20);
        Assert.Equal(ChainStatus.Malformed, Hops.Arrive(Hops.SealedGate(key), Bytes.FromHex(hex)).Refusal);
    }
}

using System.Net;
using Proxy.Protocol.Chains;
using Proxy.Protocol.Ends;
using Proxy.Protocol.Sealing.Keys;
using Proxy.Protocol.Tests.Sealing;

namespace Proxy.Protocol.Tests.Chains;

public sealed class ChainCallTests : IDisposable
{
    private readonly PresharedKey _second = Hops.Key("second", 0x20);
    private readonly PresharedKey _third = Hops.Key("third", 0x60);
    private readonly ChainPath _path;
    private readonly ChainCall _call;
    private readonly ChainArrival[] _arrivals;

    public ChainCallTests()
    {
        ChainHop[] hops =
        [
            new(Hops.At("hop1.test:4000"), null),
            new(Hops.At("192.0.2.2:4002"), _second),
            new(Hops.At("192.0.2.3:4003"), _third),
        ];
        _path = new ChainPath(hops, Hops.At("web.test:443"))
        {
            TraceId = 7,
            Source = new ChainFields { OriginalSource = new IPEndPoint(IPAddress.Loopback, 5) },
        };
        _call = new ChainCall(_path, new CountingBytes(1), Hops.Now);
        _arrivals = Pass(_call.Headers.Span, Hops.OpenGate(), Hops.SealedGate(_second), Hops.SealedGate(_third));
    }

    public void Dispose()
    {
        _call.Dispose();
        _second.Dispose();
        _third.Dispose();
    }

    [Fact]
    public void Each_hop_learns_the_next_one_and_the_last_the_destination()
    {
        Assert.Equal(
            ["192.0.2.2:4002 ChainHop", "192.0.2.3:4003 ChainHop", "web.test:443 Destination"],
            _arrivals.Select(arrival => $"{arrival.Request!.Destination} {arrival.Request.NextHop}"));
        Assert.Equal([15, 14, 13], _arrivals.Select(arrival => (int)arrival.Request!.Fields.HopBudget!));
        Assert.All(_arrivals, arrival => Assert.Equal((UInt128)7, arrival.Request!.Fields.TraceId));
        Assert.Equal([true, true, false], _arrivals.Select(arrival => arrival.Request!.Fields.OriginalSource is null));
    }

    [Fact]
    public void Nothing_of_what_lies_behind_a_hop_can_be_read_by_it()
    {
        // All that the first hop has of the others: no name, no address, no port of theirs in any form that is not sealed.
        var behind = _call.Headers.Span[_arrivals[0].ConsumedBytes..];
        Assert.Equal(-1, behind.IndexOf("web.test"u8));
        Assert.Equal(-1, behind.IndexOf((ReadOnlySpan<byte>)[192, 0, 2, 3]));
        Assert.Equal(ChainStatus.Unauthenticated, Hops.Arrive(Hops.SealedGate(_third), behind).Refusal);
    }

    [Fact]
    public void Answers_are_taken_in_order_however_they_are_cut_and_the_rest_is_payload()
    {
        var stream = Bytes.Join(
            Hops.Answer(_arrivals[0], ChainStatus.Ok), Hops.Answer(_arrivals[1], ChainStatus.Ok), Hops.Answer(_arrivals[2], ChainStatus.Ok, "fine"), "payload"u8.ToArray());
        var rest = new List<byte>();
        foreach (var piece in stream)
        {
            rest.AddRange(_call.Take([piece]));
        }

        Assert.True(_call.IsOpen);
        Assert.Equal("payload"u8.ToArray(), rest);
        Assert.Equal("more"u8.ToArray(), _call.Take("more"u8).ToArray());
    }

    [Theory]
    [InlineData(0, ChainStatus.Refused, 2, EndReason.Refused, "hop 2 (192.0.2.2:4002): refused, says hop 1 (hop1.test:4000): why")]
    [InlineData(0, ChainStatus.NotAllowed, 1, EndReason.NotAllowed, "hop 1 (hop1.test:4000) answered not allowed: why")]
    [InlineData(1, ChainStatus.TimedOut, 3, EndReason.ConnectTimeout, "hop 3 (192.0.2.3:4003): timed out, says hop 2 (192.0.2.2:4002): why")]
    [InlineData(1, ChainStatus.Unauthenticated, 2, EndReason.Unauthenticated, "hop 2 (192.0.2.2:4002) answered unauthenticated: why")]
    [InlineData(2, ChainStatus.NameNotFound, 4, EndReason.NameNotFound, "the destination web.test:443: name not found, says hop 3 (192.0.2.3:4003): why")]
    [InlineData(2, ChainStatus.Busy, 3, EndReason.Busy, "hop 3 (192.0.2.3:4003) answered busy: why")]
    public void The_first_error_names_hop_and_cause(int teller, ChainStatus status, int hop, EndReason reason, string text)
    {
        for (var index = 0; index < teller; index++)
        {
            Assert.True(_call.Take(Hops.Answer(_arrivals[index], ChainStatus.Ok)).IsEmpty);
        }

        Assert.True(_call.Take(Bytes.Join(Hops.Answer(_arrivals[teller], status, "why"), "rest"u8.ToArray())).IsEmpty);
        Assert.Equal(new ChainFailure(hop, reason, text), _call.Failure);

        _call.HandleEnded("later");
        Assert.Equal(text, _call.Failure?.Text);
    }

    [Fact]
    public void A_stream_that_ends_before_all_answers_names_who_did_not_answer()
    {
        _call.Take(Hops.Answer(_arrivals[0], ChainStatus.Ok));
        _call.HandleEnded("the stream was reset");
        Assert.Equal(
            new ChainFailure(2, EndReason.ChainBroken, "hop 2 (192.0.2.2:4002) did not answer: the stream was reset"), _call.Failure);
    }

    [Fact]
    public void Only_a_seal_says_yes_and_anybody_may_say_no()
    {
        var openYes = new byte[] { 1, 0, 0, 0 };
        _call.Take(Hops.Answer(_arrivals[0], ChainStatus.Ok));
        _call.Take(openYes);
        Assert.Equal((2, EndReason.ChainBroken), (_call.Failure!.Hop, _call.Failure.Reason));

        using var other = new ChainCall(_path, new CountingBytes(1), Hops.Now);
        other.Take([1, 0, 0, 0, 1, 8, 0, 0]);
        Assert.Equal((2, EndReason.Unauthenticated), (other.Failure!.Hop, other.Failure.Reason));
    }

    [Fact]
    public void An_answer_that_another_hop_has_made_is_none()
    {
        _call.Take(Hops.Answer(_arrivals[0], ChainStatus.Ok));
        _call.Take(Hops.Answer(_arrivals[2], ChainStatus.Ok));
        Assert.Equal("hop 2 (192.0.2.2:4002): its answer is none: it was not sealed with this hop's key", _call.Failure!.Text);
    }

    [Fact]
    public void A_chain_of_nothing_but_hops_is_measured_at_the_last()
    {
        using var call = new ChainCall(new ChainPath(_path.Hops, null), new CountingBytes(1), Hops.Now);
        var arrivals = Pass(call.Headers.Span, Hops.OpenGate(), Hops.SealedGate(_second), Hops.SealedGate(_third));
        Assert.Equal([ChainCommand.Tcp, ChainCommand.Tcp, ChainCommand.Echo], arrivals.Select(arrival => arrival.Request!.Command));
    }

    [Theory]
    [InlineData(null, 1, EndReason.ChainBroken, "reset at or behind hop 1 (hop1.test:4000)")]
    [InlineData((byte)0, 2, EndReason.ChainBroken, "reset at or behind hop 2 (192.0.2.2:4002)")]
    [InlineData((byte)1, 3, EndReason.ChainBroken, "reset at or behind hop 3 (192.0.2.3:4003)")]
    [InlineData((byte)2, 4, EndReason.ResetByUpstream, "reset by the destination web.test:443")]
    [InlineData((byte)255, 4, EndReason.ResetByUpstream, "reset by the destination web.test:443")]
    public void A_reset_after_the_answers_is_blamed_as_exactly_as_it_is_known(byte? distance, int hop, EndReason reason, string text) =>
        Assert.Equal(new ChainFailure(hop, reason, text), _path.ResetAfterAnswers(distance));

    [Fact]
    public void A_chain_has_hops_and_not_too_many()
    {
        var hop = new ChainHop(Hops.At("hop.test:1"), null);
        Assert.Throws<ArgumentOutOfRangeException>(() => new ChainPath([], null));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ChainPath([.. Enumerable.Repeat(hop, 17)], null));
        var longest = new ChainPath([.. Enumerable.Repeat(hop, 16)], null);
        Assert.Equal((byte)0, longest.RequestOf(15).Fields.HopBudget);
    }

    private static ChainArrival[] Pass(ReadOnlySpan<byte> headers, params ChainGate[] gates)
    {
        var arrivals = new List<ChainArrival>();
        foreach (var gate in gates)
        {
            arrivals.Add(Hops.Arrive(gate, headers));
            headers = headers[arrivals[^1].ConsumedBytes..];
        }

        Assert.True(headers.IsEmpty, "Something is behind the last header.");
        return [.. arrivals];
    }
}

using Proxy.Protocol.Chains;
using Proxy.Protocol.Chains.Datagrams;
using Proxy.Protocol.Ends;
using Proxy.Protocol.Sealing;
using Proxy.Protocol.Sealing.Keys;

namespace Proxy.Protocol.Tests.Chains;

/// <summary>Datagrams through hops that are reached over UDP: what each hop can open, what it cannot, and what comes back.</summary>
public sealed class DatagramCallTests
{
    private const long Now = 1_790_000_000_000;

    private static readonly PresharedKey First = new("first", Enumerable.Repeat((byte)1, PresharedKey.Bytes).ToArray());
    private static readonly PresharedKey Second = new("second", Enumerable.Repeat((byte)2, PresharedKey.Bytes).ToArray());

    [Fact]
    public void Each_hop_opens_its_own_header_and_hands_on_the_rest_and_answers_are_taken_off_in_order()
    {
        using var call = Call();
        var datagram = Write(call, [7, 8, 9]);

        Assert.True(GateOf(First).TryBegin(datagram, Now, out var atFirst, out _));
        ReadOnlySpan<byte> rest = datagram.AsSpan(atFirst.FirstHeaderBytes);
        Assert.Equal(("first", NextHopKind.ChainHop, "10.0.0.2:4000"), (atFirst.Principal, atFirst.Request!.NextHop, $"{atFirst.Request.Destination}"));
        Assert.True(GateOf(Second).TryBegin(rest, Now, out var atSecond, out _));
        Assert.Equal((ChainCommand.Udp, NextHopKind.Destination, "10.0.0.3:53"), (atSecond.Request!.Command, atSecond.Request.NextHop, $"{atSecond.Request.Destination}"));
        Assert.Equal([7, 8, 9], rest[atSecond.FirstHeaderBytes..].ToArray());

        for (var count = 0; count < 3; count++)
        {
            ReadOnlySpan<byte> answer = Respond(atFirst, ChainStatus.Ok, Respond(atSecond, ChainStatus.Ok, [1, 2]));
            Assert.True(call.TryTake(ref answer));
            Assert.Equal([1, 2], answer.ToArray());
        }

        using (atFirst)
        using (atSecond)
        {
            ReadOnlySpan<byte> next = Write(call, [5]);
            Assert.True(atFirst.TryTake(ref next));
            Assert.True(atSecond.TryTake(ref next));
            Assert.Equal([5], next.ToArray());
        }
    }

    [Fact]
    public void Nobody_but_the_hop_opens_a_header()
    {
        using var call = Call();
        var datagram = Write(call, [7]);

        Assert.False(GateOf(Second).TryBegin(datagram, Now, out _, out var why));
        Assert.Contains("no key", why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_flow_is_begun_once_and_each_datagram_of_it_is_taken_once()
    {
        using var call = Call();
        var (first, second) = (Write(call, [1]), Write(call, [2]));
        var gate = GateOf(First);
        Assert.True(gate.TryBegin(first, Now, out var flow, out _));

        ReadOnlySpan<byte> again = first;
        Assert.False(flow.TryTake(ref again));
        ReadOnlySpan<byte> other = second;
        Assert.True(flow.TryTake(ref other));
        other = second;
        Assert.False(flow.TryTake(ref other));
        Assert.False(gate.TryBegin(first, Now, out _, out var why));
        Assert.Contains("already", why, StringComparison.Ordinal);
        Assert.False(gate.TryBegin(second, Now, out _, out _));
        flow.Dispose();
    }

    [Theory]
    [InlineData(-61_000)]
    [InlineData(61_000)]
    public void A_clock_that_is_off_is_refused(long milliseconds)
    {
        using var call = Call();
        var datagram = Write(call, [1], Now + milliseconds);

        Assert.False(GateOf(First).TryBegin(datagram, Now, out _, out var why));
        Assert.Contains("61 s off", why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, ChainStatus.Refused, "hop 2 (10.0.0.2:4000): refused, says hop 1 (10.0.0.1:4000)", 2, EndReason.Refused)]
    [InlineData(2, ChainStatus.TimedOut, "the destination 10.0.0.3:53: timed out, says hop 2 (10.0.0.2:4000)", 3, EndReason.ConnectTimeout)]
    [InlineData(2, ChainStatus.NotAllowed, "hop 2 (10.0.0.2:4000) answered not allowed", 2, EndReason.NotAllowed)]
    [InlineData(1, ChainStatus.Busy, "hop 1 (10.0.0.1:4000) answered busy", 1, EndReason.Busy)]
    public void The_first_that_is_not_ok_names_hop_and_cause(int teller, ChainStatus status, string text, int hop, EndReason reason)
    {
        using var call = Call();
        var datagram = Write(call, [1]);
        GateOf(First).TryBegin(datagram, Now, out var atFirst, out _);
        GateOf(Second).TryBegin(datagram.AsSpan(atFirst!.FirstHeaderBytes), Now, out var atSecond, out _);

        ReadOnlySpan<byte> answer = teller == 1 ? Respond(atFirst, status, []) : Respond(atFirst, ChainStatus.Ok, Respond(atSecond!, status, []));
        Assert.False(call.TryTake(ref answer));

        Assert.Equal(new ChainFailure(hop, reason, text), call.Failure);
        atFirst.Dispose();
        atSecond!.Dispose();
    }

    [Fact]
    public void What_is_changed_cut_or_made_up_is_taken_for_nothing()
    {
        var random = new Random(5);
        using var call = Call();
        var good = Write(call, [1, 2, 3]);
        var gate = GateOf(First);
        Assert.True(gate.TryBegin(good, Now, out var flow, out _));
        var answer = Respond(flow, ChainStatus.Ok, [1, 2, 3]);
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = (random.Next(2) == 0 ? good : answer).ToArray();
            bytes = random.Next(3) switch
            {
                0 => bytes[..random.Next(bytes.Length)],
                1 => Changed(bytes, random),
                _ => Changed(Changed(bytes, random), random),
            };
            ReadOnlySpan<byte> atHop = bytes;
            Assert.False(flow.TryTake(ref atHop) && !bytes.AsSpan(0, good.Length).SequenceEqual(good));
            Assert.False(gate.TryBegin(bytes, Now, out _, out _));
            ReadOnlySpan<byte> back = bytes;
            Assert.False(call.TryTake(ref back));
        }

        Assert.Null(call.Failure);
        flow.Dispose();
    }

    [Fact]
    public void The_bytes_are_as_the_page_of_the_protocol_has_them()
    {
        using var call = Call();
        var datagram = Write(call, [0xab]);

        // Version, the key's id, the length of the rest, the flow's salt, number 0; then what is sealed: time and request, and a tag.
        Assert.Equal(Convert.ToHexString(First.Id[..4]), Convert.ToHexString(datagram, 1, 4));
        Assert.Equal((0x82, 24 + 8 + 8 + 16 + 16), (datagram[0], (datagram[5] << 8) | datagram[6]));
        Assert.Equal("000102030405060708090A0B0C0D0E0F1011121314151617" + "0000000000000000", Convert.ToHexString(datagram, 7, 32));
        Assert.Equal((2 * 79, 2 * 79 + 1), (call.HeaderBytes, datagram.Length));
    }

    private static DatagramCall Call() => new(
        new ChainPath([Hop("10.0.0.1:4000", First), Hop("10.0.0.2:4000", Second)], To("10.0.0.3:53")) { Command = ChainCommand.Udp, HopBudget = 0 }, 0, new Counting());

    private static ChainHop Hop(string address, PresharedKey key) => new(To(address), key);

    private static Destination To(string text) => Destination.TryParse(text, out var destination) ? destination : throw new InvalidOperationException(text);

    private static DatagramGate GateOf(PresharedKey key) => new([key], new ChainReplays(Now - 120_000));

    private static byte[] Write(DatagramCall call, byte[] payload, long now = Now)
    {
        var datagram = new byte[call.HeaderBytes + payload.Length];
        payload.CopyTo(datagram, call.WriteHeaders(datagram, now));
        return datagram;
    }

    private static byte[] Respond(DatagramFlow flow, ChainStatus status, byte[] behind)
    {
        var answer = new byte[DatagramFlow.MaxResponseBytes];
        return [.. answer[..flow.WriteResponse(answer, new ChainResponse(status))], .. behind];
    }

    private static byte[] Changed(byte[] bytes, Random random)
    {
        if (bytes.Length > 0)
        {
            bytes[random.Next(Math.Min(bytes.Length, 75))] ^= (byte)(1 << random.Next(8));
        }

        return bytes;
    }

    private sealed class Counting : IRandomBytes
    {
        private byte _next;

        public void Fill(Span<byte> target)
        {
            foreach (ref var value in target)
            {
                value = _next++;
            }
        }
    }
}

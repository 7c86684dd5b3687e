using Proxy.Protocol.Chains;
using Proxy.Protocol.Sealing.Keys;
using Proxy.Protocol.Tests.Sealing;
using Proxy.TestKit;

namespace Proxy.Protocol.Tests.Chains;

/// <summary>
/// Mutations of a corpus of right headers and answers, against gate and call: from outside, and sealed with the right key, as only a wicked
/// holder of it could. Nothing may throw, take what was not written, or want bytes without end.
/// </summary>
public sealed class ChainFuzzTests : IDisposable
{
    private const int Runs = 10_000;
    private readonly PresharedKey _key = Hops.Key("alice", 0x20);

    public void Dispose() => _key.Dispose();

    [Fact]
    public void A_gate_takes_no_header_that_nobody_sealed()
    {
        var corpus = Headers();
        var (refused, more) = (0, 0);
        Property.Check(Runs, random =>
        {
            var bytes = Mutator.Mutate(random, corpus);
            if (!Hops.SealedGate(_key).TryRead(bytes, Hops.Now, out var arrival))
            {
                more++;
                Assert.True(bytes.Length < SealedRequest.MaxLengthBytes, "More than the limit is wanted.");
                return;
            }

            refused += arrival.Request is null ? 1 : 0;
            Assert.True(
                arrival.Request is null || corpus.Any(header => bytes.AsSpan(0, arrival.ConsumedBytes).SequenceEqual(header)),
                "A header was taken that nobody sealed.");
        });
        Assert.True(refused > 0 && more > 0, "The mutations came nowhere.");
    }

    [Fact]
    public void An_open_gate_takes_what_is_written_the_same_again()
    {
        var corpus = Headers();
        var taken = 0;
        Property.Check(Runs, random =>
        {
            var bytes = Mutator.Mutate(random, corpus);
            if (Hops.OpenGate().TryRead(bytes, Hops.Now, out var arrival) && arrival.Request is { } request)
            {
                taken++;
                var written = new byte[request.LengthBytes];
                request.Write(written);
                Assert.Equal(ReadStatus.Done, ChainRequest.TryRead(written, out _, out var again, out _));
                Assert.Equal(request, again);
            }
        });
        Assert.True(taken > 0, "No mutation was a header.");
    }

    [Fact]
    public void A_holder_of_the_key_gets_an_answer_to_whatever_is_inside()
    {
        var corpus = Headers();
        var (taken, malformed) = (0, 0);
        Property.Check(Runs, random =>
        {
            var inside = Mutator.Mutate(random, corpus);
            inside = inside[..Math.Min(inside.Length, ProtocolLimits.ChainRequestBytes)];
            var arrival = Hops.Arrive(Hops.SealedGate(_key), SealRaw(inside));
            Assert.True(arrival.Answer.IsSealed);
            taken += arrival.Request is null ? 0 : 1;
            malformed += arrival.Refusal == ChainStatus.Malformed ? 1 : 0;
        });
        Assert.True(taken > 0 && malformed > 0, "The mutations came nowhere.");
    }

    [Fact]
    public void A_call_opens_only_for_the_answers_of_its_hops()
    {
        var path = new ChainPath([new ChainHop(Hops.At("192.0.2.1:1"), null), new ChainHop(Hops.At("192.0.2.2:2"), _key)], Hops.At("192.0.2.3:3"));
        byte[][] corpus = [Answers(path, ChainStatus.Ok), Answers(path, ChainStatus.Refused)];
        var sealedOk = corpus[0][4..^"payload".Length];
        var (opened, failed) = (0, 0);
        Property.Check(Runs, random =>
        {
            var bytes = Mutator.Mutate(random, corpus);
            using var call = new ChainCall(path, new CountingBytes(1), Hops.Now);
            for (var at = 0; at < bytes.Length;)
            {
                var piece = Math.Min(random.Next(1, 40), bytes.Length - at);
                call.Take(bytes.AsSpan(at, piece));
                at += piece;
            }

            opened += call.IsOpen ? 1 : 0;
            failed += call.Failure is null ? 0 : 1;
            Assert.False(call.IsOpen && call.Failure is not null, "Both open and failed.");
            Assert.True(!call.IsOpen || bytes.AsSpan().IndexOf(sealedOk) >= 0, "It opened without the sealed answer.");
        });
        Assert.True(opened > 0 && failed > 0, "The mutations came nowhere.");
    }

    private static byte[] Answers(ChainPath path, ChainStatus last)
    {
        using var call = new ChainCall(path, new CountingBytes(1), Hops.Now);
        var headers = call.Headers.Span;
        var first = Hops.Arrive(Hops.OpenGate(), headers);
        var second = Hops.Arrive(Hops.SealedGate(path.Hops[1].Key!), headers[first.ConsumedBytes..]);
        return Bytes.Join(Hops.Answer(first, ChainStatus.Ok), Hops.Answer(second, last), "payload"u8.ToArray());
    }

    private byte[][] Headers()
    {
        ChainRequest[] requests =
        [
            ChainRequest.Echo,
            new(ChainCommand.Tcp, Hops.At("192.0.2.1:443"), NextHopKind.ChainHop) { Fields = new ChainFields { HopBudget = 3, TraceId = 9 } },
            new(ChainCommand.Udp, Hops.At("example.com:53"), NextHopKind.Destination) { Fields = new ChainFields { ServerName = "example.com" } },
        ];
        return [.. requests.SelectMany((request, index) => new[] { Hops.Seal(request, _key, (byte)(index * 30)), Written(request) })];
    }

    private byte[] SealRaw(ReadOnlySpan<byte> inside)
    {
        // A right header of some length, its inside then replaced: sealing is the same.
        var clear = SealedRequest.FixedBytes + ChainSeal.SaltBytes;
        var message = new byte[clear + 8 + inside.Length + 16];
        message[0] = ChainSeal.Version;
        _key.Id[..SealedRequest.KeyIdBytes].CopyTo(message.AsSpan(1));
        System.Buffers.Binary.BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(5), (ushort)(message.Length - SealedRequest.FixedBytes));
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(message.AsSpan(clear), Hops.Now);
        inside.CopyTo(message.AsSpan(clear + 8));
        using var seal = ChainSeal.RequestKey(_key, message.AsSpan(SealedRequest.FixedBytes, ChainSeal.SaltBytes));
        ChainSeal.Seal(message, clear, seal.Span);
        return message;
    }

    private static byte[] Written(ChainRequest request)
    {
        var header = new byte[request.LengthBytes];
        request.Write(header);
        return header;
    }
}

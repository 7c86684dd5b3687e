using Proxy.Protocol.Chains;
using Proxy.Protocol.Sealing.Keys;

namespace Proxy.Protocol.Tests.Chains;

/// <summary>Keys, addresses and gates that the tests of chains share.</summary>
internal static class Hops
{
    public const long Now = 1_700_000_000_123;

    /// <summary>32 bytes that count up.</summary>
    public static PresharedKey Key(string name, byte first) => new(name, [.. Enumerable.Range(first, 32).Select(value => (byte)value)]);

    public static Destination At(string text) => Destination.TryParse(text, out var destination) ? destination : throw new FormatException(text);

    public static ChainGate SealedGate(params PresharedKey[] keys) => new(keys, takesOpen: false, new ChainReplays(Now - 100_000));

    public static ChainGate OpenGate() => new([], takesOpen: true, new ChainReplays(Now - 100_000));

    public static byte[] Seal(ChainRequest request, PresharedKey key, byte firstOfSalt, long sent = Now)
    {
        var header = new byte[SealedRequest.LengthBytes(request)];
        var length = SealedRequest.Write(header, request, key, [.. Enumerable.Range(firstOfSalt, 24).Select(value => (byte)value)], sent);
        Assert.Equal(header.Length, length);
        return header;
    }

    public static ChainArrival Arrive(ChainGate gate, ReadOnlySpan<byte> bytes, long now = Now)
    {
        Assert.True(gate.TryRead(bytes, now, out var arrival), "The gate wants more.");
        return arrival;
    }

    public static byte[] Answer(ChainArrival arrival, ChainStatus status, string text = "")
    {
        var target = new byte[ChainAnswer.MaxLengthBytes];
        return target[..arrival.Answer.Write(target, new ChainResponse(status, text))];
    }
}

using System.Buffers.Binary;
using Proxy.Protocol.Sealing.Ciphers;
using Proxy.Protocol.Sealing.Keys;

namespace Proxy.Protocol.Chains;

/// <summary>
/// A hop's answer to a sealed request, under a key of the request's salt.
/// <code>
/// | 0x81 | length of the rest (16 bits) | sealed: response | tag (128 bits) |
/// </code>
/// </summary>
internal static class SealedResponse
{
    /// <summary>The largest there may be.</summary>
    public const int MaxLengthBytes = FixedBytes + ChainResponse.MaxLengthBytes + Aead.TagBytes;

    private const int FixedBytes = 3;

    /// <param name="key">Of <see cref="ChainSeal.ResponseKey"/>, not used before.</param>
    public static int Write(Span<byte> target, ChainResponse response, ReadOnlySpan<byte> key)
    {
        var message = target[..(FixedBytes + response.LengthBytes + Aead.TagBytes)];
        message[0] = ChainSeal.Version;
        BinaryPrimitives.WriteUInt16BigEndian(message[1..], (ushort)(message.Length - FixedBytes));
        response.Write(message[FixedBytes..]);
        ChainSeal.Seal(message, FixedBytes, key);
        return message.Length;
    }

    /// <summary>Reads the header that <paramref name="source"/> starts with, as <see cref="ChainResponse.TryRead"/> does the open form.</summary>
    /// <param name="isAuthentic">False: it was not sealed with that key.</param>
    public static ReadStatus TryRead(
        ReadOnlySpan<byte> source, ReadOnlySpan<byte> key, out int consumedBytes, out ChainResponse? response, out ChainRule broken, out bool isAuthentic)
    {
        (consumedBytes, response, broken, isAuthentic) = (0, null, ChainRule.None, true);
        if (source.Length < FixedBytes)
        {
            return ReadStatus.NeedMore;
        }

        var rest = BinaryPrimitives.ReadUInt16BigEndian(source[1..]);
        if (rest <= Aead.TagBytes || FixedBytes + rest > MaxLengthBytes)
        {
            broken = ChainRule.SealedLength;
            return ReadStatus.Malformed;
        }

        if (source.Length < FixedBytes + rest)
        {
            return ReadStatus.NeedMore;
        }

        var plain = new byte[rest - Aead.TagBytes];
        isAuthentic = ChainSeal.TryOpen(source[..(FixedBytes + rest)], FixedBytes, key, plain);
        if (!isAuthentic)
        {
            return ReadStatus.Malformed;
        }

        var status = ChainResponse.TryRead(plain, out var read, out response, out broken);
        if (status != ReadStatus.Done || read != plain.Length)
        {
            response = null;
            broken = status == ReadStatus.Malformed ? broken : ChainRule.SealedRest;
            return ReadStatus.Malformed;
        }

        consumedBytes = FixedBytes + rest;
        return ReadStatus.Done;
    }
}

using System.Buffers.Binary;
using Proxy.Protocol.Sealing.Ciphers;
using Proxy.Protocol.Sealing.Keys;

namespace Proxy.Protocol.Chains;

/// <summary>
/// A chain request as only the holder of the hop's key can read or make it.
/// <code>
/// | 0x81 | key id (32 bits) | length of the rest (16 bits) | salt (192 bits) | sealed: time, 64 bits of unix ms; request | tag (128 bits) |
/// </code>
/// The key id is the first half of the key's id.
/// </summary>
internal static class SealedRequest
{
    public const int KeyIdBytes = 4;

    public const int FixedBytes = 1 + KeyIdBytes + 2;

    /// <summary>The largest there may be.</summary>
    public const int MaxLengthBytes = ClearBytes + TimeBytes + ProtocolLimits.ChainRequestBytes + Aead.TagBytes;

    private const int ClearBytes = FixedBytes + ChainSeal.SaltBytes;
    private const int TimeBytes = 8;
    private const int LeastRestBytes = ChainSeal.SaltBytes + TimeBytes + Aead.TagBytes;

    public static int LengthBytes(ChainRequest request) => ClearBytes + TimeBytes + request.LengthBytes + Aead.TagBytes;

    /// <param name="target">At least <see cref="LengthBytes"/>.</param>
    /// <param name="salt">Random, and never used before with this key.</param>
    public static int Write(Span<byte> target, ChainRequest request, PresharedKey key, ReadOnlySpan<byte> salt, long unixMilliseconds)
    {
        var message = target[..LengthBytes(request)];
        message[0] = ChainSeal.Version;
        key.Id[..KeyIdBytes].CopyTo(message[1..]);
        BinaryPrimitives.WriteUInt16BigEndian(message[(1 + KeyIdBytes)..], (ushort)(message.Length - FixedBytes));
        salt.CopyTo(message[FixedBytes..]);
        BinaryPrimitives.WriteInt64BigEndian(message[ClearBytes..], unixMilliseconds);
        request.Write(message[(ClearBytes + TimeBytes)..]);
        using var seal = ChainSeal.RequestKey(key, salt);
        ChainSeal.Seal(message, ClearBytes, seal.Span);
        return message.Length;
    }

    /// <summary>How long the header at the front of <paramref name="source"/> is, of which the first byte is there.</summary>
    /// <param name="lengthBytes">When done: all of it is in <paramref name="source"/>.</param>
    public static ReadStatus TryMeasure(ReadOnlySpan<byte> source, out int lengthBytes)
    {
        lengthBytes = 0;
        if (source.Length < FixedBytes)
        {
            return ReadStatus.NeedMore;
        }

        var rest = BinaryPrimitives.ReadUInt16BigEndian(source[(1 + KeyIdBytes)..]);
        if (rest < LeastRestBytes || FixedBytes + rest > MaxLengthBytes)
        {
            return ReadStatus.Malformed;
        }

        if (source.Length < FixedBytes + rest)
        {
            return ReadStatus.NeedMore;
        }

        lengthBytes = FixedBytes + rest;
        return ReadStatus.Done;
    }

    public static bool IsFor(ReadOnlySpan<byte> message, PresharedKey key) => message.Slice(1, KeyIdBytes).SequenceEqual(key.Id[..KeyIdBytes]);

    public static ReadOnlySpan<byte> Salt(ReadOnlySpan<byte> message) => message.Slice(FixedBytes, ChainSeal.SaltBytes);

    /// <summary>Opens a whole header.</summary>
    /// <param name="text">The request's bytes, not looked at yet.</param>
    public static bool TryOpen(ReadOnlySpan<byte> message, PresharedKey key, out long unixMilliseconds, out byte[] text)
    {
        var plain = new byte[message.Length - ClearBytes - Aead.TagBytes];
        using var seal = ChainSeal.RequestKey(key, Salt(message));
        var isOpen = ChainSeal.TryOpen(message, ClearBytes, seal.Span, plain);
        unixMilliseconds = isOpen ? BinaryPrimitives.ReadInt64BigEndian(plain) : 0;
        text = isOpen ? plain[TimeBytes..] : [];
        return isOpen;
    }
}

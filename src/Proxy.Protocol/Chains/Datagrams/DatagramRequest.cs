using System.Buffers.Binary;
using Proxy.Protocol.Sealing.Ciphers;
using Proxy.Protocol.Sealing.Keys;

namespace Proxy.Protocol.Chains.Datagrams;

/// <summary>
/// The header that a datagram to a hop begins with, each of a flow.
/// <code>
/// | 0x82 | key id (32 bits) | length of the rest (16 bits) | salt of the flow (192 bits) | number (64 bits) | sealed: time, 64 bits of unix ms; request | tag |
/// </code>
/// </summary>
internal static class DatagramRequest
{
    public const byte Version = 0x82;

    public const int NumberAt = SealedRequest.FixedBytes + ChainSeal.SaltBytes;

    public const int ClearBytes = NumberAt + sizeof(ulong);

    public const int TimeBytes = 8;

    /// <summary>All but the request.</summary>
    public const int OverheadBytes = ClearBytes + TimeBytes + Aead.TagBytes;

    public static int Write(Span<byte> target, ReadOnlySpan<byte> request, PresharedKey key, ReadOnlySpan<byte> salt, DatagramSeal seal, long unixMilliseconds)
    {
        var message = target[..(OverheadBytes + request.Length)];
        message[0] = Version;
        key.Id[..SealedRequest.KeyIdBytes].CopyTo(message[1..]);
        BinaryPrimitives.WriteUInt16BigEndian(message[(1 + SealedRequest.KeyIdBytes)..], (ushort)(message.Length - SealedRequest.FixedBytes));
        salt.CopyTo(message[SealedRequest.FixedBytes..]);
        BinaryPrimitives.WriteInt64BigEndian(message[ClearBytes..], unixMilliseconds);
        request.CopyTo(message[(ClearBytes + TimeBytes)..]);
        seal.Seal(message, NumberAt, ClearBytes);
        return message.Length;
    }

    /// <summary>The header at the front of a datagram; empty: there is none.</summary>
    public static ReadOnlySpan<byte> Take(ReadOnlySpan<byte> datagram)
    {
        if (datagram.Length < OverheadBytes || datagram[0] != Version)
        {
            return default;
        }

        var length = SealedRequest.FixedBytes + BinaryPrimitives.ReadUInt16BigEndian(datagram[(1 + SealedRequest.KeyIdBytes)..]);
        return length is < OverheadBytes or > OverheadBytes + ProtocolLimits.ChainRequestBytes || length > datagram.Length ? default : datagram[..length];
    }
}

using System.Buffers.Binary;
using Proxy.Protocol.Sealing.Ciphers;

namespace Proxy.Protocol.Chains.Datagrams;

/// <summary>
/// What a hop puts in front of each datagram that it hands back.
/// <code>
/// | 0x82 | length of the rest (16 bits) | number (64 bits) | sealed: response | tag (128 bits) |
/// </code>
/// </summary>
internal static class DatagramResponse
{
    public const int MaxLengthBytes = ClearBytes + ChainResponse.MaxLengthBytes + Aead.TagBytes;

    private const int NumberAt = 3;
    private const int ClearBytes = NumberAt + sizeof(ulong);

    public static int Write(Span<byte> target, ChainResponse response, DatagramSeal seal)
    {
        var message = target[..(ClearBytes + response.LengthBytes + Aead.TagBytes)];
        message[0] = DatagramRequest.Version;
        BinaryPrimitives.WriteUInt16BigEndian(message[1..], (ushort)(message.Length - NumberAt));
        response.Write(message[ClearBytes..]);
        seal.Seal(message, NumberAt, ClearBytes);
        return message.Length;
    }

    /// <summary>Takes it off the front. Null: it is none of this flow, or came already.</summary>
    public static ChainResponse? Take(ref ReadOnlySpan<byte> datagram, DatagramSeal seal)
    {
        if (datagram.Length < ClearBytes + Aead.TagBytes || datagram[0] != DatagramRequest.Version)
        {
            return null;
        }

        var length = NumberAt + BinaryPrimitives.ReadUInt16BigEndian(datagram[1..]);
        if (length is <= ClearBytes + Aead.TagBytes or > MaxLengthBytes || length > datagram.Length)
        {
            return null;
        }

        Span<byte> text = stackalloc byte[ChainResponse.MaxLengthBytes];
        text = text[..(length - ClearBytes - Aead.TagBytes)];
        if (!seal.TryOpen(datagram[..length], NumberAt, ClearBytes, text)
            || ChainResponse.TryRead(text, out var consumed, out var response, out _) != ReadStatus.Done || consumed != text.Length)
        {
            return null;
        }

        datagram = datagram[length..];
        return response;
    }
}

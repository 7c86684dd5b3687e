using System.Security.Cryptography;
using Proxy.Protocol.Sealing.Ciphers;
using Proxy.Protocol.Sealing.Datagrams;
using Proxy.Protocol.Sealing.Keys;

namespace Proxy.Protocol.Sealing.Handshakes;

/// <summary>
/// The server's half of the handshake, 1200 bytes; its sealed part opens only for who has the pre-shared key and the hello's ephemeral key.
/// <code>
/// | header: kind 3, receiver = client's tunnel id | server's ephemeral key (65 bytes) | random (16 bytes)
/// | sealed: <see cref="ReplyBody"/>, zeros | tag |
/// </code>
/// </summary>
internal static class ReplyMessage
{
    private const int RandomAt = DatagramHeader.Bytes + P256.PointBytes;
    private const int ClearBytes = RandomAt + HandshakeSeal.RandomBytes;

    public static byte[] Make(
        ulong clientTunnelId, ReadOnlySpan<byte> ephemeral, ReadOnlySpan<byte> random, ReplyBody body, ReadOnlySpan<byte> agreed,
        ReadOnlySpan<byte> hello, PresharedKey psk, CipherChoice choice)
    {
        var reply = new byte[SealingLimits.HandshakeBytes];
        new DatagramHeader(DatagramKind.HelloReply, IsOddPhase: false, reply.Length, clientTunnelId, Number: 0).Write(reply);
        ephemeral.CopyTo(reply.AsSpan(DatagramHeader.Bytes));
        random.CopyTo(reply.AsSpan(RandomAt));
        body.Write(reply.AsSpan(ClearBytes..^Aead.TagBytes));
        HandshakeSeal.Seal(reply, ClearBytes, choice, psk, agreed, hello, "hello-reply"u8);
        return reply;
    }

    /// <summary>Whether the datagram looks like a reply to this client; and the server's key, not yet checked, which opening it needs.</summary>
    public static bool TryRead(ReadOnlySpan<byte> datagram, ulong clientTunnelId, out ReadOnlySpan<byte> ephemeral)
    {
        ephemeral = default;
        if (datagram.Length is < SealingLimits.HandshakeBytes or > SealingLimits.MaximumHelloBytes
            || !DatagramHeader.TryRead(datagram, out var header)
            || header.Kind != DatagramKind.HelloReply
            || header.Receiver != clientTunnelId)
        {
            return false;
        }

        ephemeral = datagram[DatagramHeader.Bytes..RandomAt];
        return true;
    }

    public static bool TryOpen(
        ReadOnlySpan<byte> datagram, ReadOnlySpan<byte> agreed, ReadOnlySpan<byte> hello, PresharedKey psk, CipherChoice choice,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out ReplyBody? body)
    {
        body = null;
        Span<byte> room = stackalloc byte[SealingLimits.MaximumHelloBytes];
        var plain = room[..(datagram.Length - ClearBytes - Aead.TagBytes)];
        var isOpen = HandshakeSeal.TryOpen(datagram, ClearBytes, choice, psk, agreed, hello, "hello-reply"u8, plain)
            && ReplyBody.TryRead(plain, out body);
        CryptographicOperations.ZeroMemory(plain);
        return isOpen;
    }
}

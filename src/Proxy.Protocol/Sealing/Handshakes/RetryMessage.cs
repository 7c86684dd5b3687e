using System.Buffers.Binary;
using Proxy.Protocol.Sealing.Ciphers;
using Proxy.Protocol.Sealing.Datagrams;
using Proxy.Protocol.Sealing.Keys;

namespace Proxy.Protocol.Sealing.Handshakes;

/// <summary>
/// The server's answer when it wants to see first that the client is where it says it is, or when the clocks differ. It makes no state.
/// <code>
/// | header: kind 2, receiver = client's tunnel id | random (16 bytes) | sealed: cookie (16 bytes), server's time in ms since 1970 (64) | tag |
/// </code>
/// </summary>
internal static class RetryMessage
{
    public const int Bytes = ClearBytes + PlainBytes + Aead.TagBytes;

    private const int ClearBytes = DatagramHeader.Bytes + HandshakeSeal.RandomBytes;
    private const int PlainBytes = Cookies.Bytes + sizeof(long);

    /// <param name="target"><see cref="Bytes"/> long.</param>
    /// <param name="random">16 bytes, new for each retry, as the time in it differs.</param>
    public static void Write(
        Span<byte> target, ulong clientTunnelId, ReadOnlySpan<byte> random, ReadOnlySpan<byte> cookie, long serverMilliseconds,
        ReadOnlySpan<byte> hello, PresharedKey psk, CipherChoice choice)
    {
        target = target[..Bytes];
        new DatagramHeader(DatagramKind.Retry, IsOddPhase: false, Bytes, clientTunnelId, Number: 0).Write(target);
        random.CopyTo(target[DatagramHeader.Bytes..]);
        cookie.CopyTo(target[ClearBytes..]);
        BinaryPrimitives.WriteInt64BigEndian(target[(ClearBytes + Cookies.Bytes)..], serverMilliseconds);
        HandshakeSeal.Seal(target, ClearBytes, choice, psk, agreed: [], hello, "retry"u8);
    }

    /// <param name="cookie">16 bytes, written when true.</param>
    public static bool TryOpen(
        ReadOnlySpan<byte> datagram, ulong clientTunnelId, ReadOnlySpan<byte> hello, PresharedKey psk, CipherChoice choice, Span<byte> cookie,
        out long serverMilliseconds)
    {
        serverMilliseconds = 0;
        Span<byte> plain = stackalloc byte[PlainBytes];
        if (datagram.Length != Bytes
            || !DatagramHeader.TryRead(datagram, out var header)
            || header.Kind != DatagramKind.Retry
            || header.Receiver != clientTunnelId
            || !HandshakeSeal.TryOpen(datagram, ClearBytes, choice, psk, agreed: [], hello, "retry"u8, plain))
        {
            return false;
        }

        plain[..Cookies.Bytes].CopyTo(cookie);
        serverMilliseconds = BinaryPrimitives.ReadInt64BigEndian(plain[Cookies.Bytes..]);
        return true;
    }
}

using System.Buffers.Binary;
using System.Security.Cryptography;
using Proxy.Protocol.Sealing.Ciphers;
using Proxy.Protocol.Sealing.Datagrams;
using Proxy.Protocol.Sealing.Keys;

namespace Proxy.Protocol.Sealing.Handshakes;

/// <summary>
/// A client's first datagram, 1200 bytes; behind the cookie it is sealed with the pre-shared key.
/// <code>
/// | header: kind 1, receiver 0 | key id (8 bytes) | client's tunnel id (64) | client's ephemeral key (65 bytes) | random (16 bytes)
/// | cookie length (8): 0 or 16 | cookie | sealed: <see cref="HelloBody"/>, zeros | tag |
/// </code>
/// </summary>
internal readonly ref struct HelloMessage(
    ReadOnlySpan<byte> keyId, ulong tunnelId, ReadOnlySpan<byte> ephemeral, ReadOnlySpan<byte> random, ReadOnlySpan<byte> cookie)
{
    public const int TunnelIdAt = KeyIdAt + PresharedKey.IdBytes;
    private const int KeyIdAt = DatagramHeader.Bytes;
    private const int EphemeralAt = TunnelIdAt + sizeof(ulong);
    private const int RandomAt = EphemeralAt + P256.PointBytes;
    private const int CookieLengthAt = RandomAt + HandshakeSeal.RandomBytes;
    private const int CookieAt = CookieLengthAt + 1;

    public ReadOnlySpan<byte> KeyId { get; } = keyId;

    public ulong TunnelId { get; } = tunnelId;

    public ReadOnlySpan<byte> Ephemeral { get; } = ephemeral;

    public ReadOnlySpan<byte> Random { get; } = random;

    /// <summary>16 bytes or none.</summary>
    public ReadOnlySpan<byte> Cookie { get; } = cookie;

    private int ClearBytes => CookieAt + Cookie.Length;

    /// <param name="target">As long as the hello is to be; all of it is written.</param>
    public void Write(Span<byte> target, HelloBody body, PresharedKey psk, CipherChoice choice)
    {
        new DatagramHeader(DatagramKind.Hello, IsOddPhase: false, target.Length, Receiver: 0, Number: 0).Write(target);
        KeyId.CopyTo(target[KeyIdAt..]);
        BinaryPrimitives.WriteUInt64BigEndian(target[TunnelIdAt..], TunnelId);
        Ephemeral.CopyTo(target[EphemeralAt..]);
        Random.CopyTo(target[RandomAt..]);
        target[CookieLengthAt] = (byte)Cookie.Length;
        Cookie.CopyTo(target[CookieAt..]);
        var plain = target[ClearBytes..^Aead.TagBytes];
        plain.Clear();
        body.Write(plain);
        HandshakeSeal.Seal(target, ClearBytes, choice, psk, agreed: [], before: [], "hello"u8);
    }

    /// <summary>Reads the clear part. False for what is no hello, or has a length that no hello has.</summary>
    public static bool TryRead(ReadOnlySpan<byte> datagram, out HelloMessage hello)
    {
        hello = default;
        if (datagram.Length is < SealingLimits.HandshakeBytes or > SealingLimits.MaximumHelloBytes
            || !DatagramHeader.TryRead(datagram, out var header)
            || header is not { Kind: DatagramKind.Hello, Receiver: 0 }
            || datagram[CookieLengthAt] is not (0 or Cookies.Bytes))
        {
            return false;
        }

        hello = new HelloMessage(
            datagram[KeyIdAt..TunnelIdAt],
            BinaryPrimitives.ReadUInt64BigEndian(datagram[TunnelIdAt..]),
            datagram[EphemeralAt..RandomAt],
            datagram[RandomAt..CookieLengthAt],
            datagram.Slice(CookieAt, datagram[CookieLengthAt]));
        return hello.TunnelId != 0;
    }

    /// <summary>Opens the sealed part; false when it was not sealed with the key.</summary>
    /// <param name="plain">Room for the datagram; wiped at the end.</param>
    /// <param name="body">Null when the sealed part makes no sense, which is a fault of somebody who has the key.</param>
    public bool TryOpen(ReadOnlySpan<byte> datagram, PresharedKey psk, CipherChoice choice, Span<byte> plain, out HelloBody? body)
    {
        body = null;
        plain = plain[..(datagram.Length - ClearBytes - Aead.TagBytes)];
        if (!HandshakeSeal.TryOpen(datagram, ClearBytes, choice, psk, agreed: [], before: [], "hello"u8, plain))
        {
            return false;
        }

        _ = HelloBody.TryRead(plain, out body);
        CryptographicOperations.ZeroMemory(plain);
        return true;
    }
}

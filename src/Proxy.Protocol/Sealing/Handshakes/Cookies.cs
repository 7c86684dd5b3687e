using System.Buffers.Binary;
using System.Security.Cryptography;
using Proxy.Protocol.Sealing.Keys;

namespace Proxy.Protocol.Sealing.Handshakes;

/// <summary>
/// Proof that who says hello is where it says it is, without state: the first 16 bytes of HMAC-SHA256(secret, address ‖ key id ‖ minute).
/// Good in the minute it was made in and in the next. Thread-safe; owns its secret, which all listeners of a process share.
/// </summary>
public sealed class Cookies : IDisposable
{
    public const int Bytes = 16;

    /// <summary>The longest address: 16 bytes of IPv6 and 2 of port, with room for a scope.</summary>
    public const int MaximumAddressBytes = 28;

    private const int SecretLengthBytes = 32;

    private readonly SecretBytes _secret = new(SecretLengthBytes);

    public Cookies(IRandomBytes random)
    {
        ArgumentNullException.ThrowIfNull(random);
        random.Fill(_secret.Span);
    }

    /// <param name="address">Any bytes that name the address and port.</param>
    public void Write(ReadOnlySpan<byte> address, ReadOnlySpan<byte> keyId, long unixMilliseconds, Span<byte> cookie) =>
        WriteFor(address, keyId, Minute(unixMilliseconds), cookie);

    public bool IsGood(ReadOnlySpan<byte> cookie, ReadOnlySpan<byte> address, ReadOnlySpan<byte> keyId, long unixMilliseconds)
    {
        if (cookie.Length != Bytes)
        {
            return false;
        }

        var minute = Minute(unixMilliseconds);
        Span<byte> expected = stackalloc byte[Bytes];
        WriteFor(address, keyId, minute, expected);
        var isPresent = CryptographicOperations.FixedTimeEquals(cookie, expected);
        WriteFor(address, keyId, minute - 1, expected);
        return CryptographicOperations.FixedTimeEquals(cookie, expected) || isPresent;
    }

    public void Dispose() => _secret.Dispose();

    private static long Minute(long unixMilliseconds) => unixMilliseconds / (SealingLimits.CookiePeriod.Ticks / TimeSpan.TicksPerMillisecond);

    private void WriteFor(ReadOnlySpan<byte> address, ReadOnlySpan<byte> keyId, long minute, Span<byte> cookie)
    {
        Span<byte> text = stackalloc byte[MaximumAddressBytes + PresharedKey.IdBytes + sizeof(long)];
        address.CopyTo(text);
        keyId.CopyTo(text[address.Length..]);
        BinaryPrimitives.WriteInt64BigEndian(text[(address.Length + keyId.Length)..], minute);
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_secret.Span, text[..(address.Length + keyId.Length + sizeof(long))], mac);
        mac[..Bytes].CopyTo(cookie);
    }
}

using System.Security.Cryptography;

namespace Proxy.Protocol.Sealing.Keys;

/// <summary>
/// Every derivation of the native dialect; HKDF with SHA-256 (RFC 5869), each result 32 bytes.
/// <code>
/// hello         HKDF(psk, SHA-256(clear hello), "hello")
/// retry         HKDF(psk, SHA-256(hello ‖ clear retry), "retry")
/// hello-reply   HKDF(psk ‖ agreed, SHA-256(hello ‖ clear reply), "hello-reply")
/// traffic       HKDF(agreed ‖ psk, SHA-256(hello ‖ reply), "c2s" or "s2c")
/// next traffic  HKDF-Expand(traffic, "ku")
/// </code>
/// "agreed" is the ECDH of both ephemeral keys, followed by that of the client's ephemeral and the server's static key where the client asks
/// for it.
/// </summary>
internal static class KeySchedule
{
    public const int Bytes = 32;

    /// <summary>The key of one handshake message, which is used once, with nonce 0.</summary>
    /// <param name="before">The hello where the message answers one, else nothing.</param>
    /// <param name="clear">The message's clear bytes.</param>
    public static void HandshakeKey(
        ReadOnlySpan<byte> psk, ReadOnlySpan<byte> agreed, ReadOnlySpan<byte> before, ReadOnlySpan<byte> clear, ReadOnlySpan<byte> label,
        Span<byte> key)
    {
        Span<byte> salt = stackalloc byte[SHA256.HashSizeInBytes];
        Hash(before, clear, salt);
        using var material = Join(psk, agreed);
        HKDF.DeriveKey(HashAlgorithmName.SHA256, material.Span, key, salt, label);
    }

    public static (SecretBytes ClientToServer, SecretBytes ServerToClient) Traffic(
        ReadOnlySpan<byte> psk, ReadOnlySpan<byte> agreed, ReadOnlySpan<byte> hello, ReadOnlySpan<byte> reply)
    {
        Span<byte> salt = stackalloc byte[SHA256.HashSizeInBytes];
        Hash(hello, reply, salt);
        using var material = Join(agreed, psk);
        using var extracted = new SecretBytes(Bytes);
        HKDF.Extract(HashAlgorithmName.SHA256, material.Span, salt, extracted.Span);
        return (Expand(extracted.Span, "c2s"u8), Expand(extracted.Span, "s2c"u8));
    }

    public static SecretBytes Next(SecretBytes traffic) => Expand(traffic.Span, "ku"u8);

    /// <summary>The cipher's key and the 12 bytes that numbers are mixed into.</summary>
    public static void Cipher(SecretBytes traffic, Span<byte> key, Span<byte> iv)
    {
        HKDF.Expand(HashAlgorithmName.SHA256, traffic.Span, key, "key"u8);
        HKDF.Expand(HashAlgorithmName.SHA256, traffic.Span, iv, "iv"u8);
    }

    private static SecretBytes Expand(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> label)
    {
        var result = new SecretBytes(Bytes);
        HKDF.Expand(HashAlgorithmName.SHA256, secret, result.Span, label);
        return result;
    }

    private static SecretBytes Join(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        var joined = new SecretBytes(first.Length + second.Length);
        first.CopyTo(joined.Span);
        second.CopyTo(joined.Span[first.Length..]);
        return joined;
    }

    private static void Hash(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, Span<byte> result)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(first);
        hash.AppendData(second);
        hash.GetHashAndReset(result);
    }
}

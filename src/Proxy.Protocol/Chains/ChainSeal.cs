using System.Security.Cryptography;
using Proxy.Protocol.Sealing.Ciphers;
using Proxy.Protocol.Sealing.Keys;

namespace Proxy.Protocol.Chains;

/// <summary>
/// The seal of one chain header or of its answer: AES-256-GCM with nonce 0 under a key that is used once, HMAC-SHA256(hop key, salt ‖ label).
/// What stands before the sealed bytes is the associated data.
/// </summary>
internal static class ChainSeal
{
    public const byte Version = 0x81;

    public const int SaltBytes = 24;

    /// <param name="message">Clear bytes, then plain text, then room for the tag.</param>
    public static void Seal(Span<byte> message, int clearBytes, ReadOnlySpan<byte> key)
    {
        using var cipher = CipherChoice.Best.Create(CipherKind.Aes256Gcm, key);
        Span<byte> nonce = stackalloc byte[Aead.NonceBytes];
        nonce.Clear();
        cipher.Seal(nonce, message[..clearBytes], message[clearBytes..^Aead.TagBytes], message[^Aead.TagBytes..]);
    }

    /// <summary>Opens a copy.</summary>
    /// <param name="text">As long as what lies between the clear bytes and the tag.</param>
    public static bool TryOpen(ReadOnlySpan<byte> message, int clearBytes, ReadOnlySpan<byte> key, Span<byte> text)
    {
        using var cipher = CipherChoice.Best.Create(CipherKind.Aes256Gcm, key);
        Span<byte> nonce = stackalloc byte[Aead.NonceBytes];
        nonce.Clear();
        message[clearBytes..^Aead.TagBytes].CopyTo(text);
        return cipher.TryOpen(nonce, message[..clearBytes], text, message[^Aead.TagBytes..]);
    }

    public static SecretBytes RequestKey(PresharedKey key, ReadOnlySpan<byte> salt) => Derive(key, salt, "req"u8);

    public static SecretBytes ResponseKey(PresharedKey key, ReadOnlySpan<byte> salt) => Derive(key, salt, "resp"u8);

    private static SecretBytes Derive(PresharedKey key, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> label)
    {
        Span<byte> input = stackalloc byte[SaltBytes + label.Length];
        salt.CopyTo(input);
        label.CopyTo(input[SaltBytes..]);
        var derived = new SecretBytes(Aead.KeyBytes);
        HMACSHA256.HashData(key.Key, input, derived.Span);
        return derived;
    }
}

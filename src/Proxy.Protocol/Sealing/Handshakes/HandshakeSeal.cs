using System.Security.Cryptography;
using Proxy.Protocol.Sealing.Ciphers;
using Proxy.Protocol.Sealing.Keys;

namespace Proxy.Protocol.Sealing.Handshakes;

/// <summary>
/// The seal of a handshake message: AES-256-GCM with nonce 0 under a key that is used once, as the message's clear bytes, 16 random ones among
/// them, go into it. The clear bytes are the associated data, too.
/// </summary>
internal static class HandshakeSeal
{
    public const int RandomBytes = 16;

    /// <param name="message">Clear bytes, then plain text, then room for the tag.</param>
    /// <param name="before">The hello where the message answers one, else nothing.</param>
    public static void Seal(
        Span<byte> message, int clearBytes, CipherChoice choice, PresharedKey psk, ReadOnlySpan<byte> agreed, ReadOnlySpan<byte> before,
        ReadOnlySpan<byte> label)
    {
        var clear = message[..clearBytes];
        using var cipher = Cipher(choice, psk, agreed, before, clear, label);
        Span<byte> nonce = stackalloc byte[Aead.NonceBytes];
        nonce.Clear();
        cipher.Seal(nonce, clear, message[clearBytes..^Aead.TagBytes], message[^Aead.TagBytes..]);
    }

    /// <summary>Opens a copy; the message stays as it came, because later keys depend on its bytes.</summary>
    /// <param name="body">As long as what lies between the clear bytes and the tag.</param>
    public static bool TryOpen(
        ReadOnlySpan<byte> message, int clearBytes, CipherChoice choice, PresharedKey psk, ReadOnlySpan<byte> agreed, ReadOnlySpan<byte> before,
        ReadOnlySpan<byte> label, Span<byte> body)
    {
        var clear = message[..clearBytes];
        using var cipher = Cipher(choice, psk, agreed, before, clear, label);
        Span<byte> nonce = stackalloc byte[Aead.NonceBytes];
        nonce.Clear();
        message[clearBytes..^Aead.TagBytes].CopyTo(body);
        return cipher.TryOpen(nonce, clear, body, message[^Aead.TagBytes..]);
    }

    private static IAead Cipher(
        CipherChoice choice, PresharedKey psk, ReadOnlySpan<byte> agreed, ReadOnlySpan<byte> before, ReadOnlySpan<byte> clear,
        ReadOnlySpan<byte> label)
    {
        Span<byte> key = stackalloc byte[Aead.KeyBytes];
        KeySchedule.HandshakeKey(psk.Key, agreed, before, clear, label, key);
        var cipher = choice.Create(CipherKind.Aes256Gcm, key);
        CryptographicOperations.ZeroMemory(key);
        return cipher;
    }
}

using System.Buffers.Binary;
using System.Security.Cryptography;
using Proxy.Protocol.Sealing.Ciphers;

namespace Proxy.Protocol.Sealing.Keys;

/// <summary>The keys of one direction between two key updates. It seals or opens, not both.</summary>
internal sealed class PhaseKeys : IDisposable
{
    private readonly SecretBytes _secret;
    private readonly CipherChoice _choice;
    private readonly CipherKind _kind;
    private readonly IAead _cipher;
    private readonly SecretBytes _iv = new(Aead.NonceBytes);

    /// <param name="secret">The direction's traffic secret; owned from here on.</param>
    /// <param name="isOdd">Whether an odd number of updates led here.</param>
    public PhaseKeys(SecretBytes secret, bool isOdd, CipherChoice choice, CipherKind kind)
    {
        _secret = secret;
        _choice = choice;
        _kind = kind;
        IsOdd = isOdd;
        Span<byte> key = stackalloc byte[Aead.KeyBytes];
        KeySchedule.Cipher(secret, key, _iv.Span);
        _cipher = choice.Create(kind, key);
        CryptographicOperations.ZeroMemory(key);
    }

    public bool IsOdd { get; }

    public PhaseKeys Next() => new(KeySchedule.Next(_secret), !IsOdd, _choice, _kind);

    /// <summary>Encrypts what is between the header, which is already written, and the last 16 bytes, which become the tag.</summary>
    public void Seal(Span<byte> message, int headerBytes, ulong number)
    {
        Span<byte> nonce = stackalloc byte[Aead.NonceBytes];
        WriteNonce(nonce, number);
        _cipher.Seal(nonce, message[..headerBytes], message[headerBytes..^Aead.TagBytes], message[^Aead.TagBytes..]);
    }

    /// <summary>When false the body is wiped.</summary>
    public bool TryOpen(Span<byte> message, int headerBytes, ulong number)
    {
        Span<byte> nonce = stackalloc byte[Aead.NonceBytes];
        WriteNonce(nonce, number);
        return _cipher.TryOpen(nonce, message[..headerBytes], message[headerBytes..^Aead.TagBytes], message[^Aead.TagBytes..]);
    }

    public void Dispose()
    {
        _secret.Dispose();
        _iv.Dispose();
        _cipher.Dispose();
    }

    private void WriteNonce(Span<byte> nonce, ulong number)
    {
        _iv.Span.CopyTo(nonce);
        var low = nonce[(Aead.NonceBytes - sizeof(ulong))..];
        BinaryPrimitives.WriteUInt64BigEndian(low, BinaryPrimitives.ReadUInt64BigEndian(low) ^ number);
    }
}

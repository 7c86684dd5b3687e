using System.Security.Cryptography;

namespace Proxy.Protocol.Sealing.Ciphers;

/// <summary>ChaCha20-Poly1305 by the framework. A forged datagram costs an exception, caught here.</summary>
internal sealed class ManagedChaCha(ReadOnlySpan<byte> key) : IAead
{
    private readonly ChaCha20Poly1305 _cipher = new(key);

    public void Seal(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associated, Span<byte> text, Span<byte> tag) =>
        _cipher.Encrypt(nonce, text, text, tag, associated);

    public bool TryOpen(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associated, Span<byte> text, ReadOnlySpan<byte> tag)
    {
        try
        {
            _cipher.Decrypt(nonce, text, tag, text, associated);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            text.Clear();
            return false;
        }
    }

    public void Dispose() => _cipher.Dispose();
}

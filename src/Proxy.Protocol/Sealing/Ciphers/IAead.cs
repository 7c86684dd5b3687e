namespace Proxy.Protocol.Sealing.Ciphers;

/// <summary>
/// One authenticated cipher with one key, in place. A nonce must never be used twice to seal. Not thread-safe. Disposing it wipes its key.
/// </summary>
public interface IAead : IDisposable
{
    /// <summary>Encrypts <paramref name="text"/> in place.</summary>
    /// <param name="nonce">12 bytes.</param>
    /// <param name="associated">Authenticated and not encrypted.</param>
    /// <param name="tag">16 bytes, written.</param>
    void Seal(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associated, Span<byte> text, Span<byte> tag);

    /// <summary>
    /// Decrypts <paramref name="text"/> in place, or says false when any byte of nonce, associated bytes, text or tag is not what was sealed;
    /// the text is then zero.
    /// </summary>
    bool TryOpen(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associated, Span<byte> text, ReadOnlySpan<byte> tag);
}

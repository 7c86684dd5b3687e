using System.Security.Cryptography;
using Proxy.Protocol.Sealing.Keys;

namespace Proxy.Protocol.Sealing.Ciphers;

/// <summary>
/// AES-256-GCM by libcrypto's EVP. The context keeps the expanded key; a datagram sets the nonce only. A context seals or opens, whichever
/// was asked first: use one per direction.
/// </summary>
internal sealed unsafe class EvpAesGcm : IAead
{
    private const int GetTag = 0x10;
    private const int SetTag = 0x11;

    private readonly EvpLibrary _library;
    private readonly SecretBytes _key;   // zero once the direction is known: the context has it then
    private readonly EvpContext _owner;
    private readonly nint _context;
    private Direction _direction;

    public EvpAesGcm(EvpLibrary library, ReadOnlySpan<byte> key)
    {
        Lengths.Check(key, Aead.KeyBytes, nameof(key));
        _library = library;
        _key = new SecretBytes(key);
        _owner = new EvpContext(library);
        _context = _owner.DangerousGetHandle();
    }

    private enum Direction
    {
        Unknown,
        Seals,
        Opens,
    }

    public void Seal(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associated, Span<byte> text, Span<byte> tag)
    {
        CheckSizes(nonce, tag);
        Become(Direction.Seals);
        int written;
        bool isDone;
        fixed (byte* noncePointer = nonce, associatedPointer = associated, textPointer = text, tagPointer = tag)
        {
            isDone = _library.BeginEncrypt(_context, 0, 0, null, noncePointer) == 1
                && (associated.IsEmpty || _library.Encrypt(_context, null, &written, associatedPointer, associated.Length) == 1)
                && (text.IsEmpty || _library.Encrypt(_context, textPointer, &written, textPointer, text.Length) == 1)
                && _library.EndEncrypt(_context, tagPointer, &written) == 1
                && _library.Control(_context, GetTag, Aead.TagBytes, tagPointer) == 1;
        }

        GC.KeepAlive(_owner);
        if (!isDone)
        {
            // Never let plain text out as if it were sealed.
            text.Clear();
            throw new CryptographicException("libcrypto did not seal.");
        }
    }

    public bool TryOpen(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associated, Span<byte> text, ReadOnlySpan<byte> tag)
    {
        CheckSizes(nonce, tag);
        Become(Direction.Opens);
        int written;
        bool isAuthentic;
        byte nothing;
        fixed (byte* noncePointer = nonce, associatedPointer = associated, textPointer = text, tagPointer = tag)
        {
            isAuthentic = _library.BeginDecrypt(_context, 0, 0, null, noncePointer) == 1
                && (associated.IsEmpty || _library.Decrypt(_context, null, &written, associatedPointer, associated.Length) == 1)
                && (text.IsEmpty || _library.Decrypt(_context, textPointer, &written, textPointer, text.Length) == 1)
                && _library.Control(_context, SetTag, Aead.TagBytes, tagPointer) == 1
                && _library.EndDecrypt(_context, &nothing, &written) == 1;
        }

        GC.KeepAlive(_owner);
        if (!isAuthentic)
        {
            text.Clear();
            // The thread's error queue belongs to .NET's TLS as well, which would take our refusal for its own.
            _library.ClearErrors();
        }

        return isAuthentic;
    }

    public void Dispose()
    {
        _key.Dispose();
        _owner.Dispose();
    }

    /// <summary>Whether test case 14 of the GCM specification (a zero key, nonce and block) comes out.</summary>
    public static bool ComputesTheKnownAnswer(EvpLibrary library)
    {
        using var cipher = new EvpAesGcm(library, stackalloc byte[Aead.KeyBytes]);
        Span<byte> text = stackalloc byte[16];
        Span<byte> tag = stackalloc byte[Aead.TagBytes];
        text.Clear();
        cipher.Seal(stackalloc byte[Aead.NonceBytes], [], text, tag);
        return text.SequenceEqual(Convert.FromHexString("CEA7403D4D606B6E074EC5D3BAF39D18"))
            && tag.SequenceEqual(Convert.FromHexString("D0D1C8A799996BF0265B98B5D48AB919"));
    }

    private static void CheckSizes(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> tag)
    {
        Lengths.Check(nonce, Aead.NonceBytes, nameof(nonce));
        Lengths.Check(tag, Aead.TagBytes, nameof(tag));
    }

    private void Become(Direction direction)
    {
        ObjectDisposedException.ThrowIf(_owner.IsClosed, this);
        if (_direction == direction)
        {
            return;
        }

        if (_direction != Direction.Unknown)
        {
            throw new InvalidOperationException("A cipher context seals or opens, not both.");
        }

        fixed (byte* key = _key.Span)
        {
            var begin = direction == Direction.Seals ? _library.BeginEncrypt : _library.BeginDecrypt;
            if (begin(_context, _library.Aes256Gcm, 0, key, null) != 1)
            {
                throw new CryptographicException("libcrypto did not take the key.");
            }
        }

        _key.Dispose();
        _direction = direction;
    }
}

using System.Buffers.Binary;
using System.Security.Cryptography;
using Proxy.Protocol.Sealing.Ciphers;
using Proxy.Protocol.Sealing.Keys;
using Proxy.Protocol.Sealing.Sessions;

namespace Proxy.Protocol.Chains.Datagrams;

/// <summary>
/// One direction of a flow of datagrams between who calls a hop and that hop: a key made of the hop's key and the flow's salt, and a number for each
/// datagram, which is the nonce. AES-256-GCM; what stands before the sealed bytes is the associated data. For one thread.
/// </summary>
internal sealed class DatagramSeal : IDisposable
{
    private readonly IAead _cipher;
    private readonly ReplayWindow _seen = new();
    private ulong _next;

    private DatagramSeal(PresharedKey key, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> label)
    {
        Span<byte> input = stackalloc byte[ChainSeal.SaltBytes + label.Length];
        salt.CopyTo(input);
        label.CopyTo(input[ChainSeal.SaltBytes..]);
        Span<byte> derived = stackalloc byte[Aead.KeyBytes];
        HMACSHA256.HashData(key.Key, input, derived);
        _cipher = CipherChoice.Best.Create(CipherKind.Aes256Gcm, derived);
        CryptographicOperations.ZeroMemory(derived);
    }

    public static DatagramSeal OfRequests(PresharedKey key, ReadOnlySpan<byte> salt) => new(key, salt, "udp req"u8);

    public static DatagramSeal OfResponses(PresharedKey key, ReadOnlySpan<byte> salt) => new(key, salt, "udp resp"u8);

    /// <summary>Seals a message in place.</summary>
    /// <param name="message">Clear bytes, then plain text, then room for the tag.</param>
    /// <param name="numberAt">Where in the clear bytes the number stands.</param>
    /// <param name="clearBytes">What is not sealed.</param>
    public void Seal(Span<byte> message, int numberAt, int clearBytes)
    {
        BinaryPrimitives.WriteUInt64BigEndian(message[numberAt..], _next);
        Span<byte> nonce = stackalloc byte[Aead.NonceBytes];
        NonceOf(_next++, nonce);
        _cipher.Seal(nonce, message[..clearBytes], message[clearBytes..^Aead.TagBytes], message[^Aead.TagBytes..]);
    }

    /// <summary>Opens a copy. False: it is not of this flow, or came already.</summary>
    /// <param name="text">As long as what lies between the clear bytes and the tag.</param>
    public bool TryOpen(ReadOnlySpan<byte> message, int numberAt, int clearBytes, Span<byte> text)
    {
        var number = BinaryPrimitives.ReadUInt64BigEndian(message[numberAt..]);
        if (number == ulong.MaxValue || !_seen.IsNew(number))
        {
            return false;
        }

        Span<byte> nonce = stackalloc byte[Aead.NonceBytes];
        NonceOf(number, nonce);
        message[clearBytes..^Aead.TagBytes].CopyTo(text);
        if (!_cipher.TryOpen(nonce, message[..clearBytes], text, message[^Aead.TagBytes..]))
        {
            return false;
        }

        _seen.Add(number);
        return true;
    }

    public void Dispose() => _cipher.Dispose();

    private static void NonceOf(ulong number, Span<byte> nonce)
    {
        nonce.Clear();
        BinaryPrimitives.WriteUInt64BigEndian(nonce[(Aead.NonceBytes - sizeof(ulong))..], number);
    }
}

using System.Buffers.Binary;
using System.Security.Cryptography;
using Proxy.Protocol.Sealing.Keys;

namespace Proxy.Protocol.Sealing.Resets;

/// <summary>
/// Tunnel ids that their maker recognises without remembering them: a generation, a random index, and a MAC of both. With the same secret after a restart, a
/// server knows the tunnels that it lost, and can prove it by the token that belongs to each id. Thread-safe; owns the secret.
/// <code>
/// id     | generation (8) | index (24) | first 4 bytes of HMAC-SHA256(secret, "id" ‖ generation ‖ index) |
/// token  | first 16 bytes of HMAC-SHA256(secret, "token" ‖ id) |
/// </code>
/// </summary>
public sealed class TunnelIds : IDisposable
{
    public const int SecretBytesLength = 32;

    private readonly SecretBytes _secret;
    private readonly byte? _generation;

    /// <param name="secret">32 bytes, the same for all listeners of a node and after a restart; copied.</param>
    /// <param name="generation">Of the process, so that two that share a socket tell their tunnels apart; null: there is only one, and the byte is random too.</param>
    public TunnelIds(ReadOnlySpan<byte> secret, byte? generation = null)
    {
        _generation = generation;
        Lengths.Check(secret, SecretBytesLength, nameof(secret));
        _secret = new SecretBytes(secret);
    }

    /// <summary>A new id; never 0. The caller draws again when it has a tunnel of that id.</summary>
    public ulong Draw(IRandomBytes random)
    {
        ArgumentNullException.ThrowIfNull(random);
        Span<byte> index = stackalloc byte[sizeof(uint)];
        ulong id;
        do
        {
            random.Fill(index);
            index[0] = _generation ?? index[0];
            id = Id(BinaryPrimitives.ReadUInt32BigEndian(index));
        }
        while (id == 0);
        return id;
    }

    /// <summary>Of the process that made the id, if it is one of this node's.</summary>
    public static byte GenerationOf(ulong id) => (byte)(id >> 56);

    /// <summary>Whether this node made the id, in this process or in another that had the secret. One in 4 billion guesses is right.</summary>
    public bool IsOurs(ulong id)
    {
        Span<byte> expected = stackalloc byte[sizeof(ulong)];
        Span<byte> found = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(expected, Id((uint)(id >> 32)));
        BinaryPrimitives.WriteUInt64BigEndian(found, id);
        return CryptographicOperations.FixedTimeEquals(expected, found);
    }

    /// <param name="token">16 bytes, written.</param>
    public void WriteToken(ulong id, Span<byte> token)
    {
        Span<byte> text = stackalloc byte[5 + sizeof(ulong)];
        "token"u8.CopyTo(text);
        BinaryPrimitives.WriteUInt64BigEndian(text[5..], id);
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_secret.Span, text, mac);
        mac[..ResetMessage.TokenBytes].CopyTo(token);
    }

    public void Dispose() => _secret.Dispose();

    private ulong Id(uint index)
    {
        Span<byte> text = stackalloc byte[2 + sizeof(uint)];
        "id"u8.CopyTo(text);
        BinaryPrimitives.WriteUInt32BigEndian(text[2..], index);
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_secret.Span, text, mac);
        return ((ulong)index << 32) | BinaryPrimitives.ReadUInt32BigEndian(mac);
    }
}

using System.Security.Cryptography;

namespace Proxy.Protocol.Sealing.Keys;

/// <summary>
/// A key that both ends of a tunnel have, and the name of who holds it at the client: the principal that rules and limits speak of.
/// On the wire a key is named by the first 8 bytes of SHA-256("tcpproxy key id" ‖ key), which tell nothing about it.
/// </summary>
public sealed class PresharedKey : IDisposable
{
    public const int Bytes = 32;

    public const int IdBytes = 8;

    /// <summary>A name's longest form, for log lines.</summary>
    public const int NameLength = 64;

    private readonly SecretBytes _key;
    private readonly byte[] _id;

    /// <param name="name">1 to 64 of letters, digits, '.', '_' and '-'.</param>
    /// <param name="key">32 bytes; copied.</param>
    public PresharedKey(string name, ReadOnlySpan<byte> key)
    {
        if (!IsName(name))
        {
            throw new ArgumentException("A key's name is 1 to 64 letters, digits, '.', '_' or '-'.", nameof(name));
        }

        Lengths.Check(key, Bytes, nameof(key));
        Name = name;
        _key = new SecretBytes(key);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData("tcpproxy key id"u8);
        hash.AppendData(key);
        _id = hash.GetHashAndReset()[..IdBytes];
    }

    public string Name { get; }

    public ReadOnlySpan<byte> Id => _id;

    internal ReadOnlySpan<byte> Key => _key.Span;

    public static bool IsName(string? name) =>
        name is { Length: > 0 and <= NameLength } && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-');

    /// <summary>Whether the other is the same key under the same name.</summary>
    public bool IsSameAs(PresharedKey other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Name == other.Name && CryptographicOperations.FixedTimeEquals(Key, other.Key);
    }

    public void Dispose() => _key.Dispose();

    /// <summary>The name; never the key.</summary>
    public override string ToString() => Name;
}

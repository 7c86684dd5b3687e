using System.Security.Cryptography;

namespace Proxy.Protocol.Sealing.Keys;

/// <summary>Bytes that are wiped when they are disposed. They do not move in memory, so the collector leaves no copies of them behind.</summary>
public sealed class SecretBytes : IDisposable
{
    private readonly byte[] _bytes;

    /// <summary>Zero bytes, to be written.</summary>
    public SecretBytes(int lengthBytes)
    {
        _bytes = GC.AllocateArray<byte>(lengthBytes, pinned: true);
    }

    /// <summary>A copy.</summary>
    public SecretBytes(ReadOnlySpan<byte> source)
        : this(source.Length)
    {
        source.CopyTo(_bytes);
    }

    public Span<byte> Span => _bytes;

    /// <summary>For interfaces of the framework that want an array. Not a copy.</summary>
    internal byte[] Array => _bytes;

    public void Dispose() => CryptographicOperations.ZeroMemory(_bytes);
}

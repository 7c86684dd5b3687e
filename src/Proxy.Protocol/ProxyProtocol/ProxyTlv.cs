using System.Buffers.Binary;

namespace Proxy.Protocol.ProxyProtocol;

/// <summary>
/// One field behind the addresses of a PROXY header, of a type that is not interpreted here but handed on:
/// <code>
/// | type (8 bits) | length (16 bits) | value... |
/// </code>
/// </summary>
public sealed record ProxyTlv(byte Type, ReadOnlyMemory<byte> Value)
{
    internal const int HeaderBytes = 3;

    public bool Equals(ProxyTlv? other) => other is not null && other.Type == Type && other.Value.Span.SequenceEqual(Value.Span);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(Type);
        hash.AddBytes(Value.Span);
        return hash.ToHashCode();
    }

    /// <summary>Takes the next field from the front of <paramref name="source"/>; false when it is cut.</summary>
    internal static bool TryTake(ref ReadOnlySpan<byte> source, out byte type, out ReadOnlySpan<byte> value)
    {
        type = 0;
        value = default;
        if (source.Length < HeaderBytes || source.Length - HeaderBytes < BinaryPrimitives.ReadUInt16BigEndian(source[1..]))
        {
            return false;
        }

        type = source[0];
        value = source.Slice(HeaderBytes, BinaryPrimitives.ReadUInt16BigEndian(source[1..]));
        source = source[(HeaderBytes + value.Length)..];
        return true;
    }

    /// <summary>Writes the field and returns its length.</summary>
    internal static int Write(Span<byte> target, byte type, ReadOnlySpan<byte> value)
    {
        WriteHeader(target, type, value.Length);
        value.CopyTo(target[HeaderBytes..]);
        return HeaderBytes + value.Length;
    }

    internal static void WriteHeader(Span<byte> target, byte type, int valueBytes)
    {
        target[0] = type;
        BinaryPrimitives.WriteUInt16BigEndian(target[1..], (ushort)valueBytes);
    }
}

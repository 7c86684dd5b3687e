using System.Buffers.Binary;

namespace Proxy.Protocol.Parts;

/// <summary>
/// A parity shard over the bodies of <c>k</c> datagrams from <c>first</c> on. Reserved: a node that offered no error correction passes it over.
/// <code>
/// | type 5 | first number (64 bits) | k | index | shard length (16 bits) | shard... |
/// </code>
/// </summary>
public static class FecPart
{
    private const int CountOffset = 8;
    private const int LengthOffset = 10;
    private const int FixedBytes = 12;

    internal static PartRule? Measure(ReadOnlySpan<byte> payload, out int length)
    {
        length = 0;
        if (payload.Length < FixedBytes)
        {
            return PartRule.CutShort;
        }

        var shardBytes = BinaryPrimitives.ReadUInt16BigEndian(payload[LengthOffset..]);
        if (payload[CountOffset] == 0 || shardBytes == 0)
        {
            return PartRule.BadShard;
        }

        length = FixedBytes + shardBytes;
        return payload.Length < length ? PartRule.CutShort : null;
    }
}

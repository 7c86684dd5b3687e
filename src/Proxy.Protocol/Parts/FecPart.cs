using System.Buffers.Binary;

namespace Proxy.Protocol.Parts;

/// <summary>
/// A shard over the bodies of <c>count</c> datagrams from <c>first</c> on, the members of a group, each with its length (16 bits) in front. A
/// member that is too long for the shard counts as one without bytes. The code itself is none of this page's business.
/// <code>
/// | type 5 | first number (64 bits) | count | index of the shard | shard length (16 bits) | shard... |
/// </code>
/// </summary>
public static class FecPart
{
    /// <summary>In front of a member's body where a shard is made of it.</summary>
    public const int LengthFieldBytes = 2;

    private const int CountOffset = 8;
    private const int IndexOffset = 9;
    private const int LengthOffset = 10;
    private const int FixedBytes = 12;

    /// <summary>In front of the shard.</summary>
    public const int HeaderBytes = 1 + FixedBytes;

    /// <summary>Writes what stands in front of a shard of <paramref name="shardBytes"/> bytes.</summary>
    public static void WriteHeader(Span<byte> destination, ulong first, int count, int index, int shardBytes)
    {
        destination[0] = (byte)PartType.Fec;
        var payload = destination[1..];
        BinaryPrimitives.WriteUInt64BigEndian(payload, first);
        payload[CountOffset] = checked((byte)count);
        payload[IndexOffset] = checked((byte)index);
        BinaryPrimitives.WriteUInt16BigEndian(payload[LengthOffset..], checked((ushort)shardBytes));
    }

    /// <summary>The number of the first member.</summary>
    public static ulong First(ReadOnlySpan<byte> payload) => BinaryPrimitives.ReadUInt64BigEndian(payload);

    /// <summary>How many members there are, at least one.</summary>
    public static int Count(ReadOnlySpan<byte> payload) => payload[CountOffset];

    /// <summary>Which of the group's shards it is.</summary>
    public static int Index(ReadOnlySpan<byte> payload) => payload[IndexOffset];

    public static ReadOnlySpan<byte> Shard(ReadOnlySpan<byte> payload) => payload[FixedBytes..];

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

using System.Buffers.Binary;

namespace Proxy.Protocol.Frames;

/// <summary>
/// What every frame starts with, big-endian:
/// <code>
///  0                 24      32      40                     72
/// +-----------------+-------+-------+-+---------------------+
/// | payload length  | type  | flags |0| stream id (31 bits) |
/// +-----------------+-------+-------+-+---------------------+
/// </code>
/// Says what stood there, not whether it is allowed: <see cref="FrameReader"/> judges. <see cref="StreamId"/> keeps the reserved top bit.
/// </summary>
public readonly record struct FrameHeader(int PayloadBytes, FrameType Type, FrameFlags Flags, uint StreamId)
{
    public const int SizeBytes = 9;

    /// <summary>False when <paramref name="source"/> is shorter than a header.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out FrameHeader header)
    {
        if (source.Length < SizeBytes)
        {
            header = default;
            return false;
        }

        var payloadBytes = (source[0] << 16) | (source[1] << 8) | source[2];
        header = new FrameHeader(payloadBytes, (FrameType)source[3], (FrameFlags)source[4], BinaryPrimitives.ReadUInt32BigEndian(source[5..]));
        return true;
    }

    /// <summary>Whether the bit is set.</summary>
    public bool Has(FrameFlags flag) => (Flags & flag) != FrameFlags.None;

    /// <summary>Writes <see cref="SizeBytes"/> bytes and returns that number.</summary>
    public int Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt32BigEndian(destination, ((uint)PayloadBytes << 8) | (byte)Type);
        destination[4] = (byte)Flags;
        BinaryPrimitives.WriteUInt32BigEndian(destination[5..], StreamId);
        return SizeBytes;
    }
}

using System.Buffers.Binary;

namespace Proxy.Kcp;

/// <summary>
/// The 24 bytes in front of every segment, little-endian, followed by <see cref="PayloadBytes"/> bytes of data.
/// <code>
///  0        4    5    6       8        12       16       20       24
///  +--------+----+----+-------+--------+--------+--------+--------+
///  |  conv  |cmd |frg |  wnd  |   ts   |   sn   |  una   |  len   |
///  +--------+----+----+-------+--------+--------+--------+--------+
/// </code>
/// </summary>
/// <param name="Conversation">conv: the same on both sides; vproxy always has 0.</param>
/// <param name="Command">cmd: not checked by <see cref="TryRead"/>.</param>
/// <param name="Fragment">frg: how many fragments of the message follow; 0 in stream mode.</param>
/// <param name="WindowSegments">wnd: how many segments beyond <paramref name="Unacknowledged"/> the sender has room for.</param>
/// <param name="TimestampMilliseconds">ts: the sender's clock; in an acknowledgement the echo of the receiver's.</param>
/// <param name="SequenceNumber">sn: of the data, or the one that is acknowledged.</param>
/// <param name="Unacknowledged">una: the next number the sender expects; everything before it arrived.</param>
/// <param name="PayloadBytes">len: as the wire says it, not yet held against anything.</param>
public readonly record struct KcpSegment(
    uint Conversation,
    KcpCommand Command,
    byte Fragment,
    ushort WindowSegments,
    uint TimestampMilliseconds,
    uint SequenceNumber,
    uint Unacknowledged,
    uint PayloadBytes)
{
    public const int HeaderBytes = 24;

    private const int CommandOffset = 4;
    private const int FragmentOffset = 5;
    private const int WindowOffset = 6;
    private const int TimestampOffset = 8;
    private const int SequenceNumberOffset = 12;
    private const int UnacknowledgedOffset = 16;
    private const int PayloadBytesOffset = 20;

    /// <summary>Reads a header; false when <paramref name="source"/> is shorter than one. Fields are taken as they are.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out KcpSegment segment)
    {
        if (source.Length < HeaderBytes)
        {
            segment = default;
            return false;
        }

        segment = new KcpSegment(
            BinaryPrimitives.ReadUInt32LittleEndian(source),
            (KcpCommand)source[CommandOffset],
            source[FragmentOffset],
            BinaryPrimitives.ReadUInt16LittleEndian(source[WindowOffset..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[TimestampOffset..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[SequenceNumberOffset..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[UnacknowledgedOffset..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[PayloadBytesOffset..]));
        return true;
    }

    /// <summary>Writes the header; <paramref name="destination"/> has at least <see cref="HeaderBytes"/>.</summary>
    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(destination, Conversation);
        destination[CommandOffset] = (byte)Command;
        destination[FragmentOffset] = Fragment;
        BinaryPrimitives.WriteUInt16LittleEndian(destination[WindowOffset..], WindowSegments);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[TimestampOffset..], TimestampMilliseconds);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[SequenceNumberOffset..], SequenceNumber);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[UnacknowledgedOffset..], Unacknowledged);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[PayloadBytesOffset..], PayloadBytes);
    }
}

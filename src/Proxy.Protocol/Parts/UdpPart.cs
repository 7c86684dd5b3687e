using System.Buffers.Binary;

namespace Proxy.Protocol.Parts;

/// <summary>
/// A packet of a flow, which a stream of the same id has opened or is about to open, or one fragment of a packet. A node that knows no such
/// stream passes it over.
/// <code>
/// | type 1 | flow (32 bits) | flags: 1 opens the flow, 2 fragment | [packet (16 bits) | index | count] | length (16 bits) | bytes... |
/// </code>
/// "Opens" says that the sender has not heard yet that the stream was taken: the packet may be ahead of it, and is worth keeping for a moment.
/// </summary>
public readonly ref struct UdpPart
{
    public const byte OpensFlag = 1;
    public const byte FragmentFlag = 2;
    public const int MaxFragments = 8;

    /// <summary>In front of the bytes of a whole packet, and of a fragment.</summary>
    public const int HeaderBytes = 1 + FixedBytes + LengthFieldBytes;
    public const int FragmentHeaderBytes = HeaderBytes + FragmentBytes;

    private const int FlagsOffset = 4;
    private const int FixedBytes = 5;
    private const int PacketFieldBytes = 2;
    private const int FragmentBytes = 4;
    private const int LengthFieldBytes = 2;

    private UdpPart(ReadOnlySpan<byte> payload)
    {
        Flow = BinaryPrimitives.ReadUInt32BigEndian(payload);
        Opens = (payload[FlagsOffset] & OpensFlag) != 0;
        Count = 1;
        var offset = FixedBytes;
        if ((payload[FlagsOffset] & FragmentFlag) != 0)
        {
            Packet = BinaryPrimitives.ReadUInt16BigEndian(payload[offset..]);
            Index = payload[offset + PacketFieldBytes];
            Count = payload[offset + PacketFieldBytes + 1];
            offset += FragmentBytes;
        }

        Bytes = payload[(offset + LengthFieldBytes)..];
    }

    public uint Flow { get; }

    /// <summary>Whether the stream may not be known yet.</summary>
    public bool Opens { get; }

    /// <summary>Of a fragment: which packet of the flow it belongs to.</summary>
    public ushort Packet { get; }

    /// <summary>Of a fragment: which one it is.</summary>
    public byte Index { get; }

    /// <summary>Fragments of the packet; 1: this is all of it.</summary>
    public byte Count { get; }

    public ReadOnlySpan<byte> Bytes { get; }

    /// <summary>Reads the payload of a part, as <see cref="PartReader"/> gives it.</summary>
    public static UdpPart Of(ReadOnlySpan<byte> payload) => new(payload);

    /// <summary>Writes a whole packet and returns the part's length.</summary>
    public static int Write(Span<byte> destination, uint flow, bool opens, ReadOnlySpan<byte> packet)
    {
        WriteFixed(destination, flow, opens ? OpensFlag : (byte)0);
        return WriteBytes(destination, HeaderBytes, packet);
    }

    /// <summary>Writes a fragment and returns the part's length.</summary>
    public static int WriteFragment(Span<byte> destination, uint flow, bool opens, ushort packet, byte index, byte count, ReadOnlySpan<byte> bytes)
    {
        WriteFixed(destination, flow, (byte)(FragmentFlag | (opens ? OpensFlag : 0)));
        BinaryPrimitives.WriteUInt16BigEndian(destination[(1 + FixedBytes)..], packet);
        destination[1 + FixedBytes + PacketFieldBytes] = index;
        destination[1 + FixedBytes + PacketFieldBytes + 1] = count;
        return WriteBytes(destination, FragmentHeaderBytes, bytes);
    }

    private static void WriteFixed(Span<byte> destination, uint flow, byte flags)
    {
        destination[0] = (byte)PartType.Udp;
        BinaryPrimitives.WriteUInt32BigEndian(destination[1..], flow);
        destination[1 + FlagsOffset] = flags;
    }

    private static int WriteBytes(Span<byte> destination, int headerBytes, ReadOnlySpan<byte> bytes)
    {
        BinaryPrimitives.WriteUInt16BigEndian(destination[(headerBytes - LengthFieldBytes)..], checked((ushort)bytes.Length));
        bytes.CopyTo(destination[headerBytes..]);
        return headerBytes + bytes.Length;
    }

    internal static PartRule? Measure(ReadOnlySpan<byte> payload, out int length)
    {
        length = 0;
        if (payload.Length < FixedBytes + LengthFieldBytes)
        {
            return PartRule.CutShort;
        }

        var offset = FixedBytes;
        if ((payload[FlagsOffset] & FragmentFlag) != 0)
        {
            offset += FragmentBytes;
            if (payload.Length < offset + LengthFieldBytes)
            {
                return PartRule.CutShort;
            }

            var index = payload[FixedBytes + PacketFieldBytes];
            var count = payload[FixedBytes + PacketFieldBytes + 1];
            if (count is < 2 or > MaxFragments || index >= count)
            {
                return PartRule.BadFragment;
            }
        }

        length = offset + LengthFieldBytes + BinaryPrimitives.ReadUInt16BigEndian(payload[offset..]);
        return payload.Length < length ? PartRule.CutShort : null;
    }
}

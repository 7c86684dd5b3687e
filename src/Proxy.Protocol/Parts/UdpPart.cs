using System.Buffers.Binary;

namespace Proxy.Protocol.Parts;

/// <summary>
/// A UDP packet of a flow that a stream opened, or a fragment of one. Reserved: a node that offered no UDP passes it over.
/// <code>
/// | type 1 | flow (32 bits) | flags: 1 opens the flow, 2 fragment | [packet (16 bits) | index | count] | length (16 bits) | bytes... |
/// </code>
/// </summary>
public static class UdpPart
{
    public const byte OpensFlag = 1;
    public const byte FragmentFlag = 2;
    public const int MaxFragments = 8;

    private const int FlagsOffset = 4;
    private const int FixedBytes = 5;
    private const int PacketFieldBytes = 2;
    private const int FragmentBytes = 4;
    private const int LengthFieldBytes = 2;

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

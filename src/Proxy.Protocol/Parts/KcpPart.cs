using System.Buffers.Binary;

namespace Proxy.Protocol.Parts;

/// <summary>
/// KCP segments back to back, of one or several lanes: the conversation of each is its lane.
/// <code>
/// | type 0 | length (16 bits) | segments... |        | type 32 | segments to the end... |
/// </code>
/// </summary>
public static class KcpPart
{
    public const int LengthFieldBytes = 2;

    /// <summary>In front of the segments, with a length.</summary>
    public const int HeaderBytes = 1 + LengthFieldBytes;

    /// <summary>Writes what stands in front of <paramref name="segmentsBytes"/> bytes of segments.</summary>
    public static void WriteHeader(Span<byte> destination, int segmentsBytes)
    {
        destination[0] = (byte)PartType.Kcp;
        BinaryPrimitives.WriteUInt16BigEndian(destination[1..], checked((ushort)segmentsBytes));
    }
}

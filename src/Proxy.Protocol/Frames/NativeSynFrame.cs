using System.Buffers.Binary;

namespace Proxy.Protocol.Frames;

/// <summary>
/// SYN and SYN-ACK of the native dialect: with how many bytes its receiver may send beyond <see cref="ProtocolLimits.InitialCreditBytes"/>.
/// <code>
/// | length 4 | type 1 | flags 0 | stream n | first credit (32 bits) |
/// </code>
/// </summary>
public static class NativeSynFrame
{
    public const int PayloadBytes = 4;
    public const int LengthBytes = FrameHeader.SizeBytes + PayloadBytes;

    public static int Write(Span<byte> destination, int streamId, uint firstCredit)
    {
        new FrameHeader(PayloadBytes, FrameType.Headers, FrameFlags.None, (uint)streamId).Write(destination);
        BinaryPrimitives.WriteUInt32BigEndian(destination[FrameHeader.SizeBytes..], firstCredit);
        return LengthBytes;
    }
}

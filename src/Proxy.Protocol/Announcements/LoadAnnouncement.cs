using System.Buffers.Binary;
using Proxy.Protocol.Frames;

namespace Proxy.Protocol.Announcements;

/// <summary>
/// How busy the server is now; sent when the tunnel is ready, with each answer to a PING, and beside answers to opened streams.
/// <code>
/// | length 22 | type 0x22 | flags 0 | stream 0 | streams (32) | capacity (32, 0: not said) | bytes a second (64) | CPU permille (16) | descriptors (32) |
/// </code>
/// </summary>
/// <param name="Streams">Open streams of all its clients.</param>
/// <param name="Capacity">How many it takes at most; 0: not said.</param>
/// <param name="BytesPerSecond">Both directions together.</param>
/// <param name="CpuPermille">Of the whole machine.</param>
/// <param name="Descriptors">File descriptors in use.</param>
public sealed record LoadAnnouncement(uint Streams, uint Capacity, ulong BytesPerSecond, ushort CpuPermille, uint Descriptors) : TunnelAnnouncement
{
    public const int PayloadBytes = 22;

    public override int Write(Span<byte> destination)
    {
        new FrameHeader(PayloadBytes, FrameType.Load, FrameFlags.None, 0).Write(destination);
        var payload = destination[FrameHeader.SizeBytes..];
        BinaryPrimitives.WriteUInt32BigEndian(payload, Streams);
        BinaryPrimitives.WriteUInt32BigEndian(payload[4..], Capacity);
        BinaryPrimitives.WriteUInt64BigEndian(payload[8..], BytesPerSecond);
        BinaryPrimitives.WriteUInt16BigEndian(payload[16..], CpuPermille);
        BinaryPrimitives.WriteUInt32BigEndian(payload[18..], Descriptors);
        return FrameHeader.SizeBytes + PayloadBytes;
    }

    /// <param name="payload">Of <see cref="PayloadBytes"/>; the frame's reader has seen to it.</param>
    public static LoadAnnouncement Read(ReadOnlySpan<byte> payload) => new(
        BinaryPrimitives.ReadUInt32BigEndian(payload),
        BinaryPrimitives.ReadUInt32BigEndian(payload[4..]),
        BinaryPrimitives.ReadUInt64BigEndian(payload[8..]),
        BinaryPrimitives.ReadUInt16BigEndian(payload[16..]),
        BinaryPrimitives.ReadUInt32BigEndian(payload[18..]));
}

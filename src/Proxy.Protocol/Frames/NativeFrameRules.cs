using Proxy.Protocol.Announcements;

namespace Proxy.Protocol.Frames;

/// <summary>What a header of the native dialect must look like before a byte of its payload is taken.</summary>
internal static class NativeFrameRules
{
    private const uint ReservedBit = 0x8000_0000;

    /// <summary>Gives the first rule that is broken, or null.</summary>
    public static FrameRule? Check(FrameHeader header)
    {
        if (header.Type is not (FrameType.Data or FrameType.Headers or FrameType.Ping or FrameType.GoAway or FrameType.WindowUpdate or FrameType.Packet
            or FrameType.Member or FrameType.Load))
        {
            return FrameRule.UnknownType;
        }

        if ((header.Flags & ~AllowedFlags(header.Type)) != FrameFlags.None)
        {
            return FrameRule.UnknownFlags;
        }

        if ((header.StreamId & ReservedBit) != 0)
        {
            return FrameRule.StreamIdReservedBit;
        }

        var isOfStream = header.Type is FrameType.Data or FrameType.Headers or FrameType.WindowUpdate or FrameType.Packet;
        if (isOfStream != (header.StreamId != 0))
        {
            return isOfStream ? FrameRule.StreamIdMissing : FrameRule.StreamIdUnexpected;
        }

        return CheckLength(header);
    }

    private static FrameFlags AllowedFlags(FrameType type) => type switch
    {
        FrameType.Data or FrameType.Headers => FrameFlags.EndStream,
        FrameType.Ping => PingFrame.AcknowledgeFlag,
        FrameType.Member => MemberAnnouncement.MoreFlag,
        _ => FrameFlags.None,
    };

    private static FrameRule? CheckLength(FrameHeader header) => header.Type switch
    {
        FrameType.Headers when header.PayloadBytes != HeadersBytes(header) => FrameRule.HeadersLength,
        FrameType.WindowUpdate when header.PayloadBytes != WindowUpdateFrame.PayloadBytes => FrameRule.WindowUpdateLength,
        FrameType.Ping when header.PayloadBytes != PingFrame.IdBytes => FrameRule.PingLength,
        FrameType.Packet when header.PayloadBytes > ProtocolLimits.PacketBytes => FrameRule.PayloadTooLong,
        FrameType.Member when header.PayloadBytes > ProtocolLimits.AnnouncementBytes => FrameRule.PayloadTooLong,
        FrameType.Member when header.PayloadBytes < MemberAnnouncement.NumbersBytes => FrameRule.MemberMalformed,
        FrameType.Load when header.PayloadBytes != LoadAnnouncement.PayloadBytes => FrameRule.LoadLength,
        _ when header.PayloadBytes > ProtocolLimits.FramePayloadBytes => FrameRule.PayloadTooLong,
        FrameType.Data when header.PayloadBytes == 0 && !header.Has(FrameFlags.EndStream) => FrameRule.DataEmpty,
        _ => null,
    };

    private static int HeadersBytes(FrameHeader header) =>
        header.Has(FrameFlags.EndStream) ? NativeResetFrame.PayloadBytes : NativeSynFrame.PayloadBytes;
}

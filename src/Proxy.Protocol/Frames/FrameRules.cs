namespace Proxy.Protocol.Frames;

/// <summary>What a header must look like before a byte of its payload is taken.</summary>
internal static class FrameRules
{
    private const uint ReservedBit = 0x8000_0000;

    /// <summary>Gives the first rule that is broken, or null.</summary>
    /// <param name="settingsSeen">Whether the peer's handshake came before this frame.</param>
    public static FrameRule? Check(FrameHeader header, bool settingsSeen)
    {
        if (!IsKnown(header.Type))
        {
            return settingsSeen ? FrameRule.UnknownType : FrameRule.HandshakeExpected;
        }

        if (!settingsSeen && header.Type is not (FrameType.Settings or FrameType.GoAway))
        {
            return FrameRule.HandshakeExpected;
        }

        if ((header.Flags & ~AllowedFlags(header.Type)) != FrameFlags.None)
        {
            return FrameRule.UnknownFlags;
        }

        return CheckStreamId(header) ?? CheckLength(header, settingsSeen);
    }

    private static bool IsKnown(FrameType type) =>
        type is FrameType.Data or FrameType.Headers or FrameType.Settings or FrameType.Ping or FrameType.GoAway;

    private static FrameFlags AllowedFlags(FrameType type) => type switch
    {
        FrameType.Data => FrameFlags.EndStream | FrameFlags.Gzip,
        FrameType.Headers => FrameFlags.EndStream,
        FrameType.Ping => PingFrame.AcknowledgeFlag,
        _ => FrameFlags.None,
    };

    private static FrameRule? CheckStreamId(FrameHeader header)
    {
        if ((header.StreamId & ReservedBit) != 0)
        {
            return FrameRule.StreamIdReservedBit;
        }

        var isOfStream = header.Type is FrameType.Data or FrameType.Headers;
        if (isOfStream == (header.StreamId != 0))
        {
            return null;
        }

        return isOfStream ? FrameRule.StreamIdMissing : FrameRule.StreamIdUnexpected;
    }

    private static FrameRule? CheckLength(FrameHeader header, bool settingsSeen) => header.Type switch
    {
        FrameType.Settings when settingsSeen => FrameRule.SettingsRepeated,
        FrameType.Settings when header.PayloadBytes != 0 => FrameRule.SettingsWithPayload,
        FrameType.Headers when header.PayloadBytes != 0 => FrameRule.HeadersWithPayload,
        FrameType.Ping when header.PayloadBytes != PingFrame.IdBytes => FrameRule.PingLength,
        _ when header.PayloadBytes > ProtocolLimits.FramePayloadBytes => FrameRule.PayloadTooLong,
        FrameType.Data when header.Has(FrameFlags.Gzip) && header.PayloadBytes < GzipPayload.MinBytes => FrameRule.GzipCorrupt,
        _ => null,
    };
}

namespace Proxy.Protocol.Frames;

/// <summary>The rules that a frame can break. Each ends the tunnel with a reason.</summary>
public enum FrameRule
{
    /// <summary>Types of this dialect are DATA, HEADERS, SETTINGS, PING and GOAWAY; vproxy fails on others too.</summary>
    UnknownType,

    /// <summary>A flag may change what the payload means, so one that is not known cannot be passed over.</summary>
    UnknownFlags,

    /// <summary>SETTINGS, or a GOAWAY, comes before everything else.</summary>
    HandshakeExpected,

    /// <summary>SETTINGS comes once.</summary>
    SettingsRepeated,

    /// <summary>SETTINGS is empty.</summary>
    SettingsWithPayload,

    /// <summary>HEADERS is empty.</summary>
    HeadersWithPayload,

    /// <summary>Native HEADERS have 4 bytes, those that reset 2.</summary>
    HeadersLength,

    /// <summary>WINDOW_UPDATE has 4 bytes.</summary>
    WindowUpdateLength,

    /// <summary>Credit is given by 1 at least.</summary>
    WindowUpdateEmpty,

    /// <summary>Native DATA has bytes or an end, or both.</summary>
    DataEmpty,

    /// <summary>PING has 8 bytes. (vproxy ignores shorter ones, but nothing sends them, and an answer could not be matched.)</summary>
    PingLength,

    /// <summary>A member has numbers, a name, a zone and addresses.</summary>
    MemberMalformed,

    /// <summary>Load has 22 bytes.</summary>
    LoadLength,

    /// <summary>A payload has at most <see cref="ProtocolLimits.FramePayloadBytes"/>.</summary>
    PayloadTooLong,

    /// <summary>The top bit of the stream id is 0.</summary>
    StreamIdReservedBit,

    /// <summary>DATA and HEADERS are about a stream: their id is not 0.</summary>
    StreamIdMissing,

    /// <summary>SETTINGS, PING and GOAWAY are about the tunnel: their id is 0.</summary>
    StreamIdUnexpected,

    /// <summary>Compressed DATA is one whole gzip member with at least one byte in it.</summary>
    GzipCorrupt,

    /// <summary>Compressed DATA inflates to at most <see cref="ProtocolLimits.InflatedBytes"/>.</summary>
    GzipTooLong,
}

/// <summary>The rule that the peer broke, and where: the frame's header and its offset in the bytes of the tunnel.</summary>
public sealed record FrameError(FrameRule Rule, FrameHeader Header, long OffsetBytes)
{
    /// <summary>One line for a log or a GOAWAY; ASCII, below 200 characters.</summary>
    public string Text =>
        $"{Explanation} (frame at byte {OffsetBytes}: type {(byte)Header.Type}, flags {(byte)Header.Flags}, "
        + $"stream {Header.StreamId}, length {Header.PayloadBytes})";

    private string Explanation => Rule switch
    {
        FrameRule.UnknownType => "unknown frame type",
        FrameRule.UnknownFlags => "unknown flags",
        FrameRule.HandshakeExpected => "handshake message is invalid",
        FrameRule.SettingsRepeated => "SETTINGS after the handshake",
        FrameRule.SettingsWithPayload => "SETTINGS with payload",
        FrameRule.HeadersWithPayload => "HEADERS with payload",
        FrameRule.HeadersLength => "HEADERS of wrong length",
        FrameRule.WindowUpdateLength => "WINDOW_UPDATE without its 4 bytes",
        FrameRule.WindowUpdateEmpty => "WINDOW_UPDATE by nothing",
        FrameRule.DataEmpty => "DATA with neither bytes nor end",
        FrameRule.PingLength => "PING without its 8 bytes",
        FrameRule.MemberMalformed => "a member that is none",
        FrameRule.LoadLength => "load without its 22 bytes",
        FrameRule.PayloadTooLong => "payload too long",
        FrameRule.StreamIdReservedBit => "reserved bit of the stream id is set",
        FrameRule.StreamIdMissing => "stream id is missing",
        FrameRule.StreamIdUnexpected => "stream id on a frame of the tunnel",
        FrameRule.GzipCorrupt => "compressed data is corrupt",
        FrameRule.GzipTooLong => "compressed data is too long",
        _ => "malformed frame",
    };
}

using Proxy.Protocol.Frames;

namespace Proxy.Protocol.Tests.Frames;

public sealed class MalformedFrameTests
{
    private const string Settings = "000000 04 00 00000000";

    [Theory]
    [InlineData(FrameRule.HandshakeExpected, "", "000000 01 00 00000001")]
    [InlineData(FrameRule.HandshakeExpected, "", "000001 00 00 00000001")]
    [InlineData(FrameRule.HandshakeExpected, "", "000008 06 00 00000000")]
    [InlineData(FrameRule.HandshakeExpected, "", "505249202a20485454")]
    [InlineData(FrameRule.UnknownFlags, "", "000000 04 01 00000000")]
    [InlineData(FrameRule.SettingsWithPayload, "", "000006 04 00 00000000")]
    [InlineData(FrameRule.StreamIdUnexpected, "", "000000 04 00 00000001")]
    [InlineData(FrameRule.StreamIdReservedBit, "", "000000 04 00 80000000")]
    [InlineData(FrameRule.SettingsRepeated, Settings, Settings)]
    [InlineData(FrameRule.UnknownFlags, Settings, "000000 04 01 00000000")]
    [InlineData(FrameRule.UnknownType, Settings, "000004 03 00 00000001")]
    [InlineData(FrameRule.UnknownType, Settings, "000004 08 00 00000001")]
    [InlineData(FrameRule.UnknownType, Settings, "000000 ff 00 00000000")]
    [InlineData(FrameRule.HeadersWithPayload, Settings, "000001 01 00 00000001")]
    [InlineData(FrameRule.HeadersWithPayload, Settings, "ffffff 01 01 00000001")]
    [InlineData(FrameRule.StreamIdMissing, Settings, "000000 01 00 00000000")]
    [InlineData(FrameRule.StreamIdMissing, Settings, "000000 01 01 00000000")]
    [InlineData(FrameRule.StreamIdMissing, Settings, "000001 00 00 00000000")]
    [InlineData(FrameRule.StreamIdReservedBit, Settings, "000000 01 00 80000001")]
    [InlineData(FrameRule.StreamIdReservedBit, Settings, "000001 00 00 ffffffff")]
    [InlineData(FrameRule.StreamIdReservedBit, Settings, "000008 06 00 80000000")]
    [InlineData(FrameRule.StreamIdUnexpected, Settings, "000008 06 00 00000001")]
    [InlineData(FrameRule.StreamIdUnexpected, Settings, "000008 07 00 00000002")]
    [InlineData(FrameRule.UnknownFlags, Settings, "000001 00 02 00000001")]
    [InlineData(FrameRule.UnknownFlags, Settings, "000001 00 08 00000001")]
    [InlineData(FrameRule.UnknownFlags, Settings, "000000 01 04 00000001")]
    [InlineData(FrameRule.UnknownFlags, Settings, "000008 06 02 00000000")]
    [InlineData(FrameRule.UnknownFlags, Settings, "000008 07 01 00000000")]
    [InlineData(FrameRule.PingLength, Settings, "000000 06 00 00000000")]
    [InlineData(FrameRule.PingLength, Settings, "000007 06 00 00000000")]
    [InlineData(FrameRule.PingLength, Settings, "000009 06 01 00000000")]
    [InlineData(FrameRule.PayloadTooLong, Settings, "010001 00 00 00000001")]
    [InlineData(FrameRule.PayloadTooLong, Settings, "ffffff 00 05 00000001")]
    [InlineData(FrameRule.PayloadTooLong, Settings, "010001 07 00 00000000")]
    [InlineData(FrameRule.GzipCorrupt, Settings, "000000 00 04 00000001")]
    [InlineData(FrameRule.GzipCorrupt, Settings, "000000 00 05 00000001")]
    [InlineData(FrameRule.GzipCorrupt, Settings, "000013 00 04 00000001")]
    public void A_broken_header_is_named_with_its_place_before_its_payload_is_taken(FrameRule rule, string before, string header)
    {
        using var frames = new ReadFrames();
        var input = Bytes.FromHex(before + header);
        Assert.Equal(FrameHeader.SizeBytes, Bytes.FromHex(header).Length);

        Assert.Equal(ReadStatus.Malformed, frames.Feed(Bytes.Join(input, new byte[40])));

        Assert.Equal(rule, frames.Error!.Rule);
        Assert.Equal(Bytes.FromHex(before).Length, frames.Error.OffsetBytes);
        Assert.Equal(input.Length, frames.PositionBytes);
        Assert.Equal(before.Length > 0 ? ["SETTINGS"] : [], frames.Finish());
    }

    [Fact]
    public void Every_rule_of_a_frame_has_its_own_text()
    {
        var texts = Enum.GetValues<FrameRule>().Select(rule => new FrameError(rule, default, 0).Text).ToList();
        Assert.Equal(texts.Count, texts.Distinct().Count());
        Assert.All(texts, text => Assert.DoesNotContain("malformed frame", text));
    }

    [Fact]
    public void The_text_of_an_error_says_where_and_what()
    {
        using var frames = new ReadFrames();
        frames.Feed(Bytes.FromHex(Settings + "000005 01 00 00000007"));
        Assert.Equal("HEADERS with payload (frame at byte 9: type 1, flags 0, stream 7, length 5)", frames.Error!.Text);
    }

    [Fact]
    public void Longest_error_text_fits_into_a_reason()
    {
        var longest = new FrameHeader(0xffffff, (FrameType)255, (FrameFlags)255, uint.MaxValue);
        Assert.All(Enum.GetValues<FrameRule>(), rule =>
            Assert.InRange(new FrameError(rule, longest, long.MaxValue).Text.Length, 1, ProtocolLimits.ReasonBytes));
    }

    [Fact]
    public void Malformed_is_final_and_takes_no_more_input()
    {
        using var reader = new FrameReader(new CountingPool());
        ReadOnlySpan<byte> bad = Bytes.FromHex("000000 01 00 00000001");
        Assert.Equal(ReadStatus.Malformed, reader.Read(ref bad, out _));
        var error = reader.Error;

        ReadOnlySpan<byte> good = Bytes.FromHex(Settings);
        Assert.Equal(ReadStatus.Malformed, reader.Read(ref good, out _));
        Assert.Equal(FrameHeader.SizeBytes, good.Length);
        Assert.Same(error, reader.Error);
    }

    [Fact]
    public void Goaway_may_be_the_first_frame()
    {
        Assert.Equal(["GOAWAY 00000001 00000002 busy"], ReadFrames.All("00000c 07 00 00000000 00000001 00000002 62757379"));
    }

    [Theory]
    [InlineData("000000 07 00 00000000")]
    [InlineData("000007 07 00 00000000 00000000000000")]
    public void Goaway_too_short_for_its_numbers_has_the_reason_goaway(string hex)
    {
        Assert.Equal(["SETTINGS", "GOAWAY ffffffff ffffffff GOAWAY"], ReadFrames.All(Settings + hex));
    }

    [Fact]
    public void A_reason_is_one_printable_line()
    {
        // line end, escape, DEL, a cut UTF-8 character, line separator U+2028, right-to-left override U+202E
        const string Reason = "61 0a 1b 7f c3 e280a8 e280ae 62";
        const string Line = "GOAWAY 00000000 00000000 a???\ufffd??b";
        Assert.Equal(["SETTINGS", Line], ReadFrames.All(Settings + "000014 07 00 00000000 0000000000000000" + Reason));
    }
}

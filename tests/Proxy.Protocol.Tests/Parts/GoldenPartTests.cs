using Proxy.Protocol.Ends;
using Proxy.Protocol.Parts;

namespace Proxy.Protocol.Tests.Parts;

/// <summary>The bytes of every part.</summary>
public sealed class GoldenPartTests
{
    [Fact]
    public void Segments_have_a_length_or_go_to_the_end()
    {
        var header = new byte[KcpPart.HeaderBytes];
        KcpPart.WriteHeader(header, 3);
        Assert.Equal(Bytes.FromHex("00 0003"), header);
        Assert.Equal(["KCP 010203", "KCP 0405"], ReadParts.All("00 0003 010203 20 0405"));
    }

    [Fact]
    public void An_acknowledgement_tells_ranges_from_the_largest_downward()
    {
        const string Hex = "02 000000000000006e 000003e8 03 00000000 00000001 00000004 00000002 00000001 00000064";
        var part = new byte[64];
        var length = AcknowledgementPart.Write(part, [new NumberRange(3, 102), new NumberRange(104, 105), new NumberRange(110, 110)], 1000);
        Assert.Equal(Bytes.FromHex(Hex), part[..length]);
        Assert.Equal(["ACK 110-110 104-105 3-102 after 1000"], ReadParts.All(Hex));
    }

    [Fact]
    public void An_acknowledgement_can_reach_down_to_number_0()
    {
        const string Hex = "02 0000000000000000 00000000 01 00000000 00000001";
        var part = new byte[AcknowledgementPart.MinLengthBytes];
        Assert.Equal(part.Length, AcknowledgementPart.Write(part, [new NumberRange(0, 0)], -5));
        Assert.Equal(Bytes.FromHex(Hex), part);
        Assert.Equal(["ACK 0-0 after 0"], ReadParts.All(Hex));
    }

    [Theory]
    [InlineData(21, 0)]
    [InlineData(22, 1)]
    [InlineData(29, 1)]
    [InlineData(30, 2)]
    [InlineData(5000, 64)]
    public void As_many_ranges_fit_as_there_is_room_for(int bytes, int ranges) => Assert.Equal(ranges, AcknowledgementPart.RangesIn(bytes));

    [Fact]
    public void Recovered_numbers_are_ranges_without_delay()
    {
        const string Hex = "06 0000000000000009 02 00000000 00000002 00000003 00000001";
        var part = new byte[64];
        var length = RecoveredPart.Write(part, [new NumberRange(4, 4), new NumberRange(8, 9)]);
        Assert.Equal(Bytes.FromHex(Hex), part[..length]);
        Assert.Equal(["RECOVERED 8-9 4-4"], ReadParts.All(Hex));
    }

    [Theory]
    [InlineData(17, 0)]
    [InlineData(18, 1)]
    [InlineData(26, 2)]
    [InlineData(5000, 64)]
    public void As_many_recovered_ranges_fit_as_there_is_room_for(int bytes, int ranges) => Assert.Equal(ranges, RecoveredPart.RangesIn(bytes));

    [Fact]
    public void A_shard_names_its_group_and_its_place_in_it()
    {
        var part = Bytes.FromHex("00 0000000000000000 00 00 0000 abcd");
        FecPart.WriteHeader(part, 0x0102030405060708, 10, 1, 2);
        Assert.Equal(Bytes.FromHex("05 0102030405060708 0a 01 0002 abcd"), part);
        Assert.Equal(["FEC 1 over 10 from 72623859790382856: abcd", "PADDING 0"], ReadParts.All("05 0102030405060708 0a 01 0002 abcd 07"));
    }

    [Fact]
    public void A_path_challenge_and_its_response_have_the_same_token()
    {
        var part = new byte[2 * PathPart.LengthBytes];
        PathPart.WriteResponse(part.AsSpan(PathPart.WriteChallenge(part, 0x0123456789abcdef)), 0x0123456789abcdef);
        Assert.Equal(Bytes.FromHex("03 0123456789abcdef 04 0123456789abcdef"), part);
        Assert.Equal(["CHALLENGE 123456789abcdef", "RESPONSE 123456789abcdef"], ReadParts.All(part));
    }

    [Fact]
    public void Padding_goes_to_the_end()
    {
        var part = Bytes.FromHex("ffffffff");
        PaddingPart.Write(part);
        Assert.Equal(Bytes.FromHex("07 000000"), part);
        Assert.Equal(["PADDING 3"], ReadParts.All(part));
    }

    [Fact]
    public void A_close_has_a_reason_and_a_text_to_the_end()
    {
        const string Hex = "08 0004 647261696e6564";
        var part = new byte[ClosePart.MaxLengthBytes];
        var length = ClosePart.Write(part, EndReason.Draining, "drained");
        Assert.Equal(Bytes.FromHex(Hex), part[..length]);
        Assert.Equal(["CLOSE 4 drained"], ReadParts.All(Hex));
    }

    [Fact]
    public void A_piece_is_half_a_segment()
    {
        var segment = new byte[1400];
        segment[0] = 0xaa;
        segment[PiecePart.SplitBytes] = 0xbb;
        var part = new byte[1200];
        var length = PiecePart.Write(part, isSecond: false, 3, 0x01020304, segment);
        Assert.Equal(Bytes.FromHex("09 00 03 01020304 044c aa"), part[..10]);
        Assert.Equal(["PIECE 1 of 16909060 on 3: 1100"], ReadParts.All(part.AsSpan(0, length)));
        length = PiecePart.Write(part, isSecond: true, 3, 0x01020304, segment);
        Assert.Equal(Bytes.FromHex("09 01 03 01020304 012c bb"), part[..10]);
        Assert.Equal(["PIECE 2 of 16909060 on 3: 300"], ReadParts.All(part.AsSpan(0, length)));
    }

    [Fact]
    public void A_packet_goes_whole_or_in_fragments()
    {
        var part = new byte[64];
        var length = UdpPart.Write(part, 7, opens: false, [0xab, 0xcd]);
        Assert.Equal(Bytes.FromHex("01 00000007 00 0002 abcd"), part[..length]);
        Assert.Equal(["UDP 7: abcd", "PADDING 0"], ReadParts.All("01 00000007 00 0002 abcd 07"));

        length = UdpPart.WriteFragment(part, 7, opens: true, 0x1234, 1, 2, [0xef]);
        Assert.Equal(Bytes.FromHex("01 00000007 03 1234 01 02 0001 ef"), part[..length]);
        Assert.Equal(["UDP opens 7, packet 4660, 2 of 2: ef", "PADDING 0"], ReadParts.All("01 00000007 03 1234 01 02 0001 ef 07"));
        Assert.Equal(["UDP opens 7: "], ReadParts.All("01 00000007 01 0000"));
    }

    [Fact]
    public void From_type_64_on_the_rest_is_ignored()
    {
        Assert.Equal(["CHALLENGE 1"], ReadParts.All("03 0000000000000001 40 01 02 03"));
        Assert.Empty(ReadParts.All("ff 00"));
    }

    [Fact]
    public void Parts_stand_back_to_back() => Assert.Equal(
        ["CHALLENGE 1", "KCP aa", "ACK 5-5 after 0", "PADDING 0"],
        ReadParts.All("03 0000000000000001 00 0001 aa 02 0000000000000005 00000000 01 00000000 00000001 07"));
}

using Proxy.Protocol.Announcements;
using Proxy.Protocol.Ends;
using Proxy.Protocol.Frames;
using Proxy.TestKit;

namespace Proxy.Protocol.Tests.Frames;

public sealed class NativeFrameTests
{
    private delegate int FrameWriter(Span<byte> target);

    [Fact]
    public void Syn_carries_the_first_credit() =>
        AssertFrame("000004 01 00 00000009 0003c000", target => NativeSynFrame.Write(target, 9, 240 * 1024), "SYN 9 credit 245760");

    [Fact]
    public void Rst_carries_reason_and_distance() =>
        AssertFrame("000002 01 01 00000009 02 01", target => NativeResetFrame.Write(target, 9, WireReason.Busy, 1), "RST 9 Busy 1");

    [Fact]
    public void Window_update_carries_an_increment() =>
        AssertFrame("000004 08 00 00000009 00010000", target => WindowUpdateFrame.Write(target, 9, 65536), "CREDIT 9 65536");

    [Fact]
    public void A_packet_is_a_frame() =>
        AssertFrame("000002 21 00 00000009 abcd", target => PacketFrame.Write(target, 9, [0xab, 0xcd]), "PACKET 9 abcd");

    [Fact]
    public void Load_is_five_numbers() => AssertFrame(
        "000016 22 00 00000000 00000007 000003e8 0000000000100000 01f4 00000040",
        target => new LoadAnnouncement(7, 1000, 1 << 20, 500, 64).Write(target),
        "LOAD LoadAnnouncement { Streams = 7, Capacity = 1000, BytesPerSecond = 1048576, CpuPermille = 500, Descriptors = 64 }");

    [Fact]
    public void A_member_has_numbers_a_name_a_zone_and_addresses() => AssertFrame(
        "000023 20 01 00000000 01 000003e8 00000007 01 61 02 6575 02 00 0a 31302e302e302e353a31 02 06 5b3a3a5d3a31",
        target => Member.Write(target),
        "MEMBER a Up 1000 7 eu 0=10.0.0.5:1 2=[::]:1 and more");

    [Fact]
    public void A_member_that_no_frame_can_hold_is_not_written()
    {
        var target = new byte[TunnelAnnouncement.MaximumFrameBytes];

        Assert.Equal(0, (Member with { Name = new string('a', 256) }).Write(target));
        Assert.Equal(0, (Member with { Addresses = [.. Enumerable.Repeat(new AnnouncedAddress(0, new string('h', 200)), 3)] }).Write(target));
        Assert.Equal(0, (Member with { Addresses = [.. Enumerable.Repeat(new AnnouncedAddress(0, "h:1"), 9)] }).Write(target));
    }

    [Theory]
    [InlineData("01 00000000 00000000 00 00 00")]          // no name
    [InlineData("01 00000000 00000000 01 20 00 00")]       // a name that is none
    [InlineData("01 00000000 00000000 02 61")]             // cut in the name
    [InlineData("01 00000000 00000000 01 61 01")]          // cut in the zone
    [InlineData("01 00000000 00000000 01 61 00 09")]       // too many addresses
    [InlineData("01 00000000 00000000 01 61 00 01 00 05 61")] // cut in an address
    public void What_is_no_member_is_not_read(string payload) => Assert.False(MemberAnnouncement.TryRead(Bytes.FromHex(payload), hasMore: false, out _));

    [Fact]
    public void A_state_of_a_later_version_takes_nothing_new_and_what_stands_behind_is_passed_over()
    {
        Assert.True(MemberAnnouncement.TryRead(Bytes.FromHex("09 00000000 00000000 01 61 00 00 ffff"), hasMore: false, out var member));
        Assert.Equal(AnnouncedState.Draining, member.State);
    }

    [Fact]
    public void A_packet_that_is_cut_anywhere_is_gathered_in_a_buffer_of_its_length()
    {
        var packet = Enumerable.Range(0, ProtocolLimits.PacketBytes).Select(value => (byte)value).ToArray();
        var frame = new byte[FrameHeader.SizeBytes + packet.Length];
        PacketFrame.Write(frame, 9, packet);
        var lines = new List<string>();
        using (var reader = new FrameReader(new CountingPool(), FrameDialect.Native))
        {
            foreach (var piece in frame.Chunk(1000))
            {
                ReadInto(lines, reader, piece);
            }
        }

        Assert.Equal([$"PACKET 9 {Convert.ToHexStringLower(packet)}"], lines);
    }

    [Fact]
    public void Goaway_with_error_0_is_a_drain() => AssertFrame(
        "000010 07 00 00000000 00000009 00000000 647261696e696e67",
        target => NativeGoAwayFrame.WriteDrain(target, 9, "draining"),
        "GOAWAY last 9 error 0 draining");

    [Fact]
    public void Ping_and_data_are_as_in_the_other_dialect()
    {
        Assert.Equal(["PING 1", "DATA 3 2 end"], Read(Bytes.FromHex("000008 06 00 00000000 0000000000000001 000002 00 01 00000003 abcd")));
    }

    [Theory]
    [InlineData("000000 04 00 00000000", FrameRule.UnknownType)]
    [InlineData("000000 23 00 00000000", FrameRule.UnknownType)]
    [InlineData("000008 20 00 00000000", FrameRule.MemberMalformed)]
    [InlineData("000201 20 00 00000000", FrameRule.PayloadTooLong)]
    [InlineData("000009 20 02 00000000", FrameRule.UnknownFlags)]
    [InlineData("000009 20 00 00000001", FrameRule.StreamIdUnexpected)]
    [InlineData("000015 22 00 00000000", FrameRule.LoadLength)]
    [InlineData("000016 22 01 00000000", FrameRule.UnknownFlags)]
    [InlineData("000000 01 00 00000001", FrameRule.HeadersLength)]
    [InlineData("000002 01 00 00000001", FrameRule.HeadersLength)]
    [InlineData("000004 01 01 00000001", FrameRule.HeadersLength)]
    [InlineData("000003 08 00 00000001", FrameRule.WindowUpdateLength)]
    [InlineData("000004 08 00 00000001 00000000", FrameRule.WindowUpdateEmpty)]
    [InlineData("000004 08 00 00000000", FrameRule.StreamIdMissing)]
    [InlineData("000004 08 01 00000001", FrameRule.UnknownFlags)]
    [InlineData("000000 00 00 00000001", FrameRule.DataEmpty)]
    [InlineData("000014 00 04 00000001", FrameRule.UnknownFlags)]
    [InlineData("000000 00 01 00000000", FrameRule.StreamIdMissing)]
    [InlineData("000000 00 01 80000001", FrameRule.StreamIdReservedBit)]
    [InlineData("000008 06 00 00000001", FrameRule.StreamIdUnexpected)]
    [InlineData("010001 00 00 00000001", FrameRule.PayloadTooLong)]
    [InlineData("003001 21 00 00000001", FrameRule.PayloadTooLong)]
    [InlineData("000001 21 00 00000000", FrameRule.StreamIdMissing)]
    [InlineData("000001 21 01 00000001", FrameRule.UnknownFlags)]
    public void A_broken_rule_is_named(string hex, FrameRule rule) => Assert.Equal([$"malformed {rule}"], Read(Bytes.FromHex(hex)));

    [Fact]
    public void Random_bytes_end_as_values()
    {
        Property.Check(3000, random =>
        {
            var input = new List<byte>();
            for (var count = random.Next(1, 6); count > 0; count--)
            {
                var frame = new byte[9 + random.Next(20)];
                random.NextBytes(frame);
                frame[0] = frame[1] = 0;
                frame[2] = (byte)(random.Next(3) == 0 ? random.Next(30) : frame.Length - 9);
                frame[3] = (byte)random.Next(9);
                frame[4] = (byte)random.Next(2);
                frame[5] = frame[6] = frame[7] = 0;
                input.AddRange(frame);
            }

            Read([.. input]);
        });
    }

    [Theory]
    [InlineData(EndReason.Busy, WireReason.Busy, EndReason.Busy)]
    [InlineData(EndReason.Draining, WireReason.Draining, EndReason.Draining)]
    [InlineData(EndReason.Malformed, WireReason.Malformed, EndReason.Malformed)]
    [InlineData(EndReason.ResetByUpstream, WireReason.Cancelled, null)]
    [InlineData(EndReason.ConnectTimeout, WireReason.UpstreamFailed, null)]
    [InlineData(EndReason.None, WireReason.Unspecified, null)]
    public void Reasons_cross_the_wire_as_far_as_they_concern_the_peer(EndReason here, WireReason wire, EndReason? there)
    {
        Assert.Equal(wire, WireReasons.ToWire(here));
        Assert.Equal(there, WireReasons.ToEnd(wire));
    }

    [Fact]
    public void Busy_too_many_and_draining_promise_that_nothing_was_processed() => Assert.Equal(
        [WireReason.Busy, WireReason.TooManyStreams, WireReason.Draining],
        Enum.GetValues<WireReason>().Where(WireReasons.PromisesNothingProcessed));

    private static void AssertFrame(string hex, FrameWriter write, string expected)
    {
        var target = new byte[GoAwayFrame.MaxLengthBytes];
        Assert.Equal(Bytes.FromHex(hex), target[..write(target)]);
        Assert.Equal([expected], Read(Bytes.FromHex(hex)));
        var input = Bytes.FromHex(hex);
        using var reader = new FrameReader(new CountingPool(), FrameDialect.Native);
        var lines = new List<string>();
        foreach (var one in input)
        {
            ReadInto(lines, reader, [one]);
        }

        Assert.Equal([expected], lines);
    }

    private static readonly MemberAnnouncement Member = new()
    {
        Name = "a",
        State = AnnouncedState.Up,
        Capacity = 1000,
        Streams = 7,
        Zone = "eu",
        Addresses = [new AnnouncedAddress(AnnouncedAddress.Kcp, "10.0.0.5:1"), new AnnouncedAddress(AnnouncedAddress.Tls, "[::]:1")],
        HasMore = true,
    };

    private static string Describe(in Frame frame) => MemberAnnouncement.TryRead(frame.Payload, frame.HasMore, out var member)
        ? $"MEMBER {member.Name} {member.State} {member.Capacity} {member.Streams} {member.Zone} "
            + string.Join(' ', member.Addresses.Select(address => $"{address.Transport}={address.Address}")) + (member.HasMore ? " and more" : "")
        : "MEMBER?";

    private static List<string> Read(byte[] input)
    {
        var lines = new List<string>();
        using var reader = new FrameReader(new CountingPool(), FrameDialect.Native);
        ReadInto(lines, reader, input);
        return lines;
    }

    private static void ReadInto(List<string> lines, FrameReader reader, ReadOnlySpan<byte> input)
    {
        ReadStatus status;
        while ((status = reader.Read(ref input, out var frame)) == ReadStatus.Done)
        {
            lines.Add(frame.Kind switch
            {
                FrameKind.Syn => $"SYN {frame.StreamId} credit {frame.Credit}",
                FrameKind.Reset => $"RST {frame.StreamId} {frame.ResetReason} {frame.ResetDistance}",
                FrameKind.WindowUpdate => $"CREDIT {frame.StreamId} {frame.Credit}",
                FrameKind.Packet => $"PACKET {frame.StreamId} {Convert.ToHexStringLower(frame.Payload)}",
                FrameKind.Load => $"LOAD {LoadAnnouncement.Read(frame.Payload)}",
                FrameKind.Member => Describe(frame),
                FrameKind.GoAway => $"GOAWAY last {frame.LastStreamId} error {frame.ErrorCode} {frame.ReasonText()}",
                FrameKind.Data => $"DATA {frame.StreamId} {frame.Payload.Length}{(frame.EndsStream ? " end" : "")}",
                _ => $"{(frame.Kind == FrameKind.Ping ? "PING" : frame.Kind)} {frame.PingId}",
            });
        }

        if (status == ReadStatus.Malformed)
        {
            lines.Add($"malformed {reader.Error!.Rule}");
        }
    }
}

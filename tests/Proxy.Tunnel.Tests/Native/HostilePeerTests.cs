using Proxy.Kcp;
using Proxy.Protocol.Ends;
using Proxy.Protocol.Parts;
using Proxy.Protocol.Tunnels;
using Proxy.TestKit;
using Proxy.Tunnel.Native;

namespace Proxy.Tunnel.Tests.Native;

/// <summary>What an authentic peer may say, and what it then gets.</summary>
public sealed class HostilePeerTests
{
    private const string SynOf1 = "000004 01 00 00000001 00000000";

    [Fact]
    public void A_stream_is_answered_on_its_lane_with_credit()
    {
        using var peer = new PartPeer(TunnelRole.Server);
        peer.SayFrames(1, SynOf1 + "000003 00 00 00000001 616263");
        Assert.Contains("1: SYN 1", peer.Heard);
        Assert.Equal(3, peer.Side.Streams[1].Received);
    }

    [Theory]
    [InlineData("0a", "a part of unknown type")]
    [InlineData("02 0000000000ffffff 00000000 01 00000000 00000001", "an acknowledgement of what was never sent")]
    [InlineData("20 00000000", "a segment that is cut short or has no lane")]
    [InlineData("20 ff000000 51000001 00000000 00000000 00000000 00000000", "a segment that is cut short or has no lane")]
    [InlineData("20 01000000 52000001 00000000 00000000 00000000 00000000", "a segment that is malformed (BadCommand)")]
    [InlineData("20 01000000 51000001 00000000 00000000 09000000 00000000", "a segment that is malformed (AcknowledgesUnsent)")]
    [InlineData("09 01 63 00000001 0001 aa", "a piece that has no lane")]
    public void A_malformed_part_ends_the_tunnel_with_a_reason(string hex, string text)
    {
        using var peer = new PartPeer(TunnelRole.Server);
        peer.Say(Bytes.Hex(hex));
        Assert.Equal(EndReason.Malformed, peer.Side.Closed);
        Assert.Equal(text, peer.Side.ClosedText);
        Assert.Contains($"CLOSE 6 {text}", peer.Heard);
    }

    [Theory]
    [InlineData(1, "000003 08 00 00000001", "WINDOW_UPDATE without its 4 bytes (frame at byte 0: type 8, flags 0, stream 1, length 3)")]
    [InlineData(0, "000016 22 00 00000000 00000007 000003e8 0000000000100000 01f4 00000040", "a client that tells of members or load")]
    [InlineData(2, SynOf1, "a frame on a lane that is not its own")]
    [InlineData(0, SynOf1, "a frame on a lane that is not its own")]
    [InlineData(1, "000008 06 00 00000000 0000000000000001", "a frame on a lane that is not its own")]
    [InlineData(1, SynOf1 + SynOf1, "a stream that is opened twice")]
    [InlineData(1, "000004 01 00 00000011 00000000 000004 01 00 00000001 00000000", "a stream id that goes back or is even")]
    [InlineData(1, "000004 01 00 00000010 00000000", "a stream id that goes back or is even")]
    public void A_malformed_frame_ends_the_tunnel_with_a_reason(uint lane, string hex, string text)
    {
        using var peer = new PartPeer(TunnelRole.Server);
        peer.SayFrames(lane, hex);
        Assert.Equal(EndReason.Malformed, peer.Side.Closed);
        Assert.Equal(text, peer.Side.ClosedText);
    }

    [Fact]
    public void A_malformed_datagram_changes_nothing()
    {
        using var peer = new PartPeer(TunnelRole.Server);
        peer.SayDatagram([1, 2, 3]);
        peer.SayDatagram(new byte[1000]);
        Assert.Null(peer.Side.Closed);
        Assert.Empty(peer.Heard);
        Assert.Equal(2, peer.Side.Engine.NativeStatistics.DatagramsRefused);
    }

    [Fact]
    public void Reserved_parts_and_unknown_ones_that_may_be_ignored_change_nothing()
    {
        using var peer = new PartPeer(TunnelRole.Server);
        peer.Say(Bytes.Hex("01 00000007 00 0002 abcd 05 0000000000000009 0a 01 0002 abcd 06 0000000000000009 01 00000000 00000001 77 01 02"));
        Assert.Null(peer.Side.Closed);
        Assert.Equal(0, peer.Side.Engine.ActiveStreams);
    }

    [Fact]
    public void More_than_the_credit_resets_the_stream_alone()
    {
        using var peer = new PartPeer(TunnelRole.Server);
        peer.Side.ReadsAtOnce = false;
        peer.SayFrames(1, SynOf1);
        peer.SayFrames(2, "000004 01 00 00000003 00000000");
        for (var bytes = 0; bytes <= NativeTunnelSettings.Default.FirstWindowBytes; bytes += 1000)
        {
            peer.SayFrames(1, [0, 0x03, 0xe8, 0, 0, 0, 0, 0, 1, .. new byte[1000]]);
        }

        Assert.Equal(EndReason.Malformed, peer.Side.Streams[1].Reset);
        Assert.Contains("1: RST 1 CreditExceeded", peer.Heard);
        Assert.Equal(0, peer.Side.Engine.ReceivedBytesWaiting);
        Assert.Null(peer.Side.Streams[3].Reset);
        Assert.Null(peer.Side.Closed);
    }

    [Fact]
    public void Data_for_an_unknown_stream_is_answered_by_one_reset_and_everything_else_is_ignored()
    {
        using var peer = new PartPeer(TunnelRole.Server);
        peer.SayFrames(1, "000001 00 00 00000001 aa");
        peer.SayFrames(1, "000001 00 00 00000001 aa");
        peer.SayFrames(1, "000002 01 01 00000011 0000 000004 08 00 00000011 00000001 000000 00 01 00000011");
        Assert.Equal(["1: RST 1 Cancelled"], peer.Heard.Where(line => line.Contains("RST", StringComparison.Ordinal)));
        Assert.Null(peer.Side.Closed);
    }

    [Fact]
    public void Credit_without_end_is_as_good_as_the_largest()
    {
        using var peer = new PartPeer(TunnelRole.Server);
        peer.SayFrames(1, "000004 01 00 00000001 ffffffff");
        peer.SayFrames(1, "000004 08 00 00000001 ffffffff 000004 08 00 00000001 ffffffff");
        peer.Side.Send(1, new byte[100]);
        peer.Wait(0.01);
        Assert.Contains("1: DATA 1 100", peer.Heard);
        Assert.Null(peer.Side.Closed);
    }

    [Fact]
    public void Who_provokes_too_many_answers_loses_the_tunnel()
    {
        using var peer = new PartPeer(TunnelRole.Server);
        for (var count = 0; count < 1200 && peer.Side.Closed is null; count++)
        {
            peer.SayFrames(0, "000008 06 00 00000000 0000000000000001");
        }

        Assert.Equal("the peer provokes too many answers", peer.Side.ClosedText);
    }

    [Fact]
    public void Who_never_acknowledges_cannot_make_answers_pile_up()
    {
        var settings = NativeTunnelSettings.Default with { MaximumControlFrames = 500, OpensPerSecond = 1_000_000, MaximumStreams = 100_000 };
        using var peer = new PartPeer(TunnelRole.Server, settings);
        for (var count = 0; count < 3000 && peer.Side.Closed is null; count++)
        {
            var id = 1 + (16 * count);
            byte[] name = [0, (byte)(id >> 16), (byte)(id >> 8), (byte)id];
            peer.SayFrames(1, [0, 0, 4, 1, 0, .. name, 0, 0, 0, 0, 0, 0, 2, 1, 1, .. name, 0, 0]);
        }

        Assert.Equal("the peer provokes too many answers", peer.Side.ClosedText);
    }

    [Fact]
    public void Streams_beyond_the_maximum_are_refused_with_the_promise_that_nothing_was_processed()
    {
        using var peer = new PartPeer(TunnelRole.Server, NativeTunnelSettings.Default with { MaximumStreams = 1 });
        peer.SayFrames(1, SynOf1 + "000004 01 00 00000011 00000000");
        Assert.Contains("1: RST 17 TooManyStreams", peer.Heard);
        Assert.Equal(1, peer.Side.Engine.ActiveStreams);
    }

    [Fact]
    public void Opens_are_met_by_a_token_bucket()
    {
        using var peer = new PartPeer(TunnelRole.Server, NativeTunnelSettings.Default with { MaximumStreams = 10, OpensPerSecond = 1 });
        for (var count = 0; count < 12; count++)
        {
            var id = 1 + (16 * count);
            peer.SayFrames(1, [0, 0, 4, 1, 0, 0, 0, (byte)(id >> 8), (byte)id, 0, 0, 0, 0]);
            peer.SayFrames(1, [0, 0, 2, 1, 1, 0, 0, (byte)(id >> 8), (byte)id, 0, 0]);
        }

        Assert.Equal(2, peer.Heard.Count(line => line.EndsWith("Busy", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_reset_says_why()
    {
        using var peer = new PartPeer(TunnelRole.Client);
        var id = peer.Side.Open();
        peer.SayFrames(1 + (uint)((id >> 1) % 8), [0, 0, 2, 1, 1, 0, 0, 0, (byte)id, 2, 1]);
        Assert.Equal(EndReason.Busy, peer.Side.Streams[id].Reset);
    }

    [Fact]
    public void A_close_ends_the_tunnel_and_is_acknowledged_once()
    {
        using var peer = new PartPeer(TunnelRole.Server);
        peer.Say(Bytes.Hex("08 0001 627965"));
        Assert.Equal((EndReason.PeerShutDown, "bye"), (peer.Side.Closed, peer.Side.ClosedText));
        Assert.Equal(["Acknowledgement"], peer.Heard);
        peer.Say(Bytes.Hex("08 0001 627965"));
        Assert.Single(peer.Heard);
    }

    [Fact]
    public void Whatever_an_authentic_peer_sends_ends_in_a_value()
    {
        Property.Check(300, random =>
        {
            using var peer = new PartPeer(random.Next(2) == 0 ? TunnelRole.Client : TunnelRole.Server);
            for (var count = 0; count < 60; count++)
            {
                peer.Say(RandomBody(random));
                if (random.Next(10) == 0)
                {
                    peer.Wait(random.NextDouble());
                }
            }
        });
    }

    private static byte[] RandomBody(Random random)
    {
        var body = new byte[random.Next(1, 400)];
        random.NextBytes(body);
        switch (random.Next(4))
        {
            case 0:
                body[0] = (byte)random.Next(10);
                return body;
            case 1:
                var acknowledgement = new byte[64];
                var first = (ulong)random.Next(4);
                var range = new NumberRange(first, first + (ulong)random.Next(3));
                return acknowledgement[..AcknowledgementPart.Write(acknowledgement, [range], random.Next())];
            default:
                var frames = body.AsSpan(0, Math.Min(body.Length, random.Next(60)));
                var segment = new byte[1 + KcpSegment.HeaderBytes + frames.Length];
                segment[0] = (byte)PartType.KcpToEnd;
                var (lane, number) = ((uint)random.Next(10), (uint)random.Next(4));
                new KcpSegment(lane, KcpCommand.Push, 0, 100, 0, number, 0, (uint)frames.Length).Write(segment.AsSpan(1));
                if (frames.Length > 9)
                {
                    frames[..3].Clear();
                    frames[2] = (byte)random.Next(5);
                    frames[3] = (byte)random.Next(9);
                    frames[4] = (byte)random.Next(2);
                    frames[5..8].Clear();
                    frames[8] = (byte)random.Next(20);
                }

                frames.CopyTo(segment.AsSpan(1 + KcpSegment.HeaderBytes));
                return segment;
        }
    }
}

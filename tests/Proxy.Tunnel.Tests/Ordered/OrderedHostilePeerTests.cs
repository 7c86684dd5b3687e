using Proxy.Protocol;
using Proxy.Protocol.Ends;
using Proxy.Protocol.Frames;
using Proxy.Protocol.Tunnels;
using Proxy.TestKit;
using Proxy.Tunnel.Native;
using Proxy.Tunnel.Tests.Native;

namespace Proxy.Tunnel.Tests.Ordered;

/// <summary>What a peer with a key may say, and what it then gets.</summary>
public sealed class OrderedHostilePeerTests
{
    private const string SynOf1 = "000004 01 00 00000001 00000000";

    [Theory]
    [InlineData("000000 04 00 00000000", "unknown frame type")]
    [InlineData("010001 00 00 00000001", "payload too long")]
    [InlineData("000003 08 00 00000001", "WINDOW_UPDATE without its 4 bytes")]
    [InlineData("000004 08 00 00000001 00000000", "WINDOW_UPDATE by nothing")]
    [InlineData(SynOf1 + SynOf1, "a stream that is opened twice")]
    [InlineData("000004 01 00 00000011 00000000 000004 01 00 00000001 00000000", "a stream id that goes back or is even")]
    [InlineData("000004 01 00 00000010 00000000", "a stream id that goes back or is even")]
    public void A_malformed_frame_ends_the_tunnel_with_a_reason(string hex, string text)
    {
        using var side = new OrderedSide(TunnelRole.Server);
        var heard = Say(side, Bytes.Hex(hex));
        Assert.Equal(EndReason.Malformed, side.Closed);
        Assert.Contains(text, side.ClosedText, StringComparison.OrdinalIgnoreCase);
        Assert.Equal($"GoAway {side.ClosedText}", heard[^1]);
        Assert.Empty(Say(side, Bytes.Hex(SynOf1)));
    }

    [Fact]
    public void More_than_the_credit_resets_the_stream_alone()
    {
        using var side = new OrderedSide(TunnelRole.Server) { ReadsAtOnce = false };
        Say(side, Bytes.Hex(SynOf1 + "000004 01 00 00000003 00000000"));
        List<string> heard = [];
        for (var sent = 0; sent <= side.Settings.FirstWindowBytes; sent += 16 * 1024)
        {
            heard.AddRange(Say(side, [.. Bytes.Hex("004000 00 00 00000001"), .. new byte[16 * 1024]]));
        }

        Assert.Contains("Reset 1 CreditExceeded", heard);
        Assert.Equal(EndReason.Malformed, side.Streams[1].Reset);
        Assert.Null(side.Closed);
        Assert.Equal(0, side.Engine.ReceivedBytesWaiting);
        Say(side, Bytes.Hex("000003 00 00 00000003 616263"));
        Assert.Equal(3, side.Engine.ReceivedBytesWaiting);
    }

    [Fact]
    public void What_is_for_no_stream_is_answered_once_or_not_at_all()
    {
        using var side = new OrderedSide(TunnelRole.Server);
        Assert.Contains("Reset 9 Cancelled", Say(side, Bytes.Hex("000001 00 00 00000009 61")));
        Assert.Empty(Say(side, Bytes.Hex("000001 00 00 00000009 61 000000 00 01 00000009 000004 08 00 00000009 00000001 000002 01 01 00000009 0100")));
        Assert.Null(side.Closed);
    }

    [Fact]
    public void A_peer_that_provokes_too_many_answers_loses_its_tunnel()
    {
        using var side = new OrderedSide(TunnelRole.Server);
        Say(side, [.. Enumerable.Repeat(Bytes.Hex("000008 06 00 00000000 0000000000000001"), side.Settings.RepliesPerSecond + 2).SelectMany(ping => ping)]);
        Assert.Equal((EndReason.Malformed, "the peer provokes too many answers"), (side.Closed, side.ClosedText));
    }

    [Fact]
    public void More_streams_than_may_exist_are_refused_and_the_others_stay()
    {
        using var side = new OrderedSide(TunnelRole.Server, NativeTunnelSettings.Default with { MaximumStreams = 1 });
        var heard = Say(side, Bytes.Hex(SynOf1 + "000004 01 00 00000003 00000000"));
        Assert.Contains("Reset 3 TooManyStreams", heard);
        Assert.Equal((1, 1L), (side.Engine.ActiveStreams, side.Engine.Statistics.StreamsRefused));
    }

    [Fact]
    public void What_was_forged_ends_the_tunnel_without_a_word()
    {
        using var side = new OrderedSide(TunnelRole.Server);
        Say(side, Bytes.Hex(SynOf1));
        side.Engine.HandleForged("forged", NativeSide.Begin);
        Assert.Empty(Say(side, []));
        Assert.Equal((EndReason.Malformed, "forged"), (side.Closed, side.ClosedText));
    }

    [Fact]
    public void Any_bytes_at_all_end_in_a_value() => Property.Check(300, random =>
    {
        using var side = new OrderedSide(random.Next(2) == 0 ? TunnelRole.Server : TunnelRole.Client) { ReadsAtOnce = random.Next(2) == 0 };
        for (var round = 0; round < 100 && side.Closed is null; round++)
        {
            var frame = new byte[FrameHeader.SizeBytes + random.Next(40)];
            random.NextBytes(frame);
            if (random.Next(10) != 0)
            {
                new FrameHeader(frame.Length - FrameHeader.SizeBytes, (FrameType)random.Next(10), (FrameFlags)random.Next(3), (uint)random.Next(12)).Write(frame);
            }

            Say(side, frame);
            Assert.InRange(side.Engine.ReceivedBytesWaiting, 0, side.Engine.CreditBytes);
        }
    });

    /// <summary>Says it and gives the frames that came back.</summary>
    private static List<string> Say(OrderedSide side, byte[] bytes)
    {
        var (heard, pool) = (new List<string>(), new LeakCheckingPool());
        using var reader = new FrameReader(pool, FrameDialect.Native);
        side.Engine.HandleBytes(bytes, NativeSide.Begin);
        side.Flush(
            answer =>
            {
                while (reader.Read(ref answer, out var frame) == ReadStatus.Done)
                {
                    heard.Add(frame.Kind switch
                    {
                        FrameKind.Reset => $"Reset {frame.StreamId} {frame.ResetReason}",
                        FrameKind.GoAway => $"GoAway {frame.ReasonText()}",
                        _ => $"{frame.Kind} {frame.StreamId}",
                    });
                }
            },
            NativeSide.Begin);
        return heard;
    }
}

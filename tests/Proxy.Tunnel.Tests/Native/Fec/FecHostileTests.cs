using Proxy.Kcp;
using Proxy.Protocol.Ends;
using Proxy.Protocol.Parts;
using Proxy.Protocol.Tunnels;
using Proxy.TestKit;
using Proxy.Tunnel.Native;
using Proxy.Tunnel.Native.Fec;

namespace Proxy.Tunnel.Tests.Native.Fec;

/// <summary>What an authentic peer may say about groups that do not exist.</summary>
public sealed class FecHostileTests
{
    [Theory]
    [InlineData("05 0000000000000001 41 00 0003 000101")] // more members than a group has
    [InlineData("05 0000000000000001 01 10 0003 000101")] // more shards than a group has
    [InlineData("05 0000000000000001 01 00 0002 0001")] // no room for a byte
    [InlineData("05 0000000000000002 01 00 0003 000101")] // over the datagram it is in
    [InlineData("05 ffffffffffffffff 02 00 0003 000101")] // around the end of numbers
    public void A_shard_that_says_something_impossible_is_counted_and_no_more(string hex)
    {
        using var peer = new PartPeer(TunnelRole.Server);
        peer.Say(Bytes.Hex("07"));
        peer.Say(Bytes.Hex(hex));
        Assert.Null(peer.Side.Closed);
        Assert.Equal(1, peer.Side.Engine.NativeStatistics.FecShardsRefused);
        Assert.Equal(0, peer.Side.Engine.NativeStatistics.DatagramsRecovered);
    }

    [Fact]
    public void A_shard_that_is_longer_than_any_datagram_is_refused()
    {
        using var peer = new PartPeer(TunnelRole.Server);
        peer.Say(Bytes.Hex("07"));
        var part = new byte[FecPart.HeaderBytes + 2000];
        FecPart.WriteHeader(part, 1, 1, 0, 2000);
        peer.Say(part);
        Assert.Equal(1, peer.Side.Engine.NativeStatistics.FecShardsRefused);
        Assert.Null(peer.Side.Closed);
    }

    [Theory]
    [InlineData("05 0000000000000001 00 00 0003 000101")]
    [InlineData("05 0000000000000001 01 00 0000")]
    public void A_shard_of_nothing_is_a_malformed_part_as_any_other(string hex)
    {
        using var peer = new PartPeer(TunnelRole.Server);
        peer.Say(Bytes.Hex(hex));
        Assert.Equal((EndReason.Malformed, "an impossible shard"), (peer.Side.Closed, peer.Side.ClosedText));
    }

    [Fact]
    public void A_group_whose_shards_do_not_fit_its_members_ends_nothing()
    {
        using var peer = new PartPeer(TunnelRole.Server);
        var random = new Random(1);
        for (var round = 0; round < 1000; round++)
        {
            // The number in front is never sent, so the shard is all there is of it.
            peer.Skip();
            var part = new byte[FecPart.HeaderBytes + random.Next(3, 200)];
            random.NextBytes(part);
            FecPart.WriteHeader(part, peer.NextNumber - 1, 1, random.Next(ErasureCode.MostShards), part.Length - FecPart.HeaderBytes);
            peer.Say(part);
        }

        Assert.Null(peer.Side.Closed);
        Assert.Equal(1000, peer.Side.Engine.NativeStatistics.FecShardsRefused);
    }

    [Fact]
    public void What_a_shard_brings_is_taken_as_if_it_had_arrived_and_told_ahead_of_the_acknowledgement()
    {
        using var peer = new PartPeer(TunnelRole.Server);
        peer.Say(Bytes.Hex("07"));
        peer.Heard.Clear();
        peer.Skip();
        var frames = Bytes.Hex("000004 01 00 00000001 00000000 000003 00 00 00000001 616263");
        var member = new byte[FecPart.LengthFieldBytes + 1 + KcpSegment.HeaderBytes + frames.Length];
        member[1] = (byte)(member.Length - FecPart.LengthFieldBytes);
        member[2] = (byte)PartType.KcpToEnd;
        new KcpSegment(1, KcpCommand.Push, 0, 16_384, 0, 0, 0, (uint)frames.Length).Write(member.AsSpan(3));
        frames.CopyTo(member, 3 + KcpSegment.HeaderBytes);
        var part = new byte[FecPart.HeaderBytes + member.Length];
        FecPart.WriteHeader(part, peer.NextNumber - 1, 1, 0, member.Length);
        ErasureCode.Add(0, 0, member, part.AsSpan(FecPart.HeaderBytes));
        peer.Say(part);
        Assert.Equal(3, peer.Side.Streams[1].Received);
        Assert.Equal(["1: SYN 1", "Recovered", "Acknowledgement"], peer.Heard);
    }

    [Fact]
    public void A_recovered_datagram_proves_no_path()
    {
        using var peer = new PartPeer(TunnelRole.Server);
        peer.Say(Bytes.Hex("07"));
        peer.Heard.Clear();
        peer.Skip();
        var part = new byte[FecPart.HeaderBytes + 11];
        FecPart.WriteHeader(part, peer.NextNumber - 1, 1, 0, 11);
        ErasureCode.Add(0, 0, Bytes.Hex("0009 03 0102030405060708"), part.AsSpan(FecPart.HeaderBytes));
        peer.Say(part);
        Assert.Equal(1, peer.Side.Engine.NativeStatistics.DatagramsRecovered);
        Assert.DoesNotContain("PathResponse", peer.Heard);
    }

    [Fact]
    public void Whatever_an_authentic_peer_says_of_groups_ends_in_a_value() => Property.Check(300, random =>
    {
        var settings = NativeTunnelSettings.Default with { Fec = (FecMode)random.Next(3) };
        using var peer = new PartPeer(random.Next(2) == 0 ? TunnelRole.Client : TunnelRole.Server, settings);
        for (var count = 0; count < 100; count++)
        {
            switch (random.Next(4))
            {
                case 0:
                    peer.Skip();
                    break;
                case 1:
                    peer.Say(Bytes.Hex("07"));
                    break;
                case 2:
                    var ranges = new byte[64];
                    var first = (ulong)random.NextInt64(1L << random.Next(40));
                    peer.Say(ranges[..RecoveredPart.Write(ranges, [new NumberRange(first, first + (ulong)random.Next(1 << random.Next(30)))])]);
                    break;
                default:
                    var part = new byte[FecPart.HeaderBytes + random.Next(3, 40)];
                    random.NextBytes(part);
                    var back = (ulong)random.Next(1, 80);
                    FecPart.WriteHeader(
                        part, peer.NextNumber - back, random.Next(1, 80), random.Next(20), part.Length - FecPart.HeaderBytes);
                    peer.Say(part);
                    break;
            }
        }

        Assert.Null(peer.Side.Closed);
    });
}

using Proxy.Protocol.Ends;
using Proxy.Protocol.Parts;
using Proxy.Protocol.Tunnels;
using Proxy.Tunnel.Native;

namespace Proxy.Tunnel.Tests.Native;

/// <summary>Packets beside the bytes of streams. What a side rents from its pool has to be back at the end of every one of these.</summary>
public sealed class PacketTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1155)]
    [InlineData(1157)]
    [InlineData(1472)]
    [InlineData(9000)]
    public void A_packet_arrives_as_it_was_sent_whatever_its_length(int bytes)
    {
        using var pair = new NativePair();
        var id = pair.Client.Open();
        var packet = Packet(bytes, 7);

        Assert.Equal(PacketFate.Queued, pair.Client.Engine.SendPacket(id, packet, pair.Now));
        pair.DriveUntil(() => PacketsOf(pair.Server, id).Count == 1);
        pair.Server.Engine.SendPacket(id, packet, pair.Now);
        pair.DriveUntil(() => PacketsOf(pair.Client, id).Count == 1);

        Assert.Equal(packet, pair.Server.Streams[id].Packets[0]);
        Assert.Equal(packet, pair.Client.Streams[id].Packets[0]);
        Assert.Equal((1, 1), (pair.Client.Engine.PacketStatistics.Sent, pair.Client.Engine.PacketStatistics.Received));
    }

    [Fact]
    public void What_eight_fragments_cannot_hold_is_refused_and_counted()
    {
        using var pair = new NativePair();
        var id = pair.Client.Open();
        var most = pair.Client.Engine.MaximumPacketBytes;

        Assert.Equal(PacketFate.TooLarge, pair.Client.Engine.SendPacket(id, Packet(most + 1, 1), pair.Now));
        Assert.Equal(PacketFate.Queued, pair.Client.Engine.SendPacket(id, Packet(most, 1), pair.Now));
        pair.DriveUntil(() => PacketsOf(pair.Server, id).Count == 1);

        Assert.InRange(most, 9000, 10_000);
        Assert.Equal(most, pair.Server.Streams[id].Packets[0].Length);
        Assert.Equal(1, pair.Client.Engine.PacketStatistics.TooLarge);
    }

    [Fact]
    public void Nothing_is_sent_beside_a_stream_that_is_not_open()
    {
        using var pair = new NativePair();
        var id = pair.Client.Open();
        Assert.Equal(PacketFate.NotCarried, pair.Client.Engine.SendPacket(id + 2, [1], pair.Now));
        pair.Client.Reset(id);
        Assert.Equal(PacketFate.NotCarried, pair.Client.Engine.SendPacket(id, [1], pair.Now));
    }

    [Fact]
    public void Packets_that_overtake_the_stream_that_opens_their_flow_wait_for_it()
    {
        using var pair = new NativePair();
        pair.DriveUntil(() => pair.Server.ReadyCount == 1);
        var lost = 0;
        var id = pair.Client.Open();
        pair.Settle();

        // The first datagram with the stream in it is gone, and comes again a round trip later.
        pair.FromClient.Loses = _ => lost++ == 0;
        var other = pair.Client.Open();
        pair.Client.Engine.SendPacket(other, Packet(9000, 1), pair.Now);
        pair.Client.Engine.SendPacket(other, Packet(30, 2), pair.Now);
        pair.Client.Engine.SendPacket(id, Packet(30, 3), pair.Now);
        pair.DriveUntil(() => PacketsOf(pair.Server, other).Count > 0);
        pair.DriveFor(1);

        // The first of them was in the datagram that is gone, or had a fragment there.
        Assert.Contains(Packet(30, 2), PacketsOf(pair.Server, other));
        Assert.True(lost > 1);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Over_a_bad_path_packets_come_whole_and_at_most_once_or_not_at_all(int seed)
    {
        var random = new Random(seed);
        using var pair = new NativePair(seed: seed).WithPath(50, 40, 0.05).WithLink(link =>
        {
            link.DuplicationRate = 0.05;
            link.ReorderRate = 0.1;
        });
        int[] flows = [pair.Client.Open(), pair.Client.Open(), pair.Client.Open()];
        var sent = flows.ToDictionary(id => id, _ => new Dictionary<string, byte[]>(StringComparer.Ordinal));
        for (var round = 0; round < 300; round++)
        {
            var id = flows[random.Next(flows.Length)];
            var packet = Packet(8 + random.Next(4000), (round << 8) | id);
            sent[id].Add(Convert.ToHexString(packet.AsSpan(0, 4)), packet);
            Assert.Equal(PacketFate.Queued, pair.Client.Engine.SendPacket(id, packet, pair.Now));
            pair.DriveFor(0.003);
        }

        pair.DriveFor(2);
        var arrived = 0;
        foreach (var id in flows)
        {
            var names = new HashSet<string>(StringComparer.Ordinal);
            foreach (var packet in PacketsOf(pair.Server, id))
            {
                var name = Convert.ToHexString(packet.AsSpan(0, 4));
                Assert.True(names.Add(name), "A packet came twice.");
                Assert.Equal(sent[id][name], packet);
                arrived++;
            }
        }

        Assert.InRange(arrived, 200, 299);
        Assert.Equal(0, pair.Client.Engine.PacketStatistics.Dropped);
    }

    [Fact]
    public void A_flow_that_floods_keeps_neither_another_flow_nor_a_stream_waiting()
    {
        using var pair = new NativePair().WithPath(10, 20, 0);
        var (flood, quiet, stream) = (pair.Client.Open(), pair.Client.Open(), pair.Client.Open());
        pair.DriveUntil(() => pair.Server.Streams.Count == 3);
        var waits = new List<double>();
        var bulk = new byte[64 * 1024];
        for (var round = 0; round < 100; round++)
        {
            while (pair.Client.Engine.SendPacket(flood, Packet(1100, round), pair.Now) == PacketFate.Queued)
            {
            }

            if (!pair.Client.Engine.HasUnsent(stream))
            {
                pair.Client.Send(stream, bulk);
            }

            var (before, at) = (PacketsOf(pair.Server, quiet).Count, pair.Seconds);
            pair.Client.Engine.SendPacket(quiet, Packet(100, round), pair.Now);
            pair.DriveUntil(() => PacketsOf(pair.Server, quiet).Count > before);
            waits.Add(pair.Seconds - at);
        }

        // Half a round trip, and the queue that the controller leaves in the path.
        Assert.InRange(waits.OrderBy(wait => wait).ElementAt(90), 0.01, 0.06);
        var ofStream = pair.Server.Streams[stream].Received;
        var ofFlood = PacketsOf(pair.Server, flood).Count * 1100.0;
        Assert.InRange(ofStream / ofFlood, 0.5, 2);
        Assert.True(pair.Client.Engine.PacketStatistics.Dropped > 0);
    }

    [Fact]
    public void What_waited_through_a_blackout_is_not_sent_any_more()
    {
        using var pair = new NativePair().WithPath(1, 20, 0);
        var id = pair.Client.Open();
        pair.DriveUntil(() => pair.Server.Streams.Count == 1);
        pair.WithLink(link => link.IsDown = true);
        for (var number = 0; number < 300; number++)
        {
            pair.Client.Engine.SendPacket(id, Packet(1000, number), pair.Now);
        }

        pair.DriveFor(2);
        pair.WithLink(link => link.IsDown = false);
        var last = Packet(1000, 999);
        pair.DriveUntil(() =>
        {
            pair.Client.Engine.SendPacket(id, last, pair.Now);
            return PacketsOf(pair.Server, id).Any(packet => packet.AsSpan().SequenceEqual(last));
        });

        Assert.True(pair.Client.Engine.PacketStatistics.Dropped > 50);
        Assert.Equal(last, PacketsOf(pair.Server, id)[0]);
    }

    [Fact]
    public void With_parity_lost_packets_are_recovered()
    {
        var settings = NativeTunnelSettings.Default with { Fec = FecMode.Fixed, FecMembers = 5, FecShards = 2 };
        using var pair = new NativePair(settings).WithPath(100, 20, 0.05);
        var id = pair.Client.Open();
        for (var number = 0; number < 1000; number++)
        {
            pair.Client.Engine.SendPacket(id, Packet(1000, number), pair.Now);
            pair.DriveFor(0.002);
        }

        pair.DriveFor(1);
        Assert.InRange(PacketsOf(pair.Server, id).Count, 985, 1000);
    }

    [Fact]
    public void A_path_that_narrows_costs_no_more_than_what_was_under_way()
    {
        using var pair = new NativePair().WithPath(100, 20, 0);
        var id = pair.Client.Open();
        for (var number = 0; number < 500; number++)
        {
            pair.Client.Engine.SendPacket(id, Packet(1390, number), pair.Now);
            pair.DriveFor(0.002);
        }

        pair.DriveFor(1);
        Assert.Equal(500, PacketsOf(pair.Server, id).Count);
        Assert.True(pair.Client.Engine.PresentDatagramBytes > 1400);
        pair.WithLink(link => link.MaximumBytes = 1300);
        for (var number = 500; number < 1500; number++)
        {
            pair.Client.Engine.SendPacket(id, Packet(1390, number), pair.Now);
            pair.DriveFor(0.002);
        }

        pair.DriveFor(1);
        Assert.InRange(PacketsOf(pair.Server, id).Count, 1300, 1500);
    }

    [Fact]
    public void The_end_of_a_stream_ends_its_flow_and_packets_that_wait_are_given_back()
    {
        using var pair = new NativePair().WithPath(1, 20, 0);
        var id = pair.Client.Open();
        pair.DriveUntil(() => pair.Server.Streams.Count == 1);
        for (var number = 0; number < 300; number++)
        {
            pair.Client.Engine.SendPacket(id, Packet(1000, number), pair.Now);
        }

        pair.Client.Reset(id);
        pair.DriveUntil(() => pair.Server.Streams[id].Reset is not null);
        pair.DriveFor(1);
        Assert.Equal(EndReason.KilledLocally, pair.Client.Closed ?? EndReason.KilledLocally);
        Assert.False(pair.Client.Engine.HasUnacknowledged);
    }

    [Fact]
    public void Fragments_that_never_become_whole_are_held_in_bounds()
    {
        using var peer = new PartPeer(TunnelRole.Server);
        peer.SayFrames(2, "000004 01 00 00000003 00000000");
        var body = new byte[UdpPart.FragmentHeaderBytes + 1000];
        for (var packet = 0; packet < 20_000; packet++)
        {
            UdpPart.WriteFragment(body, 3, opens: false, (ushort)packet, 0, 8, new byte[1000]);
            peer.Say(body);
        }

        peer.Wait(1.1);
        UdpPart.WriteFragment(body, 3, opens: false, 7, 0, 2, new byte[1000]);
        peer.Say(body);
        UdpPart.WriteFragment(body, 3, opens: false, 7, 1, 2, new byte[1000]);
        peer.Say(body);
        Assert.Single(peer.Side.Streams[3].Packets);
        Assert.Equal(20_000, peer.Side.Engine.PacketStatistics.Incomplete);
        Assert.Null(peer.Side.Closed);
    }

    [Fact]
    public void Packets_of_flows_that_nobody_opens_are_held_in_bounds()
    {
        using var peer = new PartPeer(TunnelRole.Server);
        var body = new byte[UdpPart.HeaderBytes + 1000];
        for (uint flow = 1; flow < 20_000; flow += 2)
        {
            UdpPart.Write(body, flow, opens: true, new byte[1000]);
            peer.Say(body);
        }

        Assert.InRange(peer.Side.Engine.PacketStatistics.Dropped, 8_900, 10_000);
        Assert.Empty(peer.Side.Streams);
        Assert.Null(peer.Side.Closed);
    }

    private static List<byte[]> PacketsOf(NativeSide side, int id) => side.Streams.TryGetValue(id, out var stream) ? stream.Packets : [];

    /// <summary>Begins with its number.</summary>
    private static byte[] Packet(int bytes, int number)
    {
        var packet = new byte[bytes];
        new Random(number).NextBytes(packet);
        if (bytes >= 4)
        {
            System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(packet, number);
        }

        return packet;
    }
}

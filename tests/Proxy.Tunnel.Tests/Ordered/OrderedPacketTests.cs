using Proxy.Tunnel.Packets;

namespace Proxy.Tunnel.Tests.Ordered;

/// <summary>Packets beside the bytes of streams, over a carrier that loses nothing.</summary>
public sealed class OrderedPacketTests
{
    [Fact]
    public void Packets_arrive_as_they_were_sent_whatever_their_length()
    {
        using var pair = new OrderedPair();
        var id = pair.Client.Open();
        byte[][] packets = [[], [1], Bytes.Random(1472), Bytes.Random(pair.Client.Engine.MaximumPacketBytes)];
        foreach (var packet in packets)
        {
            Assert.Equal(PacketFate.Queued, pair.Client.Engine.SendPacket(id, packet, pair.Now));
        }

        Assert.Equal(PacketFate.TooLarge, pair.Client.Engine.SendPacket(id, new byte[pair.Client.Engine.MaximumPacketBytes + 1], pair.Now));
        pair.DriveUntil(() => pair.Server.Streams.TryGetValue(id, out var stream) && stream.Packets.Count == packets.Length);
        pair.Server.Engine.SendPacket(id, packets[2], pair.Now);
        pair.DriveUntil(() => pair.Client.Streams[id].Packets.Count == 1);

        Assert.Equal(packets, pair.Server.Streams[id].Packets);
        Assert.Equal(packets[2], pair.Client.Streams[id].Packets[0]);
        Assert.Equal(new PacketStatistics { Sent = 4, Received = 1, TooLarge = 1 }, pair.Client.Engine.PacketStatistics);
    }

    [Fact]
    public void Packets_take_turns_with_bulk()
    {
        using var pair = new OrderedPair();
        var (bulk, flow) = (pair.Client.Open(), pair.Client.Open());
        pair.DriveUntil(() => pair.Server.Streams.Count == 2);
        pair.Client.Engine.Send(bulk, Bytes.Random(3_000_000));
        for (var number = 0; number < 50; number++)
        {
            pair.Client.Engine.SendPacket(flow, Bytes.Random(1000), pair.Now);
        }

        pair.DriveUntil(() => pair.Server.Streams[flow].Packets.Count == 50);
        Assert.InRange(pair.Server.Streams[bulk].Received, 1, 400_000);
        pair.DriveUntil(() => pair.Server.Streams[bulk].Received == 3_000_000);
    }

    [Fact]
    public void What_a_carrier_that_stands_does_not_take_in_time_is_dropped()
    {
        using var pair = new OrderedPair();
        var id = pair.Client.Open();
        pair.DriveUntil(() => pair.Server.Streams.Count == 1);
        pair.Client.Engine.SetBlocked(true, pair.Now);
        pair.Client.Engine.SendPacket(id, [1], pair.Now);
        pair.DriveFor(1);
        pair.Client.Engine.SetBlocked(false, pair.Now);
        pair.Client.Engine.SendPacket(id, [2], pair.Now);
        pair.DriveUntil(() => pair.Server.Streams[id].Packets.Count == 1);

        Assert.Equal([2], pair.Server.Streams[id].Packets[0]);
        Assert.Equal(1, pair.Client.Engine.PacketStatistics.Dropped);
    }

    [Fact]
    public void The_end_of_a_stream_gives_waiting_packets_back()
    {
        using var pair = new OrderedPair();
        var id = pair.Client.Open();
        pair.DriveUntil(() => pair.Server.Streams.Count == 1);
        pair.Client.Engine.SetBlocked(true, pair.Now);
        pair.Client.Engine.SendPacket(id, Bytes.Random(1000), pair.Now);
        pair.Client.Reset(id);
        Assert.Equal(PacketFate.NotCarried, pair.Client.Engine.SendPacket(id, [1], pair.Now));
        pair.Client.Engine.SetBlocked(false, pair.Now);
        pair.DriveUntil(() => pair.Server.Streams[id].Reset is not null);
        Assert.Empty(pair.Server.Streams[id].Packets);
    }
}

using Proxy.TestKit;
using Proxy.Tunnel.Native;

namespace Proxy.Tunnel.Tests.Native.Fec;

/// <summary>Single losses, by name.</summary>
public sealed class FecStoryTests
{
    private const int FullBytes = 1100;

    [Fact]
    public void A_lost_tail_is_recovered_and_not_sent_again_and_stays_a_loss()
    {
        using var pair = Make(members: 20, shards: 2);
        var id = Open(pair);
        var bytes = Bytes.Random(3000);
        var sent = 0;
        pair.FromClient.Loses = datagram => datagram.Length > FullBytes && ++sent == 2;
        pair.Client.Send(id, bytes);
        pair.DriveUntil(() => pair.Server.Streams[id].Received == bytes.Length, boundSeconds: 0.06);
        Bytes.AssertSame(bytes, pair.Server.Streams[id].Bytes);
        pair.DriveFor(1);
        var (client, server) = (pair.Client.Engine.NativeStatistics, pair.Server.Engine.NativeStatistics);
        Assert.Equal((1, 1, 0), (client.DatagramsRecoveredByPeer, client.DatagramsLost, client.SegmentsResent));
        Assert.Equal((1, 0, 0), (server.DatagramsRecovered, server.FecGroupsNotRecovered, server.FecShardsRefused));
    }

    [Fact]
    public void As_many_as_there_are_shards_may_be_lost_of_a_group()
    {
        using var pair = Make(members: 20, shards: 10);
        var id = Open(pair);
        var bytes = Bytes.Random(5000);
        var sent = 0;
        pair.FromClient.Loses = datagram => datagram.Length > FullBytes && ++sent is 1 or 2;
        pair.Client.Send(id, bytes);
        pair.DriveUntil(() => pair.Server.Streams[id].Received == bytes.Length, boundSeconds: 0.06);
        Bytes.AssertSame(bytes, pair.Server.Streams[id].Bytes);
        pair.DriveFor(1);
        Assert.Equal(2, pair.Client.Engine.NativeStatistics.DatagramsRecoveredByPeer);
    }

    [Fact]
    public void More_losses_than_shards_are_sent_again_as_ever()
    {
        using var pair = Make(members: 8, shards: 1);
        var id = Open(pair);
        var bytes = Bytes.Random(8 * 1000);
        var sent = 0;
        pair.FromClient.Loses = datagram => datagram.Length > FullBytes && ++sent is 2 or 3;
        pair.Client.Send(id, bytes);
        pair.DriveUntil(() => pair.Server.Streams[id].Received == bytes.Length, boundSeconds: 1);
        Bytes.AssertSame(bytes, pair.Server.Streams[id].Bytes);
        pair.DriveFor(1);
        Assert.Equal(0, pair.Server.Engine.NativeStatistics.DatagramsRecovered);
        Assert.Equal(2, pair.Client.Engine.NativeStatistics.SegmentsResent);
    }

    [Fact]
    public void What_comes_late_after_it_was_recovered_is_acknowledged_and_not_taken_twice()
    {
        using var pair = Make(members: 20, shards: 1);
        var id = Open(pair);
        var bytes = Bytes.Random(3000);
        byte[]? held = null;
        pair.FromClient.Loses = datagram =>
        {
            var isHeld = held is null && datagram.Length > FullBytes;
            held = isHeld ? datagram.ToArray() : held;
            return isHeld;
        };
        pair.Client.Send(id, bytes);
        pair.DriveUntil(() => pair.Server.Streams[id].Received == bytes.Length, boundSeconds: 0.06);
        pair.Server.Handle(held!, NativePair.ClientAddress, pair.Now);
        pair.DriveFor(1);
        Bytes.AssertSame(bytes, pair.Server.Streams[id].Bytes);
        var statistics = pair.Client.Engine.NativeStatistics;
        Assert.Equal((1, 1, 0), (statistics.DatagramsLost, statistics.DatagramsSpurious, statistics.SegmentsResent));
        Assert.Equal(0, pair.Server.Engine.NativeStatistics.DatagramsRepeated);
    }

    [Fact]
    public void A_fixed_share_is_sent_in_bulk_in_batches_and_every_byte_arrives()
    {
        using var pair = Make(members: 20, shards: 2).WithPath(100, 40, 0.03);
        var id = Open(pair);
        var batches = new List<int>();
        pair.Client.OnBatch = batch => batches.Add((batch.Bytes + batch.DatagramBytes - 1) / batch.DatagramBytes);
        var bytes = Bytes.Random(10_000_000);
        pair.Client.Send(id, bytes);
        pair.Client.Finish(id);
        pair.DriveUntil(() => pair.Server.Streams[id].HasEnded, boundSeconds: 10);
        Bytes.AssertSame(bytes, pair.Server.Streams[id].Bytes);
        var statistics = pair.Client.Engine.NativeStatistics;
        Assert.InRange(statistics.FecBytesSent / (double)(statistics.DatagramBytesSent - statistics.FecBytesSent), 0.08, 0.12);
        Assert.True(statistics.DatagramsRecoveredByPeer > statistics.DatagramsLost / 2, statistics.ToString());
        Assert.True(batches.Average() > 3, $"{batches.Average():F1} datagrams in a batch.");
    }

    [Fact]
    public void The_memory_for_it_is_rented_with_the_first_shard_and_given_back_by_an_idle_tunnel()
    {
        var pool = new LeakCheckingPool();
        using var pair = new NativePair(Settings(members: 4, shards: 1), NativeTunnelSettings.Default, pool: pool);
        var id = Open(pair);
        pair.DriveFor(40);
        var idle = pool.RentedNow;
        pair.Client.Send(id, new byte[20_000]);
        pair.DriveFor(1);
        Assert.True(pool.RentedNow > idle);
        pair.DriveFor(60);
        Assert.Equal(idle, pool.RentedNow);
    }

    private static NativePair Make(int members, int shards) =>
        new NativePair(Settings(members, shards), NativeTunnelSettings.Default).WithLink(link => link.DelayMicroseconds = 25_000);

    private static NativeTunnelSettings Settings(int members, int shards) =>
        NativeTunnelSettings.Default with { Fec = FecMode.Fixed, FecMembers = members, FecShards = shards };

    /// <summary>With a stream that is open at both ends, nothing under way, and a first shard that has arrived: from then on bodies are kept.</summary>
    private static int Open(NativePair pair)
    {
        pair.Client.Send(pair.Client.Open(), [0]);
        pair.DriveFor(0.5);
        var id = pair.Client.Open();
        pair.DriveFor(0.5);
        return id;
    }
}

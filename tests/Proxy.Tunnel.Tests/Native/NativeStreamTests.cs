using Proxy.Protocol.Ends;

namespace Proxy.Tunnel.Tests.Native;

public sealed class NativeStreamTests
{
    [Fact]
    public void A_stream_carries_bytes_both_ways_and_ends_cleanly()
    {
        using var pair = new NativePair();
        var request = Bytes.Random(100_000);
        var answer = Bytes.Random(300_000, seed: 6);
        var id = pair.Client.Open();
        pair.Client.Send(id, request);
        pair.Client.Finish(id);
        pair.DriveUntil(() => pair.Server.Streams.GetValueOrDefault(id)?.HasEnded == true);
        pair.Server.Send(id, answer);
        pair.Server.Finish(id);
        pair.DriveUntil(() => pair.Client.Streams[id].HasEnded);
        Bytes.AssertSame(request, pair.Server.Streams[id].Bytes);
        Bytes.AssertSame(answer, pair.Client.Streams[id].Bytes);
        pair.Client.Release(id);
        pair.Server.Release(id);
        pair.DriveFor(1);
        Assert.Equal(0, pair.Client.Engine.ActiveStreams);
        Assert.Equal(0, pair.Server.Engine.ActiveStreams);
        Assert.Equal(0, pair.Client.Engine.CreditBytes);
        Assert.Equal(0, pair.Server.Engine.CreditBytes);
    }

    [Theory]
    [InlineData(0.02)]
    [InlineData(0.2)]
    public void Many_streams_over_a_lossy_link_are_complete_and_in_order(double lossRate)
    {
        using var pair = new NativePair().WithLink(link => link.LossRate = lossRate);
        var sent = new Dictionary<int, byte[]>();
        for (var count = 0; count < 40; count++)
        {
            var id = pair.Client.Open();
            sent[id] = Bytes.Random(50_000 + (count * 1000), count);
            pair.Client.Send(id, sent[id]);
            pair.Client.Finish(id);
        }

        pair.Server.OnEvent = (kind, id) =>
        {
            if (kind == TunnelEventKind.EndOfStream)
            {
                pair.Server.Send(id, sent[id]);
                pair.Server.Finish(id);
            }
        };
        pair.DriveUntil(() => pair.Client.Streams.Values.All(stream => stream.HasEnded));
        foreach (var (id, bytes) in sent)
        {
            Bytes.AssertSame(bytes, pair.Server.Streams[id].Bytes);
            Bytes.AssertSame(bytes, pair.Client.Streams[id].Bytes);
        }

        Assert.Equal(0, pair.Server.Engine.NativeStatistics.DatagramsSpurious);
    }

    [Fact]
    public void Close_ends_everything_at_both_ends_and_falls_silent()
    {
        using var pair = new NativePair();
        var id = pair.Client.Open();
        pair.DriveFor(1);
        pair.Client.Engine.Close(EndReason.KilledLocally);
        pair.DriveFor(1);
        Assert.Equal(EndReason.KilledLocally, pair.Client.Closed);
        Assert.Equal(EndReason.PeerShutDown, pair.Server.Closed);
        Assert.False(pair.Client.Engine.HasUnacknowledged);
        Assert.False(pair.Server.Engine.HasUnacknowledged);
        Assert.Null(pair.Client.Engine.NextDeadlineMicroseconds(pair.Now));
        Assert.Null(pair.Server.Engine.NextDeadlineMicroseconds(pair.Now));
        Assert.Equal(0, pair.Server.Engine.ActiveStreams);
        Assert.True(pair.Server.Streams.ContainsKey(id));
    }
}

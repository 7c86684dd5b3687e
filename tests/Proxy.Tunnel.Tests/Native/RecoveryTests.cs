using Proxy.Tunnel.Native;

namespace Proxy.Tunnel.Tests.Native;

/// <summary>Lose it by name, and see when it is there again.</summary>
public sealed class RecoveryTests
{
    private const double ProbeSeconds = 0.02 + 0.08 + 0.025; // round trip, its variance at first, the peer's and the scheduler's allowance

    [Fact]
    public void A_lost_tail_is_sent_again_after_about_a_probe_timeout()
    {
        using var pair = new NativePair();
        var id = Warm(pair);
        LoseNext(pair.FromClient, 1);
        pair.Client.Send(id, new byte[100]);
        pair.DriveUntil(() => pair.Server.Streams[id].Received == WarmBytes + 100, boundSeconds: ProbeSeconds);
        Assert.Equal(1, pair.Client.Engine.NativeStatistics.ProbesSent);
    }

    [Fact]
    public void A_hole_in_a_flow_is_sent_again_on_evidence_and_only_once()
    {
        using var pair = new NativePair();
        var id = Warm(pair);
        var before = pair.Client.Engine.NativeStatistics;
        LoseNext(pair.FromClient, 1);
        pair.Client.Send(id, new byte[20_000]);
        pair.DriveUntil(() => pair.Server.Streams[id].Received == WarmBytes + 20_000, boundSeconds: 0.05);
        pair.DriveFor(1);
        var after = pair.Client.Engine.NativeStatistics;
        Assert.Equal((1, 1, 0, 0), (
            after.SegmentsResent - before.SegmentsResent,
            after.DatagramsLost - before.DatagramsLost,
            after.ProbesSent - before.ProbesSent,
            after.DatagramsSpurious - before.DatagramsSpurious));
    }

    [Fact]
    public void Lost_acknowledgements_alone_resend_nothing()
    {
        using var pair = new NativePair();
        var id = Warm(pair);
        var random = new Random(4);
        pair.FromServer.Loses = _ => random.Next(3) == 0;
        var bytes = Bytes.Random(400_000);
        pair.Client.Send(id, bytes);
        pair.DriveUntil(() => pair.Server.Streams[id].Received == WarmBytes + bytes.Length);
        Assert.InRange(pair.Client.Engine.NativeStatistics.SegmentsResent, 0, 2);
    }

    [Fact]
    public void Acknowledgements_ride_with_data_and_bare_ones_are_few()
    {
        using var pair = new NativePair();
        var id = Warm(pair);
        pair.Server.OnEvent = (kind, stream) =>
        {
            if (kind == TunnelEventKind.Data)
            {
                pair.Server.Send(stream, new byte[50]);
            }
        };
        var before = pair.Server.Engine.NativeStatistics;
        for (var count = 0; count < 100; count++)
        {
            pair.Client.Send(id, new byte[50]);
            pair.DriveFor(0.05);
        }

        Assert.Equal(0, pair.Server.Engine.NativeStatistics.BareAcknowledgementsSent - before.BareAcknowledgementsSent);
        Assert.Equal(100, pair.Server.Engine.NativeStatistics.DatagramsSent - before.DatagramsSent);
    }

    [Fact]
    public void Bulk_is_acknowledged_by_a_fraction_of_its_datagrams()
    {
        using var bulk = new Bulk();
        bulk.Pair.WithPath(1000, 10, 0);
        bulk.Add();
        bulk.Pair.DriveFor(3);
        Assert.InRange(bulk.Pair.FromServer.SentBytes * 20, 0, bulk.Pair.FromClient.SentBytes);
    }

    /// <summary>Round trip and size are known then, and nothing is under way.</summary>
    private static int Warm(NativePair pair)
    {
        var id = pair.Client.Open();
        for (var count = 0; count < WarmUps; count++)
        {
            pair.Client.Send(id, new byte[10]);
            pair.DriveFor(0.2);
            pair.Server.Send(id, new byte[10]);
            pair.DriveFor(2);
        }

        Assert.Equal(1452, pair.Server.Engine.PresentDatagramBytes);
        return id;
    }

    private const int WarmUps = 5;
    private const int WarmBytes = 10 * WarmUps;

    private static void LoseNext(NativeLink link, int count) => link.Loses = _ => count-- > 0;
}

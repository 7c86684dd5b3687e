using System.Buffers;
using Proxy.Kcp;
using Proxy.Protocol;
using Proxy.Protocol.Ends;
using Proxy.Tunnel.Native;

namespace Proxy.Tunnel.Tests.Native;

public sealed class CreditTests
{
    [Fact]
    public void A_stream_that_nobody_reads_holds_its_own_window_and_no_other_stream()
    {
        using var pair = new NativePair();
        pair.Server.ReadsAtOnce = false;
        var stalled = pair.Client.Open();
        pair.Client.Send(stalled, new byte[2_000_000]);
        pair.DriveFor(1);
        Assert.Equal(NativeTunnelSettings.Default.FirstWindowBytes, pair.Server.Engine.ReceivedBytesWaiting);

        pair.Server.ReadsAtOnce = true;
        var live = pair.Client.Open();
        var bytes = Bytes.Random(3_000_000);
        pair.Client.Send(live, bytes);
        pair.Client.Finish(live);
        pair.DriveUntil(() => pair.Server.Streams.GetValueOrDefault(live)?.HasEnded == true);
        Bytes.AssertSame(bytes, pair.Server.Streams[live].Bytes);
        Assert.Equal(NativeTunnelSettings.Default.FirstWindowBytes, pair.Server.Engine.ReceivedBytesWaiting);
        pair.Server.Read(stalled);
        pair.DriveUntil(() => pair.Server.Streams[stalled].Received == 2_000_000);
    }

    [Fact]
    public void Before_the_answer_only_the_initial_credit_is_used()
    {
        using var pair = new NativePair();
        pair.FromServer.IsDown = true;
        var id = pair.Client.Open();
        pair.Client.Send(id, new byte[1_000_000]);
        pair.DriveFor(2);
        Assert.Equal(ProtocolLimits.InitialCreditBytes, pair.Server.Streams[id].Received);
    }

    [Fact]
    public void Stalled_readers_at_full_credit_stay_within_the_budget_the_next_is_refused_and_one_live_stream_goes_on()
    {
        const int Stalled = 8191;
        var settings = NativeTunnelSettings.Default with { MaximumWindowBytes = 16 * 1024 * 1024 };
        var pool = new SegmentPool(2048, 256 * 1024, ArrayPool<byte>.Shared);
        var client = settings with { MaximumStreams = 10_000, CreditBudgetBytes = 1L << 30 };
        using var pair = new NativePair(client, settings, pool: pool).WithPath(2000, 10, 0);
        pair.Server.KeepsBytes = false;
        var live = pair.Client.Open();
        pair.DriveFor(0.2);
        pair.Server.ReadsAtOnce = false;
        pair.OnMoment = () => Assert.InRange(pair.Server.Engine.CreditBytes, 0, settings.CreditBudgetBytes);
        for (var count = 0; count < Stalled; count++)
        {
            // More than anybody gets.
            pair.Client.Send(pair.Client.Open(), new byte[300 * 1024]);
            if (count % 64 == 0)
            {
                pair.DriveFor(0.05);
            }
        }

        pair.DriveFor(20);
        Assert.Equal(Stalled + 1, pair.Server.Engine.ActiveStreams);
        Assert.InRange(pair.Server.Engine.ReceivedBytesWaiting, (long)Stalled * ProtocolLimits.InitialCreditBytes, settings.CreditBudgetBytes);

        var refused = pair.Client.Open();
        pair.DriveFor(1);
        Assert.Equal(EndReason.Busy, pair.Client.Streams[refused].Reset);

        var before = pair.Server.Streams[live].Received;
        pair.Client.Send(live, new byte[8_000_000]);
        pair.DriveUntil(() => pair.Server.Streams[live].Received == before + 8_000_000, boundSeconds: 5);
    }

    [Fact]
    public void Without_budget_for_one_more_initial_window_a_stream_is_refused_as_busy()
    {
        var server = NativeTunnelSettings.Default with { CreditBudgetBytes = 40 * 1024 };
        using var pair = new NativePair(NativeTunnelSettings.Default, server);
        pair.Server.ReadsAtOnce = false;
        var ids = Enumerable.Range(0, 3).Select(_ => pair.Client.Open()).ToList();
        pair.DriveFor(1);
        Assert.Equal(EndReason.Busy, pair.Client.Streams[ids[2]].Reset);
        pair.Client.Reset(ids[0]);
        pair.DriveFor(1);
        var next = pair.Client.Open();
        pair.DriveFor(1);
        Assert.True(pair.Client.Streams[next].IsOpen);
    }

    [Fact]
    public void An_opener_without_budget_opens_nothing()
    {
        using var pair = new NativePair(NativeTunnelSettings.Default with { CreditBudgetBytes = 16 * 1024 }, NativeTunnelSettings.Default);
        var id = pair.Client.Open();
        Assert.False(pair.Client.Engine.CanOpen);
        pair.Client.Reset(id);
        Assert.True(pair.Client.Engine.CanOpen);
    }

    [Fact]
    public void A_window_that_holds_a_stream_back_grows_up_to_the_maximum_and_no_further()
    {
        using var bulk = new Bulk(NativeTunnelSettings.Default with { MaximumWindowBytes = 1_000_000 });
        bulk.Pair.WithPath(1000, 50, 0);
        bulk.Add();
        bulk.Pair.DriveFor(3);
        Assert.Equal(1_000_000, bulk.Pair.Server.Engine.CreditBytes);
    }

    [Fact]
    public void A_slow_reader_does_not_get_a_larger_window()
    {
        using var bulk = new Bulk();
        bulk.Pair.WithPath(20, 50, 0);
        var id = bulk.Add();
        for (var round = 0; round < 20; round++)
        {
            bulk.Pair.DriveFor(0.5);
            bulk.Pair.Server.Read(id, round % 2 == 1);
        }

        Assert.InRange(bulk.Pair.Server.Engine.CreditBytes, 1, NativeTunnelSettings.Default.MaximumWindowBytes);
    }
}

using Proxy.TestKit;

namespace Proxy.Kcp.Tests;

public sealed class PeerStateTests
{
    [Fact]
    public void A_restarted_peer_that_acknowledges_from_nothing_is_found_out()
    {
        using var pair = new KcpPair();
        pair.Client.Write(Bytes.Random(50 * 1226));
        pair.Drive();
        pair.Advance(1);
        pair.Server.Restart();
        pair.Client.Write(1);

        pair.DriveFor(100);

        Assert.True(pair.Client.Engine.PeerLostState);
    }

    [Fact]
    public void A_restarted_peer_is_found_out_by_its_first_data()
    {
        using var pair = Talked(segments: 3000);
        pair.Server.Restart();
        pair.Server.Write(1);

        pair.DriveFor(100);

        Assert.True(pair.Client.Engine.PeerLostState);
    }

    [Fact]
    public void A_restarted_engine_refuses_what_belongs_to_the_conversation_before()
    {
        using var pair = Talked(segments: 50);
        pair.Server.Restart();
        pair.Client.Write(1);

        pair.DriveFor(15);

        Assert.Equal([KcpInputStatus.AcknowledgesUnsent], pair.Server.Refusals);
        Assert.Equal(0, pair.Server.Pool.RentedBuffers);
    }

    [Fact]
    public void A_restarted_peer_that_says_nothing_is_a_dead_link()
    {
        using var pair = Talked(segments: 3000);
        pair.Server.Restart();
        pair.Client.Write(1);

        pair.DriveUntil(() => pair.Client.Engine.IsDead);

        Assert.False(pair.Client.Engine.PeerLostState);
    }

    [Fact]
    public void An_echo_of_the_same_millisecond_proves_nothing()
    {
        using var engine = Confirmed(out var now);
        engine.Send([1]);
        engine.TryGetDatagram(now, new byte[1250], out _);

        engine.HandleDatagram(Acknowledgement(number: 1, una: 0, echo: now), now + 5);

        Assert.False(engine.PeerLostState);
    }

    [Fact]
    public void An_echo_of_a_millisecond_later_proves_it()
    {
        using var engine = Confirmed(out var now);
        engine.Send([1]);
        engine.TryGetDatagram(now + 1, new byte[1250], out _);

        engine.HandleDatagram(Acknowledgement(number: 1, una: 0, echo: now + 1), now + 5);

        Assert.True(engine.PeerLostState);
    }

    [Fact]
    public void An_acknowledgement_from_before_that_arrives_late_proves_nothing()
    {
        using var engine = Confirmed(out var now);

        engine.HandleDatagram(Acknowledgement(number: 0, una: 0, echo: now - 10), now + 5);

        Assert.False(engine.PeerLostState);
    }

    [Fact]
    public void An_echo_from_the_future_is_not_ours_and_proves_nothing()
    {
        using var engine = Confirmed(out var now);

        engine.HandleDatagram(Acknowledgement(number: 0, una: 0, echo: now + 1000), now + 5);

        Assert.False(engine.PeerLostState);
    }

    [Fact]
    public void It_is_found_out_across_the_wrap_around_of_the_clock()
    {
        using var pair = new KcpPair(clockOrigin: uint.MaxValue - 119);
        pair.Client.Write(Bytes.Random(5000));
        pair.Drive();
        Assert.True(pair.Now > uint.MaxValue / 2);
        pair.Advance(150);
        pair.Server.Restart();
        pair.Client.Write(1);

        pair.DriveFor(100);

        Assert.True(pair.Client.Engine.PeerLostState);
    }

    [Fact]
    public void Loss_duplication_and_reordering_never_make_it_look_so()
    {
        Property.Check(60, random =>
        {
            using var pair = RandomTalk(random);

            pair.Drive();

            Assert.False(pair.Client.Engine.PeerLostState);
            Assert.False(pair.Server.Engine.PeerLostState);
            Assert.True(pair.ToClient.Lost > 0 && pair.ToClient.Duplicated > 0);
        });
    }

    [Fact]
    public void A_peer_replaced_at_any_moment_is_found_out_by_its_acknowledgements()
    {
        Property.Check(60, random =>
        {
            using var pair = RandomTalk(random, serverTalks: false);
            pair.DriveFor(random.Next(100, 3000));
            Replace(pair);
            var hadConfirmed = pair.Client.Engine.SendUnacknowledged != 0;

            pair.Client.Write(1);
            pair.DriveUntil(() => pair.Client.Engine.PeerLostState || !hadConfirmed, boundMilliseconds: 60_000);

            Assert.Equal(hadConfirmed, pair.Client.Engine.PeerLostState);
        });
    }

    [Fact]
    public void A_peer_replaced_at_any_moment_is_found_out_by_its_data()
    {
        Property.Check(60, random =>
        {
            using var pair = RandomTalk(random, serverTalks: true);
            pair.DriveFor(random.Next(100, 3000));
            Replace(pair);
            var hadConfirmed = pair.Client.MostConfirmedByData > 0;

            pair.Server.Write(1);
            pair.DriveUntil(() => pair.Client.Engine.PeerLostState || !hadConfirmed, boundMilliseconds: 60_000);

            Assert.Equal(hadConfirmed, pair.Client.Engine.PeerLostState);
        });
    }

    private static void Replace(KcpPair pair)
    {
        pair.Server.Restart();
        foreach (var link in pair.Links)
        {
            link.Lose();
            link.LossRate = 0.1;
        }
    }

    private static KcpPair Talked(int segments)
    {
        var pair = new KcpPair();
        pair.Client.Write(Bytes.Random(segments * 1226));
        pair.Server.Write(Bytes.Random(1000));
        pair.Drive();
        pair.Client.Write(1);
        pair.Drive();
        pair.Server.Write(1);
        pair.Drive();
        pair.Advance(1);
        return pair;
    }

    private static KcpPair RandomTalk(Random random, bool serverTalks = true)
    {
        var settings = KcpSettings.VproxyFast4 with { DeadLinkTransmissions = 0, SendWindowSegments = random.Next(5, 200) };
        var pair = new KcpPair(settings, random: random, clockOrigin: (uint)random.NextInt64(1L << 32));
        foreach (var link in pair.Links)
        {
            link.LossRate = 0.2;
            link.DuplicationRate = 0.2;
            link.LatencyMilliseconds = random.Next(1, 50);
            link.JitterMilliseconds = random.Next(1, 300);
        }

        pair.Client.Write(Bytes.Random(random, random.Next(1, 300_000)));
        if (serverTalks)
        {
            pair.Server.Write(Bytes.Random(random, random.Next(1, 300_000)));
        }

        return pair;
    }

    /// <summary>An engine whose first segment was sent and confirmed; <paramref name="now"/> is when that was heard.</summary>
    private static KcpEngine Confirmed(out uint now)
    {
        now = 1000;
        var engine = new KcpEngine(7, KcpSettings.VproxyFast3, new CountingPool());
        engine.Send([1]);
        engine.TryGetDatagram(now - 10, new byte[1250], out _);
        engine.HandleDatagram(Acknowledgement(number: 0, una: 1, echo: now - 10), now);
        return engine;
    }

    private static KcpSegment Acknowledgement(uint number, uint una, uint echo) =>
        new(7, KcpCommand.Acknowledge, 0, 1024, echo, number, una, 0);
}

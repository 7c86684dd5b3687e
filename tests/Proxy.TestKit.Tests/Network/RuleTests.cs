using Proxy.Transport;
using Proxy.Transport.Tests.Contract;
using static Proxy.TestKit.Tests.Network.SimulationFixture;

namespace Proxy.TestKit.Tests.Network;

public sealed class RuleTests
{
    private readonly SimulationFixture _fixture = new(seed: 11);
    private readonly RecordingUdpHandler _receiver = new();
    private readonly List<TimeSpan> _arrivals = [];
    private readonly IUdpEndpoint _from;
    private readonly IUdpEndpoint _to;

    public RuleTests()
    {
        _receiver.WhenReceived = (_, _, _) => _arrivals.Add(World.Time.Elapsed);
        _from = _fixture.OpenUdp(_fixture.LeftLoop, new RecordingUdpHandler());
        _to = _fixture.OpenUdp(_fixture.RightLoop, _receiver);
    }

    private SimulatedWorld World => _fixture.World;

    [Fact]
    public void Without_rules_a_datagram_takes_the_paths_latency()
    {
        World.Network.SetLatency(_fixture.Left, _fixture.Right, Milliseconds(25));
        SendOne();
        World.RunFor(Milliseconds(100));

        Assert.Equal([Milliseconds(25)], _arrivals);
    }

    [Fact]
    public void Latency_comes_on_top_of_the_paths()
    {
        var rule = new LatencyRule(Milliseconds(40));
        World.Network.Install(rule);
        SendOne();
        World.RunFor(Milliseconds(100));

        Assert.Equal([Milliseconds(41)], _arrivals);
        Assert.Equal(1, rule.Delayed);
    }

    [Fact]
    public void Jitter_spreads_arrivals_within_its_bounds_and_keeps_their_order()
    {
        World.Network.Install(new LatencyRule(Milliseconds(10), Milliseconds(30)));
        _fixture.SendNumbered(_from, _to, 200);
        World.RunFor(Milliseconds(100));

        Assert.Equal(Enumerable.Range(0, 200), NumbersOf(_receiver));
        var delays = _arrivals.Select((arrival, i) => arrival - Milliseconds(i)).ToArray();
        Assert.All(delays, delay => Assert.InRange(delay, Milliseconds(11), Milliseconds(41)));
        Assert.True(delays.Max() - delays.Min() > Milliseconds(10), "The jitter does not jitter.");
    }

    [Fact]
    public void Loss_drops_about_its_share_and_counts_it()
    {
        var rule = new LossRule(0.25);
        World.Network.Install(rule);
        _fixture.SendNumbered(_from, _to, 1000);
        World.RunFor(Milliseconds(10));

        Assert.InRange(rule.Dropped, 180, 320);
        Assert.Equal(1000, rule.Asked);
        Assert.Equal(1000 - rule.Dropped, _receiver.Datagrams.Count);
    }

    [Fact]
    public void Duplication_delivers_a_second_copy_of_about_its_share()
    {
        var rule = new DuplicationRule(0.25, Milliseconds(0.5));
        World.Network.Install(rule);
        _fixture.SendNumbered(_from, _to, 400);
        World.RunFor(Milliseconds(10));

        Assert.InRange(rule.Duplicates, 60, 140);
        Assert.Equal(400 + rule.Duplicates, _receiver.Datagrams.Count);
        Assert.Equal(400, NumbersOf(_receiver).Distinct().Count());
    }

    [Fact]
    public void Reordering_lets_later_datagrams_overtake_and_loses_none()
    {
        var rule = new ReorderingRule(0.2, Milliseconds(5));
        World.Network.Install(rule);
        _fixture.SendNumbered(_from, _to, 200);
        World.RunFor(Milliseconds(20));

        var numbers = NumbersOf(_receiver);
        Assert.True(rule.Delayed > 0, "Nothing was held back.");
        Assert.NotEqual(Enumerable.Range(0, 200), numbers);
        Assert.Equal(Enumerable.Range(0, 200), numbers.Order());
    }

    [Fact]
    public void A_rate_limit_spaces_datagrams_and_drops_the_tail_when_its_queue_is_full()
    {
        // 972 bytes and 28 of headers at 100 kB/s: 10 ms each; five fit the queue.
        var rule = new RateLimitRule(bytesPerSecond: 100_000, queueBytes: 5_000);
        World.Network.Install(rule);
        _fixture.LeftLoop.Run(() => _from.Send(new byte[972 * 8], 972, UdpAddress.From(_to.LocalEndPoint)));
        World.RunFor(Milliseconds(200));

        Assert.Equal(3, rule.Dropped);
        Assert.Equal([.. Enumerable.Range(1, 5).Select(i => Milliseconds(1 + (10 * i)))], _arrivals);
    }

    [Fact]
    public void The_queue_of_a_rate_limit_drains_with_time()
    {
        var rule = new RateLimitRule(bytesPerSecond: 100_000, queueBytes: 5_000);
        World.Network.Install(rule);
        for (var i = 0; i < 20; i++)
        {
            _fixture.LeftLoop.Run(() => _from.Send(new byte[972], 972, UdpAddress.From(_to.LocalEndPoint)));
            World.RunFor(Milliseconds(10));
        }

        World.RunFor(Milliseconds(100));
        Assert.Equal(0, rule.Dropped);
        Assert.Equal(20, _receiver.Datagrams.Count);
    }

    [Fact]
    public void A_partition_drops_both_directions_until_it_is_disposed()
    {
        var partition = new PartitionRule(_fixture.Left, _fixture.Right);
        var guard = World.Network.Install(partition);
        SendOne();
        _fixture.RightLoop.Run(() => _to.Send("back"u8, 4, UdpAddress.From(_from.LocalEndPoint)));
        World.RunFor(Milliseconds(10));
        Assert.Empty(_arrivals);
        Assert.Equal(2, partition.Dropped);

        guard.Dispose();
        SendOne();
        World.RunFor(Milliseconds(10));
        Assert.Single(_arrivals);
    }

    [Fact]
    public void A_partition_of_others_does_not_touch_us()
    {
        var third = World.AddHost("third", "10.0.0.3");
        using var guard = World.Network.Partition(_fixture.Left, third);
        SendOne();
        World.RunFor(Milliseconds(10));

        Assert.Single(_arrivals);
    }

    [Fact]
    public void A_blackout_drops_what_is_sent_in_its_window_only()
    {
        var rule = new BlackoutRule(Milliseconds(10), Milliseconds(20));
        World.Network.Install(rule);
        _fixture.SendNumbered(_from, _to, 30);
        World.RunFor(Milliseconds(10));

        Assert.Equal(10, rule.Dropped);
        Assert.Equal(Enumerable.Range(0, 30).Where(i => i is < 10 or >= 20), NumbersOf(_receiver));
    }

    [Fact]
    public void One_datagram_can_be_lost_by_name()
    {
        var rule = new DropNthRule(2, packet => packet.Bytes.Length == 4 && packet.Bytes.Span[0] >= 5);
        World.Network.Install(rule);
        _fixture.SendNumbered(_from, _to, 10);
        World.RunFor(Milliseconds(10));

        Assert.Equal(1, rule.Dropped);
        Assert.Equal([0, 1, 2, 3, 4, 5, 7, 8, 9], NumbersOf(_receiver));
    }

    [Fact]
    public void The_first_verdict_counts_and_later_rules_are_not_asked()
    {
        var (first, second) = (new LossRule(1), new LatencyRule(Milliseconds(1)));
        World.Network.Install(first);
        World.Network.Install(second);
        SendOne();
        World.RunFor(Milliseconds(10));

        Assert.Empty(_arrivals);
        Assert.Equal((1, 0), (first.Asked, second.Asked));
    }

    [Fact]
    public void Rules_together_add_their_delays_and_multiply_their_copies()
    {
        World.Network.Install(NetworkRule.Together(
            new LossRule(0), new LatencyRule(Milliseconds(3)), new DuplicationRule(1, Milliseconds(2)), new LatencyRule(Milliseconds(4))));
        SendOne();
        World.RunFor(Milliseconds(20));

        Assert.Equal([Milliseconds(8), Milliseconds(10)], _arrivals);
    }

    [Fact]
    public void A_drop_wins_among_rules_together()
    {
        var latency = new LatencyRule(Milliseconds(3));
        World.Network.Install(NetworkRule.Together(latency, new LossRule(1)));
        SendOne();
        World.RunFor(Milliseconds(20));

        Assert.Empty(_arrivals);
        Assert.Equal(1, latency.Asked);
    }

    [Fact]
    public void A_filtered_rule_sees_what_matches_only()
    {
        var loss = new LossRule(1);
        World.Network.Install(loss.Only(packet => packet.Bytes.Span[0] % 2 == 0));
        _fixture.SendNumbered(_from, _to, 10);
        World.RunFor(Milliseconds(10));

        Assert.Equal(5, loss.Asked);
        Assert.Equal([1, 3, 5, 7, 9], NumbersOf(_receiver));
    }

    [Fact]
    public void A_function_is_a_rule_and_sees_who_sends_what_to_whom()
    {
        Packet? seen = null;
        World.Network.Install(NetworkRule.From(packet =>
        {
            seen = packet;
            return Verdict.Pass;
        }));
        SendOne();

        Assert.Equal((PacketKind.Datagram, 0L), (seen!.Value.Kind, seen.Value.Index));
        Assert.Equal((_fixture.Left, _fixture.Right), (seen.Value.FromHost, seen.Value.ToHost));
        Assert.Equal(UdpAddress.From(_from.LocalEndPoint), seen.Value.From);
        Assert.Equal(UdpAddress.From(_to.LocalEndPoint), seen.Value.To);
        Assert.Equal("one"u8, seen.Value.Bytes.Span);
    }

    private void SendOne() => _fixture.LeftLoop.Run(() => _from.Send("one"u8, 3, UdpAddress.From(_to.LocalEndPoint)));
}

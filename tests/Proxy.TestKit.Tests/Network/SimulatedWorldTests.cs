using Proxy.Transport;
using Proxy.Transport.Tests.Contract;
using static Proxy.TestKit.Tests.Network.SimulationFixture;

namespace Proxy.TestKit.Tests.Network;

public sealed class SimulatedWorldTests
{
    [Fact]
    public void The_same_seed_gives_the_same_trace()
    {
        Assert.Equal(BusyHour(seed: 7).TraceHash, BusyHour(seed: 7).TraceHash);
    }

    [Fact]
    public void Other_seeds_give_other_traces()
    {
        var hashes = Enumerable.Range(1, 10).Select(seed => BusyHour(seed).TraceHash);

        Assert.Equal(10, hashes.Distinct().Count());
    }

    [Fact]
    public void A_trace_is_the_same_in_every_process()
    {
        // Recorded once; it changes only when the simulation itself does, or the order of what it does.
        Assert.Equal(17231991141545092054UL, BusyHour(seed: 7).TraceHash);
    }

    [Fact]
    public void Keeping_lines_changes_no_hash()
    {
        var world = BusyHour(seed: 7, linesKept: 50);

        Assert.Equal(BusyHour(seed: 7).TraceHash, world.TraceHash);
        Assert.Equal(50, world.Trace.Lines.Count);
    }

    [Fact]
    public void A_note_is_part_of_the_trace()
    {
        var (one, other) = (new SimulatedWorld(1), new SimulatedWorld(1));
        one.Trace.KeepLines(10);
        one.Trace.Note("leader is n1");
        other.Trace.Note("leader is n2");

        Assert.NotEqual(one.TraceHash, other.TraceHash);
        Assert.Equal("0.000000 Note - 12 leader is n1", Assert.Single(one.Trace.Lines));
    }

    [Fact]
    public void The_clock_jumps_to_what_is_due_and_never_ticks()
    {
        var fixture = new SimulationFixture();
        var moments = new List<long>();
        fixture.LeftLoop.Run(() =>
        {
            var loop = fixture.LeftLoop;
            loop.CreateDeadline(() => moments.Add(loop.NowMicroseconds)).Set(86_400_000_000);
            loop.CreateDeadline(() => moments.Add(loop.NowMicroseconds)).Set(17);
        });
        var turnsBefore = fixture.LeftLoop.Counters.Turns;
        fixture.World.RunFor(TimeSpan.FromDays(2));

        Assert.Equal([17, 86_400_000_000], moments);
        Assert.Equal(2, fixture.LeftLoop.Counters.Turns - turnsBefore);
        Assert.Equal(TimeSpan.FromDays(2), fixture.World.Time.Elapsed);
    }

    [Fact]
    public void Timers_of_the_manual_clock_and_deadlines_share_one_time()
    {
        var fixture = new SimulationFixture();
        var order = new List<string>();
        using var timer = fixture.World.Time.CreateTimer(_ => order.Add("timer"), null, Milliseconds(5), Milliseconds(10));
        fixture.LeftLoop.Run(() => fixture.LeftLoop.CreateDeadline(() => order.Add("deadline")).Set(10_000));
        fixture.World.RunFor(Milliseconds(20));

        Assert.Equal(["timer", "deadline", "timer"], order);
    }

    [Fact]
    public void Settling_runs_what_is_ready_and_leaves_the_clock_alone()
    {
        var fixture = new SimulationFixture();
        var ran = new List<string>();
        fixture.LeftLoop.Post(() =>
        {
            fixture.RightLoop.Post(() => ran.Add("now"));
            fixture.LeftLoop.CreateDeadline(() => ran.Add("later")).Set(1);
        });
        fixture.World.Settle();

        Assert.Equal(["now"], ran);
        Assert.Equal(TimeSpan.Zero, fixture.World.Time.Elapsed);
    }

    [Fact]
    public void A_condition_that_is_not_reached_names_the_seed()
    {
        var fixture = new SimulationFixture(seed: 4711);
        var failure = Assert.Throws<SimulationLimitException>(() => fixture.World.RunUntil(() => false, Milliseconds(5)));

        Assert.Contains("seed 4711", failure.Message, StringComparison.Ordinal);
        Assert.Equal(Milliseconds(5), fixture.World.Time.Elapsed);
    }

    [Fact]
    public void Work_without_end_is_stopped_by_the_limit_of_turns()
    {
        var fixture = new SimulationFixture();
        void Again() => fixture.LeftLoop.Post(Again);
        fixture.LeftLoop.Post(Again);

        Assert.Throws<SimulationLimitException>(() => fixture.World.RunUntil(() => false, Milliseconds(5), maxTurns: 1000));
        Assert.Equal(1000, fixture.LeftLoop.Counters.Turns);
    }

    [Fact]
    public void A_loop_keeps_the_order_of_its_work_while_the_seed_mixes_loops()
    {
        var orders = Enumerable.Range(1, 20).Select(seed =>
        {
            var fixture = new SimulationFixture(seed);
            var order = new List<string>();
            for (var i = 0; i < 5; i++)
            {
                var (left, right) = ($"l{i}", $"r{i}");
                fixture.LeftLoop.Post(() => order.Add(left));
                fixture.RightLoop.Post(() => order.Add(right));
            }

            fixture.World.Settle();
            Assert.Equal(["l0", "l1", "l2", "l3", "l4"], order.Where(entry => entry[0] == 'l'));
            Assert.Equal(["r0", "r1", "r2", "r3", "r4"], order.Where(entry => entry[0] == 'r'));
            return string.Join(' ', order);
        });

        Assert.True(orders.Distinct(StringComparer.Ordinal).Count() > 5, "The seed does not mix the loops.");
    }

    [Fact]
    public void A_call_from_outside_the_loop_is_refused()
    {
        var fixture = new SimulationFixture();

        Assert.Throws<InvalidOperationException>(() => fixture.LeftLoop.CreateDeadline(() => { }));
        fixture.RightLoop.Run(() => Assert.Throws<InvalidOperationException>(() => fixture.LeftLoop.CreateDeadline(() => { })));
    }

    [Fact]
    public void What_a_handler_throws_comes_out_of_the_run_and_the_loop_goes_on()
    {
        var fixture = new SimulationFixture();
        var isDone = false;
        fixture.LeftLoop.Post(() => throw new FormatException("Meant to fail."));
        fixture.LeftLoop.Post(() => isDone = true);

        Assert.Throws<FormatException>(fixture.World.Settle);
        fixture.World.Settle();
        Assert.True(isDone);
        Assert.Equal(1, fixture.LeftLoop.Counters.HandlerFailures);
    }

    [Fact]
    public void A_crash_ends_the_hosts_loops_with_their_work_and_deadlines()
    {
        var fixture = new SimulationFixture();
        var ran = new List<string>();
        fixture.RightLoop.Run(() => fixture.RightLoop.CreateDeadline(() => ran.Add("deadline")).Set(10));
        fixture.RightLoop.Post(() => ran.Add("work"));
        fixture.Right.Crash();
        fixture.RightLoop.Post(() => ran.Add("late work"));
        fixture.World.RunFor(Milliseconds(1));
        Assert.Empty(ran);

        fixture.Right.Restart();
        fixture.ReplaceRightLoop();
        fixture.RightLoop.Run(() => ran.Add("new loop"));
        Assert.Equal(["new loop"], ran);
    }

    [Fact]
    public void A_rule_may_crash_the_host_whose_turn_it_is_and_nothing_leaves_it_any_more()
    {
        var fixture = new SimulationFixture();
        var (client, server) = (new RecordingChannelHandler(), new RecordingChannelHandler());
        var (clientChannel, serverChannel) = fixture.Connect(client, server);
        var datagrams = new RecordingUdpHandler();
        var target = fixture.OpenUdp(fixture.LeftLoop, datagrams);
        var source = fixture.OpenUdp(fixture.RightLoop, new RecordingUdpHandler());
        fixture.World.Network.Install(NetworkRule.From(packet =>
        {
            if (packet.Bytes.Span.StartsWith("bang"u8))
            {
                packet.FromHost.Crash();
            }

            return Verdict.Pass;
        }));
        server.WhenReceived = _ =>
        {
            source.Send("bangcrash"u8, 4, UdpAddress.From(target.LocalEndPoint));
            source.Send("more"u8, 4, UdpAddress.From(target.LocalEndPoint));
            serverChannel.Send("answer"u8);
            fixture.RightLoop.Connect(target.LocalEndPoint, TcpOptions.Default, server);
        };
        fixture.LeftLoop.Run(() => clientChannel.Send("question"u8));
        fixture.World.RunFor(Milliseconds(100));

        Assert.Equal("bang"u8, Assert.Single(datagrams.Datagrams).Bytes);
        Assert.Equal("received", server.Calls);
        Assert.Equal("connected", client.Calls);
        Assert.Equal((0, 0), (fixture.Right.OpenTcpSockets, fixture.Right.OpenUdpEndpoints));
    }

    /// <summary>Datagrams and a stream under loss, jitter, duplication, a partition and a crash.</summary>
    private static SimulatedWorld BusyHour(int seed, int linesKept = 0)
    {
        var fixture = new SimulationFixture(seed);
        var world = fixture.World;
        world.Trace.KeepLines(linesKept);
        world.Network.Install(new LossRule(0.05));
        world.Network.Install(NetworkRule.Together(new LatencyRule(Milliseconds(5), Milliseconds(5)), new DuplicationRule(0.05, Milliseconds(1))));
        var (client, _) = fixture.Connect(new RecordingChannelHandler(), new EchoHandler());
        var receiver = fixture.OpenUdp(fixture.RightLoop, new RecordingUdpHandler());
        var sender = fixture.OpenUdp(fixture.LeftLoop, new RecordingUdpHandler());
        fixture.LeftLoop.Run(() => client.Send(new byte[200_000]));
        fixture.SendNumbered(sender, receiver, 200);
        using (world.Network.Partition(fixture.Left, fixture.Right))
        {
            world.RunFor(TimeSpan.FromSeconds(2));
        }

        world.RunFor(TimeSpan.FromSeconds(5));
        fixture.Right.Crash();
        world.RunFor(TimeSpan.FromSeconds(5));
        fixture.Right.Restart();
        world.RunFor(TimeSpan.FromHours(1));
        return world;
    }
}

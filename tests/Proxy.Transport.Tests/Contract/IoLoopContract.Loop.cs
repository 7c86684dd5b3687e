namespace Proxy.Transport.Tests.Contract;

public abstract partial class IoLoopContract
{
    [Fact]
    public void Work_posted_from_elsewhere_runs_once_each_in_order()
    {
        var seen = new List<int>();
        for (var i = 0; i < 1000; i++)
        {
            First.Post(new Work(() => seen.Add(i)));
        }

        Until(() => _environment.Run(First, () => seen.Count) == 1000, "all work has run");
        Assert.Equal(1000, seen.Count);
        First.Post(new Work(() => seen.Clear()));
        Until(() => _environment.Run(First, () => seen.Count) == 0, "later work has run");
    }

    [Fact]
    public void Work_posted_by_the_loop_runs_in_a_later_turn_and_in_order()
    {
        var seen = new List<string>();
        _environment.Run(First, () =>
        {
            First.Post(new Work(() => seen.Add("a")));
            First.Post(new Work(() =>
            {
                First.Post(new Work(() => seen.Add("d")));
                seen.Add("b");
            }));
            First.Post(new Work(() => seen.Add("c")));
            Assert.Empty(seen);
        });
        Until(() => _environment.Run(First, () => seen.Count) == 4, "all work has run");

        Assert.Equal(["a", "b", "c", "d"], seen);
    }

    [Fact]
    public void Loops_may_post_to_each_other_a_long_time()
    {
        var (left, done) = (2000, false);
        void Next(IIoLoop loop, IIoLoop other)
        {
            Assert.True(loop.IsCurrent);
            if (--left == 0)
            {
                Volatile.Write(ref done, true);
                return;
            }

            other.Post(new Work(() => Next(other, loop)));
        }

        First.Post(new Work(() => Next(First, Second)));
        Until(() => Volatile.Read(ref done), "the ball has been played 2000 times");
        Assert.Equal(0, left);
    }

    [Fact]
    public void Deadlines_fire_in_order_and_never_early()
    {
        var fired = new List<(string Name, long EarlyMicroseconds)>();
        _environment.Run(First, () =>
        {
            var now = First.NowMicroseconds;
            void Arm(string name, long delayMicroseconds) =>
                First.CreateDeadline(() => fired.Add((name, now + delayMicroseconds - First.NowMicroseconds))).Set(now + delayMicroseconds);
            Arm("third", 9_500);
            Arm("first", 1_200);
            Arm("second", 4_000);
            Arm("at once", -5);
        });
        Until(() => _environment.Run(First, () => fired.Count) == 4, "all have fired");

        Assert.Equal(["at once", "first", "second", "third"], fired.Select(entry => entry.Name));
        Assert.All(fired, entry => Assert.True(entry.EarlyMicroseconds <= 0, $"{entry.Name} is {entry.EarlyMicroseconds} µs early."));
    }

    [Fact]
    public void A_deadline_fires_once_each_time_it_is_set_and_only_for_the_last_setting()
    {
        var fired = 0;
        IDeadline deadline = null!;
        _environment.Run(First, () =>
        {
            deadline = First.CreateDeadline(() => fired++);
            deadline.Set(First.NowMicroseconds + 3_600_000_000);
            deadline.Set(First.NowMicroseconds + 500);
            deadline.Set(First.NowMicroseconds + 1_000);
        });
        Until(() => _environment.Run(First, () => fired) == 1, "it has fired");
        _environment.Settle();
        Assert.Equal(1, fired);

        _environment.Run(First, () => deadline.Set(First.NowMicroseconds + 1_000));
        Until(() => _environment.Run(First, () => fired) == 2, "it has fired again");
    }

    [Fact]
    public void A_cancelled_deadline_does_not_fire_even_when_its_moment_has_passed()
    {
        var fired = new List<string>();
        _environment.Run(First, () =>
        {
            var cancelled = First.CreateDeadline(() => fired.Add("cancelled"));
            First.CreateDeadline(() =>
            {
                cancelled.Cancel();
                fired.Add("canceller");
            }).Set(First.NowMicroseconds);
            cancelled.Set(First.NowMicroseconds);
            cancelled.Set(First.NowMicroseconds + 1);
        });
        _environment.Settle();

        Assert.Equal(["canceller"], fired);
    }

    [Fact]
    public void A_deadline_that_sets_itself_again_at_once_starves_nobody()
    {
        var (fired, isWorkDone) = (0, false);
        IDeadline again = null!;
        _environment.Run(First, () =>
        {
            again = First.CreateDeadline(() =>
            {
                fired++;
                if (!isWorkDone)
                {
                    again.Set(First.NowMicroseconds);
                }
            });
            again.Set(First.NowMicroseconds);
        });
        _environment.Run(First, () => isWorkDone = true);
        Until(() => _environment.Run(First, () => fired) > 0, "the deadline has fired");
    }

    [Fact]
    public void A_failing_callback_is_counted_and_the_loop_goes_on()
    {
        var counters = _environment.CountersOf(First);
        First.Post(new Work(() => throw new InvalidOperationException("Meant to fail.")));
        _environment.Run(First, () => First.CreateDeadline(() => throw new InvalidOperationException("Meant to fail.")).Set(First.NowMicroseconds));
        Until(() => Volatile.Read(ref counters.HandlerFailures) == 2, "both failures are counted");

        Assert.True(_environment.Run(First, () => First.IsCurrent));
    }

    [Fact]
    public void A_failing_handler_costs_its_channel_and_nobody_else()
    {
        var pair = Connect();
        pair.ServerEvents.WhenReceived = _ => throw new InvalidOperationException("Meant to fail.");
        pair.ResumeBoth();
        pair.OnClient(channel => channel.Send("poison"u8));
        Until(() => pair.ClientEvents.Fault is not null && pair.ServerEvents.Fault is not null, "both are told");

        Assert.Equal("received failed:Other", pair.ServerEvents.Calls);
        Assert.Equal(1, _environment.CountersOf(Second).HandlerFailures);
        Bytes_cross_both_ways_and_the_addresses_match();
    }

    [Fact]
    public void A_failing_accept_handler_refuses_that_connection_only()
    {
        var isPoisoned = true;
        var accepting = new RecordingAcceptHandler
        {
            WhenAccepted = _ =>
            {
                if (isPoisoned)
                {
                    isPoisoned = false;
                    throw new InvalidOperationException("Meant to fail.");
                }
            },
        };
        var listener = Listen(Second, accepting);
        var (refused, welcome) = (new RecordingChannelHandler(), new RecordingChannelHandler());
        refused.WhenConnected = channel => channel.ResumeReceive();
        _environment.Run(First, () => First.Connect(listener.LocalEndPoint, TcpOptions.Default, refused));
        Until(() => refused.Fault is not null, "the first is refused");
        _environment.Run(First, () => First.Connect(listener.LocalEndPoint, TcpOptions.Default, welcome));
        Until(() => welcome.IsConnected && accepting.Accepted.Count == 1, "the second is accepted");

        Assert.Equal(TransportFaultKind.Reset, refused.Fault!.Value.Kind);
    }

    private sealed class Work(Action action) : IThreadPoolWorkItem
    {
        public void Execute() => action();
    }
}

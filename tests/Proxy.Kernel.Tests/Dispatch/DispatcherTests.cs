using System.Text;

namespace Proxy.Kernel.Tests;

public sealed class DispatcherTests
{
    [Fact]
    public void The_same_seed_gives_the_same_trace()
    {
        Assert.Equal(TraceOf(seed: 7), TraceOf(seed: 7));
    }

    [Fact]
    public void Different_seeds_give_different_interleavings()
    {
        var traces = Enumerable.Range(1, 10).Select(TraceOf).Distinct(StringComparer.Ordinal);

        Assert.True(traces.Count() >= 9, "Ten seeds gave fewer than nine different runs.");
    }

    [Fact]
    public void Any_work_item_takes_part_in_a_deterministic_run()
    {
        var dispatcher = new DeterministicDispatcher(1);
        var item = new CountingItem();

        dispatcher.Execute(item);

        Assert.True(dispatcher.RunOne());
        Assert.False(dispatcher.RunOne());
        Assert.Equal(1, item.Runs);
    }

    [Fact]
    public void A_deterministic_run_stops_at_the_number_of_turns_it_was_given()
    {
        var dispatcher = new DeterministicDispatcher(1);
        dispatcher.Execute(new EndlessItem(dispatcher));

        Assert.Equal(25, dispatcher.RunUntilIdle(25));
        Assert.False(dispatcher.IsIdle);
        Assert.Equal(25, dispatcher.Turns);
    }

    [Fact]
    public void On_the_calling_thread_everything_a_message_causes_has_happened_when_Tell_returns()
    {
        var system = ActorSystem.Create("calling", new ActorSystemSetup { Dispatcher = new CallingThreadDispatcher() });
        var threads = new HashSet<Thread>();
        var last = system.ActorOf(ScriptedActor.Props((_, _) => threads.Add(Thread.CurrentThread)));
        var first = system.ActorOf(ScriptedActor.Props((_, message) => last.Tell(message)));

        first.Tell("through both");

        Assert.Equal([Thread.CurrentThread], threads);
    }

    [Fact]
    public void On_the_calling_thread_a_message_to_oneself_waits_for_the_handler_to_end()
    {
        var system = ActorSystem.Create("calling", new ActorSystemSetup { Dispatcher = new CallingThreadDispatcher() });
        var events = new List<string>();
        var actor = system.ActorOf(ScriptedActor.Props((context, message) =>
        {
            events.Add($"begin {message}");
            if (message is "outer")
            {
                context.Self.Tell("inner");
            }

            events.Add($"end {message}");
        }));

        actor.Tell("outer");

        Assert.Equal(["begin outer", "end outer", "begin inner", "end inner"], events);
    }

    [Fact]
    public void A_child_without_a_dispatcher_of_its_own_runs_on_its_parents()
    {
        var special = new DeterministicDispatcher(3);
        using var test = new TestSystem();
        MessageDispatcher? ofChild = null;
        test.ActorOf(ScriptedActor.Props(new Script
        {
            PreStart = context => context.ActorOf(ScriptedActor.Props(new Script { PreStart = child => ofChild = child.Dispatcher })),
        }).WithDispatcher(special));

        special.RunUntilIdle(10);

        Assert.Same(special, ofChild);
        _ = test.System.Terminate();
        while (test.Dispatcher.RunOne() || special.RunOne())
        {
            Assert.True(special.Turns < 1000);
        }
    }

    [Fact]
    public void The_thread_pool_runs_two_busy_actors_at_the_same_time()
    {
        var system = ActorSystem.Create("pool");
        using var both = new Barrier(2);
        var met = 0;
        for (var actor = 0; actor < 2; actor++)
        {
            system.ActorOf(ScriptedActor.Props((_, _) =>
            {
                if (both.SignalAndWait(Await.DefaultTimeout))
                {
                    Interlocked.Increment(ref met);
                }
            })).Tell("meet");
        }

        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref met) == 2, Await.DefaultTimeout));
    }

    /// <summary>Two actors that keep waking each other share a thread, but not for ever: more such pairs than processors, and a stranger.</summary>
    [Fact]
    public async Task On_the_thread_pool_actors_that_keep_waking_each_other_do_not_starve_the_others()
    {
        var system = ActorSystem.Create("starving");
        for (var pair = 0; pair < Environment.ProcessorCount + 2; pair++)
        {
            var pong = system.ActorOf(ScriptedActor.Props((context, message) => context.Sender.Tell(message)));
            system.ActorOf(ScriptedActor.Props((context, message) => pong.Tell(message))).Tell("ball");
        }

        var stranger = system.ActorOf(ScriptedActor.Props((context, message) => context.Sender.Tell(message)));
        for (var question = 0; question < 50; question++)
        {
            Assert.Equal(question, await stranger.Ask<int>(question, Await.DefaultTimeout));
        }

        await system.Terminate();
    }

    private static string TraceOf(int seed)
    {
        var dispatcher = new DeterministicDispatcher(seed);
        var trace = new StringBuilder();
        dispatcher.TurnStarting = (turn, item) => trace.Append(turn).Append(' ').Append(item).AppendLine();
        var system = ActorSystem.Create("trace", new ActorSystemSetup { Dispatcher = dispatcher });
        var actors = Enumerable.Range(0, 4).Select(number => system.ActorOf(ScriptedActor.Props((context, message) =>
        {
            if ((int)message > 0)
            {
                context.Sender.Tell((int)message - 1);
            }
        }), $"actor-{number}")).ToArray();
        foreach (var actor in actors)
        {
            actor.Tell(5, actors[0]);
        }

        dispatcher.RunUntilIdle(10_000);
        return trace.ToString();
    }

    private sealed class CountingItem : IThreadPoolWorkItem
    {
        public int Runs { get; private set; }

        public void Execute() => Runs++;
    }

    private sealed class EndlessItem(DeterministicDispatcher dispatcher) : IThreadPoolWorkItem
    {
        public void Execute() => dispatcher.Execute(this);
    }
}

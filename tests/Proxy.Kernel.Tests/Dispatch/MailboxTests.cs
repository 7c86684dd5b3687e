namespace Proxy.Kernel.Tests;

/// <summary>Order, fairness, the two lanes and the bound of a mailbox.</summary>
public sealed class MailboxTests
{
    [Fact]
    public void Messages_of_each_sender_keep_their_order_when_several_threads_tell()
    {
        const int Senders = 4;
        const int MessagesEach = 20_000;
        var system = ActorSystem.Create("order");
        var next = new int[Senders];
        var broken = 0;
        var handled = 0;
        var actor = system.ActorOf(ScriptedActor.Props((_, message) =>
        {
            var (sender, number) = ((int, int))message;
            broken += next[sender] == number ? 0 : 1;
            next[sender] = number + 1;
            Volatile.Write(ref handled, handled + 1);
        }));

        var threads = Enumerable.Range(0, Senders).Select(sender => new Thread(() =>
        {
            for (var number = 0; number < MessagesEach; number++)
            {
                actor.Tell((sender, number));
            }
        })).ToArray();
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());

        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref handled) == Senders * MessagesEach, Await.DefaultTimeout));
        Assert.Equal(0, broken);
    }

    /// <summary>
    /// The trap: a message is queued in the very moment in which its receiver goes idle. One message at a time, many times, told at moments that
    /// sweep over the end of the receiver's turn.
    /// </summary>
    [Fact]
    public void A_message_told_to_an_actor_that_is_just_going_idle_always_wakes_it()
    {
        const int Rounds = 60_000;
        var system = ActorSystem.Create("wake-up");
        var handled = 0;
        var actor = system.ActorOf(ScriptedActor.Props((_, _) => Volatile.Write(ref handled, handled + 1)));

        for (var round = 1; round <= Rounds; round++)
        {
            actor.Tell("wake");
            for (var spin = 0; spin < 5_000 && Volatile.Read(ref handled) < round; spin++)
            {
                // Tight, so that the next message follows the handling of this one by nanoseconds.
            }

            var expected = round;
            Assert.True(
                Volatile.Read(ref handled) >= expected
                || SpinWait.SpinUntil(() => Volatile.Read(ref handled) >= expected, Await.DefaultTimeout),
                $"The wake-up of round {round} was lost.");
            Thread.SpinWait(round % 16);
        }
    }

    [Fact]
    public void A_system_message_to_an_actor_that_is_just_going_idle_always_wakes_it()
    {
        const int Rounds = 20_000;
        var system = ActorSystem.Create("system-wake-up");
        var ended = 0;
        var parent = system.ActorOf(ScriptedActor.Props((context, message) =>
        {
            if (message is Terminated)
            {
                Volatile.Write(ref ended, ended + 1);
            }
            else
            {
                context.Watch((IActorRef)message);
            }
        }));

        for (var round = 1; round <= Rounds; round++)
        {
            var child = system.ActorOf(ScriptedActor.Props((_, _) => { }));
            parent.Tell(child);
            system.Stop(child);
            var expected = round;
            Assert.True(
                SpinWait.SpinUntil(() => Volatile.Read(ref ended) >= expected, Await.DefaultTimeout),
                $"The end of child {round} was lost.");
        }
    }

    [Fact]
    public void A_turn_handles_as_many_messages_as_the_throughput_says_and_then_the_neighbour_has_its_turn()
    {
        var dispatcher = new DeterministicDispatcher(1) { Throughput = 5 };
        var system = ActorSystem.Create("fair", new ActorSystemSetup { Dispatcher = dispatcher });
        var busy = system.ActorOf(ScriptedActor.Props((context, _) => context.Self.Tell("again")), "busy");
        var handledByNeighbour = 0;
        var neighbour = system.ActorOf(ScriptedActor.Props((_, _) => handledByNeighbour++), "neighbour");
        dispatcher.RunUntilIdle(100);

        busy.Tell("first");
        neighbour.Tell("hello");

        dispatcher.RunUntilIdle(50);
        Assert.Equal(1, handledByNeighbour);
    }

    [Fact]
    public void A_turn_ends_after_the_throughput_although_more_messages_wait()
    {
        var dispatcher = new DeterministicDispatcher(1) { Throughput = 5 };
        var system = ActorSystem.Create("turns", new ActorSystemSetup { Dispatcher = dispatcher });
        var handled = 0;
        var actor = system.ActorOf(ScriptedActor.Props((_, _) => handled++));
        dispatcher.RunUntilIdle(100);
        for (var message = 0; message < 12; message++)
        {
            actor.Tell(message);
        }

        var afterEachTurn = new List<int>();
        while (dispatcher.RunOne())
        {
            afterEachTurn.Add(handled);
        }

        Assert.Equal([5, 10, 12], afterEachTurn);
    }

    [Fact]
    public void A_system_message_overtakes_the_user_messages_that_wait()
    {
        using var test = new TestSystem();
        var handled = new List<object>();
        var actor = test.ActorOf(ScriptedActor.Props((_, message) => handled.Add(message)));
        test.Run();

        actor.Tell("told before the stop");
        test.System.Stop(actor);
        test.Run();

        Assert.Empty(handled);
        Assert.Equal(1, test.System.DeadLetterCount);
    }

    [Fact]
    public void A_system_message_sent_inside_a_handler_overtakes_the_rest_of_the_turn()
    {
        using var test = new TestSystem();
        var handled = new List<object>();
        var actor = test.ActorOf(ScriptedActor.Props((context, message) =>
        {
            handled.Add(message);
            context.Stop(context.Self);
        }));
        actor.Tell(1);
        actor.Tell(2);
        test.Run();

        Assert.Equal([1], handled);
    }

    [Fact]
    public void A_bounded_mailbox_sends_what_it_has_no_room_for_to_dead_letters_and_counts_it()
    {
        using var test = new TestSystem();
        var letters = test.Probe();
        test.System.EventStream.Subscribe<DeadLetter>(letters.Ref);
        var handled = new List<object>();
        var actor = test.ActorOf(ScriptedActor.Props((_, message) => handled.Add(message)).WithMailboxCapacity(3));
        test.Run();

        for (var message = 1; message <= 5; message++)
        {
            actor.Tell(message);
        }

        test.Run();
        Assert.Equal([1, 2, 3], handled);
        Assert.Equal(2, test.System.MailboxOverflowCount);
        letters.ExpectMsg<DeadLetter>(letter => Equals(letter.Message, 4) && letter.Recipient == actor);
        letters.ExpectMsg<DeadLetter>(letter => Equals(letter.Message, 5));
    }

    [Fact]
    public void The_bound_counts_messages_that_a_turn_has_taken_and_not_yet_handled()
    {
        var dispatcher = new DeterministicDispatcher(1) { Throughput = 1 };
        using var test = new TestSystem(configure: setup => setup with { Dispatcher = dispatcher });
        var handled = 0;
        var actor = test.System.ActorOf(ScriptedActor.Props((_, _) => handled++).WithMailboxCapacity(3));
        dispatcher.RunUntilIdle(10);
        actor.Tell(1);
        actor.Tell(2);
        actor.Tell(3);

        dispatcher.RunOne();
        actor.Tell(4);
        actor.Tell(5);
        dispatcher.RunUntilIdle(100);

        Assert.Equal(4, handled);
        Assert.Equal(1, test.System.MailboxOverflowCount);
        _ = test.System.Terminate();
        dispatcher.RunUntilIdle(100);
    }

    [Fact]
    public void The_end_of_a_watched_actor_finds_room_in_a_full_mailbox()
    {
        using var test = new TestSystem();
        var handled = new List<object>();
        var subject = test.ActorOf(ScriptedActor.Props((_, _) => { }));
        var actor = test.ActorOf(ScriptedActor.Props((context, message) =>
        {
            if (message is "watch")
            {
                context.Watch(subject);
            }

            handled.Add(message);
        }).WithMailboxCapacity(1));
        actor.Tell("watch");
        test.Run();

        test.System.Stop(subject);
        actor.Tell("fills it");
        test.Run();

        Assert.Single(handled.OfType<Terminated>());
    }

    [Fact]
    public void A_poison_pill_finds_room_in_a_full_mailbox()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        var actor = test.ActorOf(ScriptedActor.Props((_, _) => { }).WithMailboxCapacity(1));
        probe.Watch(actor);
        test.Run();

        actor.Tell("fills it");
        actor.Tell(PoisonPill.Instance);

        probe.ExpectTerminated(actor);
    }

    [Fact]
    public void Many_waiting_messages_come_out_in_order_whatever_the_pattern_of_telling_and_handling()
    {
        Property.Check(200, random =>
        {
            var dispatcher = new DeterministicDispatcher(random.Next()) { Throughput = random.Next(1, 100) };
            var system = ActorSystem.Create("segments", new ActorSystemSetup { Dispatcher = dispatcher });
            var handled = new List<int>();
            var actor = system.ActorOf(ScriptedActor.Props((_, message) => handled.Add((int)message)));
            var told = 0;
            for (var step = 0; step < 20; step++)
            {
                for (var burst = random.Next(200); burst > 0; burst--)
                {
                    actor.Tell(told++);
                }

                dispatcher.RunUntilIdle(random.Next(5));
            }

            dispatcher.RunUntilIdle(100_000);
            Assert.Equal(Enumerable.Range(0, told), handled);
        });
    }
}

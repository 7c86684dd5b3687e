namespace Proxy.Kernel.Tests;

public sealed class StashTests
{
    [Fact]
    public void Unstashed_messages_come_in_their_order_before_what_arrived_later()
    {
        using var test = new TestSystem();
        var (actor, handled) = Opening(test, capacity: 10);

        actor.Tell(1);
        actor.Tell(2);
        actor.Tell("open");
        actor.Tell(3);
        test.Run();

        Assert.Equal([1, 2, 3], handled);
    }

    [Fact]
    public void Unstash_takes_the_oldest_alone()
    {
        using var test = new TestSystem();
        var (actor, handled) = Opening(test, capacity: 10);

        actor.Tell(1);
        actor.Tell(2);
        actor.Tell("open for one");
        test.Run();

        Assert.Equal([1], handled);
    }

    [Fact]
    public void An_unstashed_message_keeps_its_sender()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        var (actor, _) = Opening(test, capacity: 10);

        probe.Send(actor, 1);
        actor.Tell("open");

        probe.ExpectMsg("handled 1");
    }

    [Fact]
    public void A_full_stash_fails_the_actor_instead_of_growing()
    {
        using var test = new TestSystem();
        var (actor, _) = Opening(test, capacity: 2);

        EventFilter.Exception<StashOverflowException>(test.System).ExpectOne(() =>
        {
            actor.Tell(1);
            actor.Tell(2);
            actor.Tell(3);
        });
    }

    [Fact]
    public void At_a_restart_the_stashed_messages_return_to_the_mailbox()
    {
        using var test = new TestSystem();
        var (actor, handled) = Opening(test, capacity: 10);

        actor.Tell(1);
        actor.Tell(2);
        actor.Tell("fail");
        actor.Tell("open");
        test.Run();

        Assert.Equal([1, 2], handled);
    }

    [Fact]
    public void At_the_stop_the_stashed_messages_are_dead_letters()
    {
        using var test = new TestSystem();
        var (actor, _) = Opening(test, capacity: 10);
        actor.Tell(1);
        actor.Tell(2);
        test.Run();

        test.System.Stop(actor);
        test.Run();

        Assert.Equal(2, test.System.DeadLetterCount);
    }

    [Fact]
    public void Clear_forgets_the_stashed_messages_and_says_how_many()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        var (actor, handled) = Opening(test, capacity: 10);
        actor.Tell(1);
        actor.Tell(2);

        probe.Send(actor, "clear");
        probe.ExpectMsg(2);
        actor.Tell("open");
        test.Run();

        Assert.Empty(handled);
    }

    /// <summary>An actor that stashes numbers until it is told to open.</summary>
    private static (IActorRef Actor, List<int> Handled) Opening(TestSystem test, int capacity)
    {
        var handled = new List<int>();
        var actor = test.ActorOf(Props.Create(() => new OpeningActor(handled)).WithStashCapacity(capacity));
        return (actor, handled);
    }

    private sealed class OpeningActor : ReceiveActor, IWithStash
    {
        private readonly List<int> _handled;

        public OpeningActor(List<int> handled)
        {
            _handled = handled;
            Receive<int>(_ => Stash.Stash());
            Receive<string>(text => text == "fail", _ => throw new FormatException());
            Receive<string>(text => text == "clear", _ => Sender.Tell(Stash.Clear()));
            Receive<string>(text => text == "open for one", _ =>
            {
                Stash.Unstash();
                Become(Open);
            });
            Receive<string>(_ =>
            {
                Stash.UnstashAll();
                Become(Open);
            });
        }

        public IStash Stash { get; set; } = null!;

        private void Open() => Receive<int>(number =>
        {
            _handled.Add(number);
            Sender.Tell($"handled {number}");
        });

    }
}

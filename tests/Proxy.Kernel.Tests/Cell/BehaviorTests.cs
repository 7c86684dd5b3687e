namespace Proxy.Kernel.Tests;

public sealed class BehaviorTests
{
    [Fact]
    public void Become_replaces_the_behaviour_from_the_next_message_on()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        var light = test.ActorOf(Props.Create(() => new Light()));

        probe.Send(light, "press");
        probe.Send(light, "state");
        probe.ExpectMsg("on");
        probe.Send(light, "press");
        probe.Send(light, "state");
        probe.ExpectMsg("off");
    }

    [Fact]
    public void UnbecomeStacked_returns_to_the_behaviour_below_and_at_the_bottom_to_the_actors_own()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        var actor = test.ActorOf(Props.Create(() => new Stacked()));
        probe.Send(actor, "state");
        probe.ExpectMsg("0");
        probe.Send(actor, "push");
        probe.Send(actor, "push");
        probe.Send(actor, "state");
        probe.ExpectMsg("2");
        probe.Send(actor, "pop");
        probe.Send(actor, "state");
        probe.ExpectMsg("1");
        probe.Send(actor, "pop");
        probe.Send(actor, "pop");
        probe.Send(actor, "state");
        probe.ExpectMsg("0");
    }

    [Fact]
    public void A_restart_returns_to_the_actors_own_behaviour()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        var light = test.ActorOf(Props.Create(() => new Light()));
        probe.Send(light, "press");
        probe.Send(light, "fail");

        probe.Send(light, "state");

        probe.ExpectMsg("off");
    }

    [Fact]
    public void The_first_handler_that_fits_takes_the_message()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        var actor = test.ActorOf(Props.Create(() => new Typed()));

        probe.Send(actor, 5);
        probe.ExpectMsg("small 5");
        probe.Send(actor, 500);
        probe.ExpectMsg("number 500");
        probe.Send(actor, "text");
        probe.ExpectMsg("text text");
        probe.Send(actor, 1.5);
        probe.ExpectMsg("any 1.5");
    }

    [Fact]
    public void A_state_may_carry_its_own_data_and_its_configuration_runs_at_each_entry()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        var actor = test.ActorOf(Props.Create(() => new Counting()));

        probe.Send(actor, "enter");
        probe.ExpectMsg("entered 1");
        probe.Send(actor, "enter");
        probe.ExpectMsg("entered 2");
    }

    [Fact]
    public void What_no_handler_takes_is_published_as_unhandled()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        test.System.EventStream.Subscribe<UnhandledMessage>(probe.Ref);
        var light = test.ActorOf(Props.Create(() => new Light()));

        light.Tell(42, probe.Ref);

        var unhandled = probe.ExpectMsg<UnhandledMessage>();
        Assert.Equal(new UnhandledMessage(42, probe.Ref, light), unhandled);
    }

    [Fact]
    public void Handlers_cannot_be_registered_outside_of_a_configuration()
    {
        using var test = new TestSystem();
        var actor = test.ActorOf(Props.Create(() => new LateRegistration()));

        EventFilter.Exception<InvalidOperationException>(test.System).ExpectOne(() => actor.Tell("register"));
    }

    private sealed class Light : ReceiveActor
    {
        public Light() => Off();

        private void Off()
        {
            Receive<string>(text => text == "press", _ => Become(On));
            Receive<string>(text => text == "state", _ => Sender.Tell("off"));
        }

        private void On()
        {
            Receive<string>(text => text == "press", _ => Become(Off));
            Receive<string>(text => text == "state", _ => Sender.Tell("on"));
            Receive<string>(text => text == "fail", _ => throw new FormatException());
        }
    }

    private sealed class Stacked : UntypedActor
    {
        protected override void OnReceive(object message) => Level(0)(message);

        private UntypedReceive Level(int level) => message =>
        {
            switch (message)
            {
                case "push":
                    BecomeStacked(Level(level + 1));
                    break;
                case "pop":
                    UnbecomeStacked();
                    break;
                default:
                    Sender.Tell($"{level}");
                    break;
            }
        };
    }

    private sealed class Typed : ReceiveActor
    {
        public Typed()
        {
            Receive<int>(number => number < 10, number => Sender.Tell($"small {number}"));
            Receive<int>(number => Sender.Tell($"number {number}"));
            Receive<string>(text => Sender.Tell($"text {text}"));
            ReceiveAny(message => Sender.Tell($"any {message}"));
        }
    }

    private sealed class Counting : ReceiveActor
    {
        private int _entries;

        public Counting() => Waiting(_entries);

        private void Waiting(int entry)
        {
            if (entry > 0)
            {
                Sender.Tell($"entered {entry}");
            }

            Receive<string>(_ =>
            {
                _entries++;
                Become(() => Waiting(_entries));
            });
        }
    }

    private sealed class LateRegistration : ReceiveActor
    {
        public LateRegistration() => Receive<string>(_ => Receive<int>(_ => { }));
    }
}

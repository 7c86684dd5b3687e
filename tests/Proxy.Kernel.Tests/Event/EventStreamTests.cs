using Proxy.Kernel.Event;

namespace Proxy.Kernel.Tests;

public sealed class EventStreamTests
{
    [Fact]
    public void A_subscriber_gets_events_of_its_type_and_of_derived_types_once_each()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        Assert.True(test.System.EventStream.Subscribe<LogEvent>(probe.Ref));
        Assert.True(test.System.EventStream.Subscribe<Warning>(probe.Ref));
        Assert.False(test.System.EventStream.Subscribe<Warning>(probe.Ref));

        test.System.EventStream.Publish(new Warning("here", "careful"));
        test.System.EventStream.Publish("something else");

        probe.ExpectMsg(new Warning("here", "careful"));
        probe.ExpectNoMsg();
    }

    [Fact]
    public void After_Unsubscribe_nothing_comes()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        test.System.EventStream.Subscribe<string>(probe.Ref);
        test.System.EventStream.Subscribe<int[]>(probe.Ref);

        Assert.True(test.System.EventStream.Unsubscribe<string>(probe.Ref));
        test.System.EventStream.Publish("text");
        probe.ExpectNoMsg();

        Assert.True(test.System.EventStream.Unsubscribe(probe.Ref));
        Assert.False(test.System.EventStream.Unsubscribe(probe.Ref));
        test.System.EventStream.Publish(new int[1]);
        probe.ExpectNoMsg();
    }

    [Fact]
    public void A_subscriber_that_stops_is_forgotten()
    {
        using var test = new TestSystem();
        var subscriber = test.ActorOf(ScriptedActor.Props((_, _) => { }));
        test.System.EventStream.Subscribe<string>(subscriber);
        test.Run();

        test.System.Stop(subscriber);
        test.Run();

        Assert.False(test.System.EventStream.Unsubscribe(subscriber));
    }

    [Fact]
    public void A_late_message_is_published_as_a_dead_letter_with_sender_and_recipient()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        var sender = test.Probe();
        test.System.EventStream.Subscribe<DeadLetter>(probe.Ref);
        var actor = test.ActorOf(ScriptedActor.Props((_, _) => { }));
        test.System.Stop(actor);
        test.Run();

        sender.Send(actor, "too late");

        probe.ExpectMsg(new DeadLetter("too late", sender.Ref, actor));
        Assert.Equal(1, test.System.DeadLetterCount);
    }

    [Fact]
    public void An_answer_to_nobody_is_a_dead_letter()
    {
        using var test = new TestSystem();
        var actor = test.ActorOf(ScriptedActor.Props((context, _) => context.Sender.Tell("answer")));

        EventFilter.DeadLetter<string>(test.System).ExpectOne(() => actor.Tell("question", ActorRefs.NoSender));
    }

    [Fact]
    public void A_logger_publishes_lines_of_the_systems_level_and_above_under_the_actors_path()
    {
        using var test = new TestSystem(configure: setup => setup with { LogLevel = LogLevel.Info });
        var probe = test.Probe();
        test.System.EventStream.Subscribe<LogEvent>(probe.Ref);
        var cause = new FormatException();
        test.ActorOf(
            ScriptedActor.Props(new Script
            {
                PreStart = context =>
                {
                    var log = context.GetLogger();
                    log.Debug("too detailed");
                    log.Info("information");
                    log.Warning("warning");
                    log.Error("error");
                    log.Error(cause, "failure");
                },
            }),
            "speaker");

        const string Source = "actor://test/user/speaker";
        probe.ExpectMsgs(
            new Info(Source, "information"),
            new Warning(Source, "warning"),
            new Error(null, Source, "error"),
            new Error(cause, Source, "failure"));
        probe.ExpectNoMsg();
    }
}

namespace Proxy.Kernel.Tests;

public sealed class AskTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task The_task_has_the_first_answer_and_later_ones_are_dead_letters()
    {
        using var test = new TestSystem();
        var actor = test.ActorOf(ScriptedActor.Props((context, message) =>
        {
            context.Sender.Tell($"answer to {message}");
            context.Sender.Tell("second answer");
        }));

        var answer = actor.Ask<string>("question");
        test.Run();

        Assert.True(answer.IsCompletedSuccessfully);
        Assert.Equal("answer to question", await answer);
        Assert.Equal(1, test.System.DeadLetterCount);
    }

    [Fact]
    public async Task Without_an_answer_in_time_it_fails_and_a_late_answer_is_a_dead_letter()
    {
        using var test = new TestSystem();
        var probe = test.Probe();

        var answer = probe.Ref.Ask<string>("question", Second);
        test.Advance(Second - TimeSpan.FromTicks(1));
        Assert.False(answer.IsCompleted);
        test.Advance(TimeSpan.FromTicks(1));

        await Assert.ThrowsAsync<AskTimeoutException>(() => answer);
        probe.ExpectMsg("question");
        probe.Reply("late");
        Assert.Equal(1, test.System.DeadLetterCount);
    }

    [Fact]
    public async Task An_answer_in_time_disarms_the_timeout()
    {
        using var test = new TestSystem();
        var probe = test.Probe();

        var answer = probe.Ref.Ask<string>("question", Second);
        probe.ExpectMsg("question");
        probe.Reply("answer");

        Assert.Equal("answer", await answer);
        Assert.Null(test.Time.NextDue);
    }

    [Fact]
    public async Task A_cancelled_token_ends_the_wait_and_frees_the_timer()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        using var cancellation = new CancellationTokenSource();

        var answer = probe.Ref.Ask<string>("question", Second, cancellation.Token);
        await cancellation.CancelAsync();

        Assert.True(answer.IsCanceled);
        Assert.Null(test.Time.NextDue);
        Assert.True(probe.Ref.Ask<string>("question", Second, cancellation.Token).IsCanceled);
    }

    [Fact]
    public async Task A_failure_as_an_answer_fails_the_task_with_its_cause()
    {
        using var test = new TestSystem();
        var actor = test.ActorOf(ScriptedActor.Props((context, _) => context.Sender.Tell(new Status.Failure(new FormatException()))));

        var answer = actor.Ask<string>("question");
        test.Run();

        await Assert.ThrowsAsync<FormatException>(() => answer);
    }

    [Fact]
    public async Task An_answer_of_another_type_fails_the_task()
    {
        using var test = new TestSystem();
        var actor = test.ActorOf(ScriptedActor.Props((context, _) => context.Sender.Tell(1)));

        var answer = actor.Ask<string>("question");
        test.Run();

        await Assert.ThrowsAsync<InvalidCastException>(() => answer);
    }

    [Fact]
    public void A_piped_result_comes_as_a_message()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        var work = new TaskCompletionSource<int>();

        var piped = work.Task.PipeTo(probe.Ref, success: result => $"result {result}");
        probe.ExpectNoMsg();
        work.SetResult(5);

        probe.ExpectMsg("result 5");
        Assert.True(piped.IsCompletedSuccessfully);
    }

    [Fact]
    public void A_piped_task_that_is_done_already_is_told_at_once()
    {
        using var test = new TestSystem();
        var probe = test.Probe();

        _ = Task.FromResult("done").PipeTo(probe.Ref);
        probe.ExpectMsg("done");
        _ = Task.CompletedTask.PipeTo(probe.Ref);
        probe.ExpectMsg(new Status.Success(null));
    }

    [Fact]
    public void A_piped_failure_or_cancellation_comes_as_Status_Failure_or_as_the_caller_wants_it()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        var cause = new FormatException();

        _ = Task.FromException<int>(cause).PipeTo(probe.Ref);
        probe.ExpectMsg(new Status.Failure(cause));
        _ = Task.FromCanceled<int>(new CancellationToken(canceled: true)).PipeTo(probe.Ref);
        probe.ExpectMsg<Status.Failure>(failure => failure.Cause is TaskCanceledException);
        _ = Task.FromException<int>(cause).PipeTo(probe.Ref, failure: exception => exception.GetType().Name);
        probe.ExpectMsg(nameof(FormatException));
    }

    [Fact]
    public void A_result_that_a_former_instance_asked_for_is_recognised_by_the_restart_count()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        var work = new TaskCompletionSource<string>();
        var actor = test.ActorOf(ScriptedActor.Props((context, message) =>
        {
            switch (message)
            {
                case "start":
                    var instance = context.RestartCount;
                    _ = work.Task.PipeTo(context.Self, success: result => (instance, result));
                    break;
                case "fail":
                    throw new FormatException();
                case (int startedBy, string result):
                    probe.Ref.Tell(startedBy == context.RestartCount ? result : "old");
                    break;
            }
        }));

        actor.Tell("start");
        actor.Tell("fail");
        test.Run();
        work.SetResult("result");

        probe.ExpectMsg("old");
    }

    [Fact]
    public async Task GracefulStop_completes_when_the_actor_has_stopped()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        var actor = test.ActorOf(ScriptedActor.Props(new Script { PostStop = _ => probe.Ref.Tell("stopped") }));

        var stopped = actor.GracefulStop(Second);
        Assert.False(stopped.IsCompleted);
        probe.ExpectMsg("stopped");
        test.Run();

        Assert.True(await stopped);
        Assert.Null(test.Time.NextDue);
        Assert.True(await actor.GracefulStop(Second));
    }

    [Fact]
    public async Task GracefulStop_tells_the_stop_message_it_was_given()
    {
        using var test = new TestSystem();
        var actor = test.ActorOf(ScriptedActor.Props((context, message) =>
        {
            if (message is "please stop")
            {
                context.Stop(context.Self);
            }
        }));

        var stopped = actor.GracefulStop(Second, "please stop");
        test.Run();

        Assert.True(await stopped);
    }

    [Fact]
    public async Task GracefulStop_is_cancelled_when_the_actor_does_not_stop_in_time()
    {
        using var test = new TestSystem();
        var actor = test.ActorOf(ScriptedActor.Props((_, _) => { }));

        var stopped = actor.GracefulStop(Second, "no reason to stop");
        test.Advance(Second);

        await Assert.ThrowsAsync<TaskCanceledException>(() => stopped);
    }

    [Fact]
    public async Task On_real_threads_many_questions_at_once_get_their_own_answers()
    {
        var system = ActorSystem.Create("asking");
        var actor = system.ActorOf(ScriptedActor.Props((context, message) => context.Sender.Tell((int)message * 2)));

        var answers = await Task.WhenAll(Enumerable.Range(0, 1000).Select(number => actor.Ask<int>(number, Await.DefaultTimeout)));

        Assert.Equal(Enumerable.Range(0, 1000).Select(number => number * 2), answers);
        await system.Terminate();
    }
}

namespace Proxy.Kernel.Tests;

public sealed class ActorRefTests
{
    [Fact]
    public void Tell_inside_a_handler_names_the_actor_as_sender_and_outside_nobody()
    {
        using var test = new TestSystem();
        var probe = test.Probe();
        var actor = test.ActorOf(ScriptedActor.Props((_, message) => probe.Ref.Tell(message)));

        actor.Tell("from an actor");
        probe.ExpectMsg("from an actor");
        Assert.Same(actor, probe.LastSender);

        probe.Ref.Tell("from a test");
        probe.ExpectMsg("from a test");
        Assert.Same(test.System.DeadLetters, probe.LastSender);
    }

    [Fact]
    public void Forward_keeps_the_first_sender()
    {
        using var test = new TestSystem();
        var asker = test.Probe();
        var target = test.Probe();
        var actor = test.ActorOf(ScriptedActor.Props((_, message) => target.Ref.Forward(message)));

        asker.Send(actor, "question");
        target.ExpectMsg("question");

        Assert.Same(asker.Ref, target.LastSender);
    }

    [Fact]
    public void A_path_is_the_way_from_the_root_and_equal_by_its_text()
    {
        using var test = new TestSystem();
        var a = test.ActorOf(ScriptedActor.Props((_, _) => { }), "a");
        var b = test.ActorOf(ScriptedActor.Props((_, _) => { }), "b");

        Assert.Equal("actor://test/user/a", a.Path.ToString());
        Assert.Equal("user", a.Path.Parent!.Name);
        Assert.False(a.Path == b.Path);
        Assert.True(a.Path.Parent == b.Path.Parent);
        Assert.Equal(a.Path.Parent.GetHashCode(), b.Path.Parent!.GetHashCode());
    }

    [Fact]
    public void Generators_for_jitter_follow_from_the_systems_seed()
    {
        using var first = new TestSystem(seed: 5);
        using var second = new TestSystem(seed: 5);
        using var other = new TestSystem(seed: 6);

        var expected = first.System.CreateRandom().Next();
        Assert.Equal(expected, second.System.CreateRandom().Next());
        Assert.NotEqual(expected, other.System.CreateRandom().Next());
    }
}

namespace Proxy.Actors.Tests;

/// <summary>A connection of a plain relay.</summary>
public sealed class RelayConnectionTests
{
    [Fact]
    public void Bytes_and_ends_pass_both_ways()
    {
        var rig = new RelayRig(settings => settings with { Targets = [RelayRig.To("10.0.0.4:80")] });
        var target = rig.StartTarget(0);
        var application = rig.Connect();
        application.Send("question");
        application.Finish();
        rig.Until(() => target.Sockets is [{ Text: "question", HasSeenEnd: true }]);
        target.Sockets[0].Send("answer");
        target.Sockets[0].Finish();

        rig.Until(() => application is { Text: "answer", HasSeenEnd: true });

        application.Close();
        target.Sockets[0].Close();
        rig.Until(() => rig.Node.HasLine("web 10.0.0.1:49152 -> 10.0.0.4:80: completed, 8 B up, 6 B down"));
        rig.EndWell();
    }

    [Fact]
    public void Targets_are_taken_in_turn()
    {
        var rig = new RelayRig();
        var targets = Enumerable.Range(0, 3).Select(rig.StartTarget).ToArray();

        var applications = Enumerable.Range(0, 9).Select(_ => rig.Connect()).ToArray();

        rig.Until(() => Array.TrueForAll(targets, target => target.Sockets.Count == 3));
        Array.ForEach(applications, application => application.Reset());
        rig.EndWell();
    }

    [Fact]
    public void A_target_that_refuses_is_followed_by_the_next_one()
    {
        var rig = new RelayRig();
        var alive = rig.StartTarget(2);

        var application = rig.Connect();
        application.Send("hello");

        rig.Until(() => alive.Sockets is [{ Text: "hello" }], 1);
        application.Reset();
        rig.EndWell();
    }

    [Fact]
    public void A_silent_target_leaves_time_for_the_next_one()
    {
        var rig = new RelayRig();
        rig.TargetHosts[0].Crash();
        rig.TargetHosts[1].Crash();
        var alive = rig.StartTarget(2);

        var application = rig.Connect();

        rig.Until(() => alive.Sockets.Count == 1, 4.5);
        application.Reset();
        rig.EndWell();
    }

    [Fact]
    public void When_all_targets_refuse_the_application_is_reset_and_the_log_has_the_last_word()
    {
        var rig = new RelayRig();
        var application = rig.Connect();

        rig.Until(() => application.WasReset, 1);

        Assert.True(rig.Node.HasLine("web", "-> 10.0.0.6:80: connection refused", "fault: upstream"), rig.Node.LastLines());
        rig.EndWell();
    }

    [Fact]
    public void When_all_targets_are_silent_it_is_a_connect_timeout()
    {
        var rig = new RelayRig();
        foreach (var host in rig.TargetHosts)
        {
            host.Crash();
        }

        var application = rig.Connect();
        rig.RunFor(4.9);
        Assert.Null(application.Fault);

        rig.Until(() => application.WasReset, 0.2);

        Assert.True(rig.Node.HasLine("web", "connect timeout", "fault: upstream"), rig.Node.LastLines());
        rig.EndWell();
    }

    [Fact]
    public void A_name_without_an_address_is_followed_by_the_next_target()
    {
        var rig = new RelayRig(
            settings => settings with { Targets = [RelayRig.To("nowhere.example:80"), RelayRig.To("empty.example:80"), RelayRig.To("web.example:80")] },
            names: names =>
            {
                names.Set("empty.example");
                names.Set("web.example", "10.0.0.6");
            });
        var alive = rig.StartTarget(2);

        var application = rig.Connect();

        rig.Until(() => alive.Sockets.Count == 1, 1);
        application.Reset();
        rig.EndWell();
    }

    [Fact]
    public void When_no_name_is_known_the_log_says_so()
    {
        var rig = new RelayRig(
            settings => settings with { Targets = [RelayRig.To("nowhere.example:80"), RelayRig.To("empty.example:80")] },
            names: names => names.Set("empty.example"));
        var application = rig.Connect();

        rig.Until(() => application.WasReset, 1);

        Assert.True(rig.Node.HasLine("web", "name not found", "empty.example has no address", "fault: upstream"), rig.Node.LastLines());
        rig.EndWell();
    }

    [Fact]
    public void An_application_that_resets_during_the_dial_ends_it()
    {
        var rig = new RelayRig();
        rig.TargetHosts[0].Crash();
        var application = rig.Connect();
        rig.RunFor(0.5);

        application.Reset();

        rig.Until(() => rig.Node.HasLine("web", "10.0.0.4:80: reset by client", "fault: client"));
        rig.EndWell();
    }

    [Fact]
    public void A_reset_that_crosses_the_dials_success_leaves_no_connection_behind()
    {
        // The path to the application is longer than the one to the target, so that a reset sent after one trip to the target and back arrives at
        // the moment of the dial's success, and before the actor that hears of both.
        var rig = new RelayRig(settings => settings with { Targets = [RelayRig.To("10.0.0.4:80")] });
        var target = rig.StartTarget(0);
        rig.World.Network.SetLatency(rig.ApplicationLoop.Host, rig.Node.Host, TimeSpan.FromMilliseconds(2));
        var application = rig.Connect();
        rig.Until(() => application.IsConnected);
        rig.RunFor(0.002);
        application.Reset();
        rig.RunFor(1);

        Assert.True(Assert.Single(target.Sockets).WasReset);
        Assert.True(rig.Node.HasLine("web", "10.0.0.4:80: reset by client"), rig.Node.LastLines());
        Assert.Equal(0, rig.Node.Status().Connections.Active);
        rig.EndWell();
    }
}

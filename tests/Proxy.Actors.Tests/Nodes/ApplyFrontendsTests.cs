using System.Net;
using Proxy.Policy.Limits;
using Proxy.Policy.Rules;
using Proxy.Simulation.Tests;

namespace Proxy.Actors.Tests;

/// <summary>Frontends of a running node that come, go and change.</summary>
public sealed class ApplyFrontendsTests
{
    private static readonly IPEndPoint Second = IPEndPoint.Parse("10.0.0.2:7001");

    [Fact]
    public void Settings_that_are_equal_change_nothing()
    {
        var rig = new RelayRig();

        Assert.True(rig.Node.Apply(Settings()).IsEmpty);

        rig.EndWell();
    }

    [Fact]
    public void A_frontend_that_is_added_serves_and_the_others_notice_nothing()
    {
        var rig = new RelayRig();
        var target = rig.StartTarget(0);
        var old = rig.Connect();
        rig.Until(() => target.Sockets.Count == 1);

        var plan = rig.Node.Apply(WithSecond());
        var late = ScriptedSocket.Connect(rig.ApplicationLoop, Second);
        late.Send("new");

        rig.Until(() => target.Sockets is [_, { Text: "new" }]);
        Assert.Equal(["frontend second: added, at 10.0.0.2:7001 [at once]"], plan.Changes.Select(change => change.ToString()));
        old.Send("old");
        rig.Until(() => target.Sockets[0].Text == "old");
        Assert.Equal(["tcp://10.0.0.2:7000", "tcp://10.0.0.2:7001"], rig.Node.Status().Frontends.Select(frontend => frontend.Listen));
        old.Reset();
        late.Reset();
        rig.EndWell();
    }

    [Fact]
    public void A_frontend_that_is_removed_takes_nobody_and_lets_its_connections_finish()
    {
        var rig = new RelayRig(configureNode: _ => WithSecond());
        var target = rig.StartTarget(0);
        var old = ScriptedSocket.Connect(rig.ApplicationLoop, Second);
        old.Send("old");
        rig.Until(() => target.Sockets is [{ Text: "old" }]);

        rig.Node.Apply(Settings());
        var late = ScriptedSocket.Connect(rig.ApplicationLoop, Second);
        rig.Until(() => late.Fault is not null);

        Assert.Equal("draining", rig.Node.Status().Frontends.Single(frontend => frontend.Name == "second").State);
        old.Send(" words");
        rig.Until(() => target.Sockets[0].Text == "old words");
        old.Finish();
        target.Sockets[0].Finish();
        rig.RunFor(1);
        Assert.Single(rig.Node.Status().Frontends);
        Assert.Null(old.Fault);
        old.Close();
        target.Sockets[0].Close();
        rig.EndWell();
    }

    [Fact]
    public void A_frontend_is_altered_where_it_is()
    {
        var rig = new RelayRig();
        var target = rig.StartTarget(0);
        var old = rig.Connect();
        rig.Until(() => target.Sockets.Count == 1);
        var denial = new AccessRules([new AccessRule("nobody", AccessAction.Deny)]);

        var plan = rig.Node.Apply(Altered(frontend => frontend with { Rules = denial, Limits = new AdmissionSettings { MaximumConnections = 5 } }));
        var refused = rig.Connect();
        rig.Until(() => refused.WasReset);

        Assert.Equal(
            [
                "frontend web: limits maximum-connections 2147483647 → 5 [at once]",
                "frontend web: other rules [for what is new; what lives goes on as it began]",
            ],
            plan.Changes.Select(change => change.ToString()));
        Assert.Null(old.Fault);
        rig.Node.Apply(Settings());
        rig.Connect().Send("again");
        rig.Until(() => target.Sockets is [_, { Text: "again" }]);
        target.Sockets[1].Reset();
        old.Reset();
        rig.EndWell();
    }

    [Fact]
    public void A_frontend_that_moves_is_bound_at_its_new_address_before_the_old_one_drains()
    {
        var rig = new RelayRig();
        var target = rig.StartTarget(0);
        var old = rig.Connect();
        rig.Until(() => target.Sockets.Count == 1);

        rig.Node.Apply(Altered(frontend => frontend with { Listen = Second }));

        ScriptedSocket.Connect(rig.ApplicationLoop, Second).Send("there");
        rig.Until(() => target.Sockets is [_, { Text: "there" }]);
        Assert.Equal(
            [("tcp://10.0.0.2:7000", "draining"), ("tcp://10.0.0.2:7001", "listening")],
            rig.Node.Status().Frontends.Select(frontend => (frontend.Listen, frontend.State)));
        target.Sockets[1].Reset();
        old.Reset();
        rig.EndWell();
    }

    [Fact]
    public void Two_frontends_that_change_places_lose_nobody()
    {
        var rig = new RelayRig(configureNode: _ => WithSecond());
        var target = rig.StartTarget(0);
        var old = rig.Connect();
        rig.Until(() => target.Sockets.Count == 1);
        var settings = WithSecond();

        rig.Node.Apply(settings with { Frontends = [settings.Frontends[0] with { Listen = Second }, settings.Frontends[1] with { Listen = RelayRig.Frontend }] });

        Assert.Equal(
            [("second", "tcp://10.0.0.2:7000"), ("web", "tcp://10.0.0.2:7001")],
            rig.Node.Status().Frontends.Select(frontend => (frontend.Name, frontend.Listen)).Order());
        Assert.Null(old.Fault);
        old.Reset();
        rig.EndWell();
    }

    [Fact]
    public void If_one_address_cannot_be_bound_nothing_is_changed_and_every_such_address_is_told()
    {
        var rig = new RelayRig();
        var target = rig.StartTarget(0);
        var settings = WithSecond();
        var third = settings.Frontends[1] with { Name = "third", Listen = IPEndPoint.Parse("10.9.9.9:1") };
        var fourth = third with { Name = "fourth", Listen = IPEndPoint.Parse("10.9.9.9:2") };

        var answer = rig.Node.TryApply(settings with { Frontends = [settings.Frontends[0] with { MaximumRetries = 3 }, settings.Frontends[1], third, fourth] });

        var errors = Assert.IsType<NodeActor.ApplyFailed>(answer).Errors;
        Assert.Equal(2, errors.Count);
        Assert.All(errors, error => Assert.StartsWith("cannot listen on tcp://10.9.9.9:", error, StringComparison.Ordinal));
        Assert.Equal("web", Assert.Single(rig.Node.Status().Frontends).Name);
        rig.Connect().Send("as before");
        rig.Until(() => target.Sockets is [{ Text: "as before" }]);
        Assert.False(rig.Node.Apply(settings).IsEmpty);
        target.Sockets[0].Reset();
        rig.EndWell();
    }

    [Fact]
    public void Of_settings_that_come_while_others_are_bound_the_latest_is_next()
    {
        var rig = new RelayRig();
        var settings = WithSecond();

        var answers = rig.Node.ApplyAll([settings, Altered(frontend => frontend with { MaximumRetries = 1 }), Altered(frontend => frontend with { MaximumRetries = 2 })]);

        Assert.Equal([typeof(NodeActor.ApplyFailed), typeof(NodeActor.Applied), typeof(NodeActor.Applied)], answers.Select(answer => answer.GetType()));
        var last = (NodeActor.Applied)answers[2];
        Assert.Contains("retries 15 → 2", last.Plan.Changes[0].Text, StringComparison.Ordinal);
        Assert.Contains(last.Plan.Changes, change => change.ToString().StartsWith("frontend second: removed", StringComparison.Ordinal));
        rig.EndWell();
    }

    private static NodeSettings Settings() =>
        new RelayPlan { Targets = [RelayRig.To("10.0.0.4:80"), RelayRig.To("10.0.0.5:80"), RelayRig.To("10.0.0.6:80")] }.Node;

    private static NodeSettings WithSecond()
    {
        var settings = Settings();
        return settings with { Frontends = [settings.Frontends[0], settings.Frontends[0] with { Name = "second", Listen = Second }] };
    }

    private static NodeSettings Altered(Func<FrontendSettings, FrontendSettings> alter)
    {
        var settings = Settings();
        return settings with { Frontends = [alter(settings.Frontends[0])] };
    }
}

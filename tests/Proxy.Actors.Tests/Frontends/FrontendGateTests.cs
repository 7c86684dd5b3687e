using Proxy.Policy.Limits;
using Proxy.Policy.Rules;
using Proxy.Simulation.Tests;

namespace Proxy.Actors.Tests;

/// <summary>Who is turned away before anything is made for the connection.</summary>
public sealed class FrontendGateTests
{
    [Fact]
    public void One_address_beyond_its_limit_is_refused_while_another_is_served()
    {
        var rig = new RelayRig(settings => settings with { Limits = new AdmissionSettings { MaximumConnectionsPerSource = 2 }, Targets = [RelayRig.To("10.0.0.4:80")] });
        var target = rig.StartTarget(0);
        var greedy = new[] { rig.Connect(), rig.Connect() };
        rig.Until(() => target.Sockets.Count == 2);

        var third = rig.Connect();
        rig.Until(() => third.WasReset);
        var other = ScriptedSocket.Connect(rig.TargetLoops[2], RelayRig.Frontend);
        rig.Until(() => target.Sockets.Count == 3);

        Assert.Equal(1, Refused(rig, "source_connections"));
        Assert.True(rig.Node.HasLine("refused 10.0.0.1:", "its address has 2 connections"), rig.Node.LastLines());
        greedy[0].Reset();
        rig.RunFor(0.1);
        var fourth = rig.Connect();
        rig.Until(() => target.Sockets.Count == 4);
        greedy[1].Reset();
        other.Reset();
        fourth.Reset();
        rig.EndWell();
    }

    [Fact]
    public void Whom_a_rule_denies_is_refused_and_counted_and_takes_no_place()
    {
        var rig = new RelayRig(settings => settings with
        {
            Rules = new AccessRules([new AccessRule("strangers", AccessAction.Deny, new CidrSetBuilder().Add("10.0.0.1", "test", 1).Build())]),
            Targets = [RelayRig.To("10.0.0.4:80")],
            Limits = new AdmissionSettings { MaximumConnections = 1 },
        });
        var target = rig.StartTarget(0);
        var denied = rig.Connect();
        rig.Until(() => denied.WasReset);

        var other = ScriptedSocket.Connect(rig.TargetLoops[2], RelayRig.Frontend);
        rig.Until(() => target.Sockets.Count == 1);

        Assert.Equal((1, 0), (Refused(rig, "denied"), Refused(rig, "frontend_connections")));
        Assert.Equal(new StreamCount(1, 1), Assert.Single(rig.Node.Status().Frontends).Connections);
        Assert.True(rig.Node.HasLine("refused 10.0.0.1:", "denied by rule strangers"), rig.Node.LastLines());
        other.Reset();
        rig.EndWell();
    }

    private static long Refused(RelayRig rig, string reason) =>
        Assert.Single(Assert.Single(rig.Node.Status().Frontends).Refusals, refusal => refusal.Reason == reason).Count;
}

using System.Net;
using Proxy.Cluster.Shares;
using Proxy.Policy.Limits;
using Proxy.Policy.Rules;
using Proxy.Simulation.Tests;
using Proxy.TestKit;

namespace Proxy.Actors.Tests;

/// <summary>Who is turned away before anything is made for the connection.</summary>
public sealed class FrontendGateTests
{
    [Fact]
    public void Without_a_share_of_the_clusters_connections_nobody_comes_in()
    {
        var shared = new ClusterLimit("frontend:web", 5);
        var gate = new FrontendGate(new GateSettings(AccessRules.AllowAll, AdmissionSettings.Unlimited), new ConnectionBudget(10), new ManualTime(), 0, new SharedGate(shared, null, null));

        var outcome = gate.Enter(NetworkAddress.From(IPAddress.Loopback), 0, out var lease, out var refusal);

        Assert.Equal((AdmissionOutcome.Refused, null, RefusalReason.ClusterConnections), (outcome, lease, refusal.Reason));
        Assert.Contains(new RefusalCount("cluster_connections", 1), gate.Refusals());
        Assert.Equal((0, 1), (shared.Active, shared.Refused));
    }

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

    [Fact]
    public void A_client_that_a_proxy_names_is_held_to_rules_and_limits_and_the_proxy_is_not()
    {
        var rig = new RelayRig(settings => settings with
        {
            Rules = new AccessRules([new AccessRule("strangers", AccessAction.Deny, new CidrSetBuilder().Add("192.0.2.0/24", "test", 1).Build())]),
            Limits = new AdmissionSettings { MaximumConnectionsPerSource = 1 },
            Targets = [RelayRig.To("10.0.0.4:80")],
            ProxyProtocol = new ProxyProtocolSettings { TrustedSenders = new CidrSetBuilder().Add("10.0.0.1", "test", 1).Build() },
        });
        var target = rig.StartTarget(0);
        var sockets = new[] { "192.0.2.7", "198.51.100.1", "198.51.100.1", "198.51.100.2" }.Select(client =>
        {
            var socket = rig.Connect();
            socket.Send($"PROXY TCP4 {client} 10.0.0.2 4711 7000\r\nhello");
            rig.RunFor(0.1);
            return socket;
        }).ToArray();

        Assert.Equal([true, false, true, false], sockets.Select(socket => socket.WasReset));
        Assert.Equal(["hello", "hello"], target.Sockets.Select(socket => socket.Text));
        Assert.Equal((1, 1), (Refused(rig, "denied"), Refused(rig, "source_connections")));
        Assert.True(rig.Node.HasLine("not allowed (192.0.2.7: denied by rule strangers), fault: client"), rig.Node.LastLines());
        Assert.True(rig.Node.HasLine("busy (198.51.100.1: its address has 1 connections), fault: us"), rig.Node.LastLines());
        Array.ForEach(sockets, socket => socket.Reset());
        rig.EndWell();
    }

    [Fact]
    public void The_frontends_of_a_node_share_its_maximum_and_a_place_goes_from_one_to_the_other()
    {
        var second = IPEndPoint.Parse("10.0.0.2:7001");
        var rig = new RelayRig(settings => settings with { Targets = [RelayRig.To("10.0.0.4:80")] }, configureNode: node => node with
        {
            MaximumConnections = 2,
            Frontends = [.. node.Frontends, node.Frontends[0] with { Name = "second", Listen = second, Limits = new AdmissionSettings { MaximumQueued = 1 } }],
        });
        var target = rig.StartTarget(0);
        var first = rig.Connect();
        rig.Until(() => target.Sockets.Count == 1);
        ScriptedSocket.Connect(rig.ApplicationLoop, second);
        rig.Until(() => target.Sockets.Count == 2);

        var refused = rig.Connect();
        var waiting = ScriptedSocket.Connect(rig.ApplicationLoop, second);
        waiting.Send("I waited");
        rig.RunFor(1);
        Assert.True(refused.WasReset);
        Assert.Equal([1, 1], rig.Node.Status().Frontends.Select(frontend => frontend.Connections.Active));
        Assert.Equal([0, 1], rig.Node.Status().Frontends.Select(frontend => frontend.Waiting));
        first.Reset();

        rig.Until(() => target.Sockets.Count == 3 && target.Sockets[2].Text == "I waited", 0.1);
        Assert.Equal([0, 2], rig.Node.Status().Frontends.Select(frontend => frontend.Connections.Active));
        Assert.Equal(1, rig.Node.Status().Frontends[0].Refusals.Single(refusal => refusal.Reason == "node_connections").Count);
        waiting.Reset();
        target.Sockets[1].Reset();
        rig.EndWell();
    }

    [Fact]
    public void A_connection_ends_with_its_lifetime_however_busy_it_is()
    {
        var rig = new RelayRig(settings => settings with
        {
            Timeouts = ConnectionTimeouts.Default with { Lifetime = TimeSpan.FromSeconds(10) },
            Targets = [RelayRig.To("10.0.0.4:80")],
        });
        var target = rig.StartTarget(0);
        var client = rig.Connect();
        for (var second = 0; second < 9; second++)
        {
            client.Send("x");
            rig.RunFor(1);
        }

        Assert.False(client.WasReset);
        client.Send("x");
        rig.RunFor(1.1);

        Assert.True(client.WasReset && target.Sockets[0].WasReset);
        Assert.True(rig.Node.HasLine("lifetime reached, fault: us", "10 B up"), rig.Node.LastLines());
        rig.EndWell();
    }

    [Fact]
    public void Whoever_comes_in_costs_a_lease_and_nothing_else()
    {
        var schedule = new Schedule(Weekdays.All, new DailyHours(0, 1), null, null, TimeZoneInfo.Utc);
        var rules = new AccessRules([
            new AccessRule("night", AccessAction.Deny, null, schedule),
            new AccessRule("strangers", AccessAction.Deny, new CidrSetBuilder().Add("192.0.2.0/24", "test", 1).Build()),
        ]);
        var gate = new FrontendGate(new GateSettings(rules, AdmissionSettings.Unlimited), new ConnectionBudget(10), new ManualTime(), 0);
        var (good, bad) = (NetworkAddress.From(IPAddress.Parse("10.0.0.1")), NetworkAddress.From(IPAddress.Parse("192.0.2.1")));
        var each = Allocated(1, good);

        Assert.InRange(each, 1, 112);
        Assert.Equal(1_000 * each, Allocated(1_000, good));
        Assert.Equal(0, Allocated(1_000, bad));

        long Allocated(int count, NetworkAddress source)
        {
            Pass(source);
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < count; i++)
            {
                Pass(source);
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        void Pass(NetworkAddress source)
        {
            if (gate.Enter(source, 0, out var lease, out _) == AdmissionOutcome.Admitted)
            {
                gate.Leave(lease!);
            }
        }
    }

    private static long Refused(RelayRig rig, string reason) =>
        Assert.Single(Assert.Single(rig.Node.Status().Frontends).Refusals, refusal => refusal.Reason == reason).Count;
}

using Proxy.Kernel;
using Proxy.Policy.Limits;
using Proxy.Policy.Rules;
using Proxy.Simulation.Tests;

namespace Proxy.Actors.Tests;

/// <summary>Who comes when there is no place.</summary>
public sealed class ListenerQueueTests
{
    [Fact]
    public void Who_finds_no_place_waits_and_is_served_in_the_order_of_coming()
    {
        var rig = new ListenerRig();
        var listener = rig.Listen(Gate(new AdmissionSettings { MaximumConnections = 1, MaximumQueued = 2 }));
        var sockets = Enumerable.Range(0, 4).Select(client => rig.Connect(listener, client)).ToArray();

        Assert.True(sockets[3].WasReset);
        Assert.Equal((1, 2, 1), (listener.Served.Count, rig.Status(listener).Waiting, rig.Refused(listener, "queue_full")));
        for (var next = 1; next <= 2; next++)
        {
            rig.Release(listener.ServedTo(sockets[next - 1]));
            Assert.True(listener.HasServed(sockets[next]));
            Assert.Equal(next + 1, listener.Served.Count);
        }

        Assert.Equal((1, 0), (rig.Status(listener).Connections.Active, rig.Status(listener).Waiting));
        Assert.False(sockets[2].WasReset);
        rig.EndWell();
    }

    [Fact]
    public void Who_has_waited_to_the_deadline_is_refused_then_and_not_before()
    {
        var rig = new ListenerRig();
        var limits = new AdmissionSettings { MaximumConnections = 1, MaximumQueued = 2, QueueDeadlineMicroseconds = 3_000_000 };
        var listener = rig.Listen(Gate(limits));
        rig.Connect(listener);
        var waiting = rig.Connect(listener, client: 1);
        rig.RunFor(0.5);
        var later = rig.Connect(listener, client: 2);

        rig.RunFor(2.45);
        Assert.False(waiting.WasReset);
        rig.RunFor(0.06);

        Assert.True(waiting.WasReset);
        Assert.Equal(1, rig.Refused(listener, "queue_deadline"));
        rig.Release(listener.Living.Single());
        Assert.True(listener.HasServed(later));
        rig.EndWell();
    }

    [Fact]
    public void Who_waits_as_the_drain_begins_is_refused_at_once()
    {
        var rig = new ListenerRig();
        var listener = rig.Listen(Gate(new AdmissionSettings { MaximumConnections = 1, MaximumQueued = 5 }));
        var served = rig.Connect(listener);
        var waiting = new[] { rig.Connect(listener), rig.Connect(listener) };

        listener.Actor!.Tell(ListenerActor.Drain.Instance, ActorRefs.NoSender);
        rig.RunFor(0.01);

        Assert.All(waiting, socket => Assert.True(socket.WasReset));
        Assert.False(served.WasReset);
        Assert.Equal(2, rig.Refused(listener, "draining"));
        rig.Release(listener.Living.Single());
        rig.EndWell();
    }

    [Fact]
    public void A_burst_above_the_accept_rate_is_spread_in_time_where_there_is_a_queue()
    {
        var rig = new ListenerRig();
        var listener = rig.Listen(Gate(new AdmissionSettings { AcceptsPerSecond = 2, AcceptBurst = 1, MaximumQueued = 4 }));
        for (var i = 0; i < 4; i++)
        {
            rig.Connect(listener, i);
        }

        Assert.Single(listener.Served);
        rig.RunFor(1.02);
        Assert.Equal(3, listener.Served.Count);
        rig.RunFor(0.5);
        Assert.Equal(4, listener.Served.Count);
        rig.EndWell();
    }

    [Fact]
    public void Without_a_queue_whoever_comes_too_fast_is_refused()
    {
        var rig = new ListenerRig();
        var listener = rig.Listen(Gate(new AdmissionSettings { AcceptsPerSecond = 2, AcceptBurst = 1 }));
        rig.Connect(listener);
        var second = rig.Connect(listener);

        Assert.True(second.WasReset);
        Assert.Equal(1, rig.Refused(listener, "accept_rate"));
        rig.RunFor(0.5);
        Assert.True(listener.HasServed(rig.Connect(listener)));
        rig.EndWell();
    }

    [Fact]
    public void Listeners_on_several_loops_share_the_nodes_maximum_and_a_place_freed_at_one_is_taken_at_the_other()
    {
        var rig = new ListenerRig(nodeMaximum: 2);
        var first = rig.Listen(Gate(AdmissionSettings.Unlimited));
        var second = rig.Listen(Gate(new AdmissionSettings { MaximumQueued = 1 }), port: 7001);
        var inside = rig.Connect(first);
        rig.Connect(second);

        Assert.True(rig.Connect(first).WasReset);
        Assert.Equal(1, rig.Refused(first, "node_connections"));
        var waiting = rig.Connect(second);
        Assert.False(second.HasServed(waiting));
        rig.Release(first.ServedTo(inside));
        rig.RunFor(0.02);

        Assert.True(second.HasServed(waiting));
        Assert.Equal(2, rig.Node.Active);
        rig.EndWell();
    }

    [Fact]
    public void A_listener_that_fails_gives_its_places_in_the_node_back()
    {
        var rig = new ListenerRig(nodeMaximum: 3);
        var failing = rig.Listen(Gate(new AdmissionSettings { MaximumConnections = 2, MaximumQueued = 5 }));
        var other = rig.Listen(Gate(AdmissionSettings.Unlimited), port: 7001);
        var sockets = Enumerable.Range(0, 3).Select(client => rig.Connect(failing, client)).ToArray();
        Assert.Equal(2, rig.Node.Active);

        rig.World.ThrowsHandlerFailures = false;
        failing.Actor!.Tell(Kill.Instance, ActorRefs.NoSender);
        rig.RunFor(0.1);

        Assert.All(sockets, socket => Assert.True(socket.WasReset));
        Assert.Equal(0, rig.Node.Active);
        Assert.True(other.HasServed(rig.Connect(other)));
    }

    [Fact]
    public void Other_rules_and_limits_hold_from_their_message_on_and_leave_alone_who_lives()
    {
        var rig = new ListenerRig();
        var listener = rig.Listen(Gate(new AdmissionSettings { MaximumConnections = 1, MaximumQueued = 1 }));
        var inside = rig.Connect(listener, client: 0);
        var waiting = rig.Connect(listener, client: 1);

        var denial = new AccessRule("late", AccessAction.Deny, new CidrSetBuilder().Add(ListenerRig.Clients[0], "test", 1).Build());
        rig.Change(listener, new GateSettings(new AccessRules([denial]), new AdmissionSettings { MaximumConnections = 9 }));

        Assert.True(listener.HasServed(waiting));
        Assert.False(inside.WasReset);
        Assert.True(rig.Connect(listener, client: 0).WasReset);
        Assert.True(listener.HasServed(rig.Connect(listener, client: 1)));
        Assert.Equal(1, rig.Refused(listener, "denied"));
        rig.EndWell();
    }

    private static GateSettings Gate(AdmissionSettings limits) => new(AccessRules.AllowAll, limits);
}

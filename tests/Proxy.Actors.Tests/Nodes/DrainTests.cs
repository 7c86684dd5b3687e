using Proxy.Simulation.Tests;

namespace Proxy.Actors.Tests;

/// <summary>What drains, under the deadline it has: the node, or a frontend that was taken out of the settings.</summary>
public sealed class DrainTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Fact]
    public void Idle_connections_end_in_good_order_late_and_not_all_at_once_and_who_is_busy_goes_on()
    {
        var rig = new RelayRig(configureNode: node => node with { Drain = Limit });
        var target = rig.StartTarget(0);
        var idle = Enumerable.Range(0, 10).Select(_ => rig.Connect()).ToArray();
        var busy = rig.Connect();
        busy.Send("begin");
        rig.Until(() => target.Sockets.Count == 11 && target.Sockets.Any(socket => socket.Text == "begin"));

        rig.Node.BeginDrain();
        Work(9.5);
        Assert.All(idle, socket => Assert.False(socket.HasSeenEnd));
        Work(5);
        Assert.InRange(idle.Count(socket => socket.HasSeenEnd), 1, 9);
        Work(5);

        Assert.All(idle, socket => Assert.True(socket.HasSeenEnd && socket.Fault is null));
        Assert.Null(busy.Fault);
        Assert.False(busy.HasSeenEnd);
        Assert.True(rig.Node.HasLine("draining, 11 connections left"));
        var drain = Assert.Single(rig.Node.Status().Drains);
        Assert.Equal((1, 10), (drain.Left, drain.IdleClosed));
        busy.Finish();
        target.Sockets.First(socket => socket.Text.StartsWith("begin", StringComparison.Ordinal)).Finish();
        rig.Until(() => rig.Node.HasStopped, 1);
        foreach (var socket in idle.Concat(target.Sockets))
        {
            socket.Close();
        }

        rig.EndWell();

        void Work(double seconds)
        {
            for (var spent = 0.0; spent < seconds; spent += 0.5)
            {
                busy.Send(".");
                rig.RunFor(0.5);
            }
        }
    }

    [Fact]
    public void At_the_deadline_of_a_removed_frontend_what_is_left_is_cut_and_the_others_live()
    {
        var rig = new RelayRig(configureNode: node => node with { Drain = Limit });
        var target = rig.StartTarget(0);
        var settings = new RelayPlan { Targets = [RelayRig.To("10.0.0.4:80"), RelayRig.To("10.0.0.5:80"), RelayRig.To("10.0.0.6:80")] }.Node with { Drain = Limit };
        var second = settings.Frontends[0] with { Name = "second", Listen = new System.Net.IPEndPoint(RelayRig.Frontend.Address, 7001) };
        rig.Node.Apply(settings with { Frontends = [settings.Frontends[0], second] });
        var staying = rig.Connect();
        var leaving = ScriptedSocket.Connect(rig.ApplicationLoop, second.Listen);
        leaving.Send("x");
        rig.Until(() => target.Sockets.Count == 2);

        rig.Node.Apply(settings);
        for (var spent = 0; spent < 39; spent++)
        {
            leaving.Send("x");
            rig.RunFor(0.5);
        }

        Assert.Null(leaving.Fault);
        var drain = Assert.Single(rig.Node.Status().Drains);
        Assert.Equal(("frontend second at 10.0.0.2:7001", 1), (drain.Subject, drain.Left));
        rig.RunFor(1);

        Assert.True(leaving.WasReset);
        Assert.Null(staying.Fault);
        Assert.Empty(rig.Node.Status().Drains);
        staying.Reset();
        rig.EndWell();
    }
}

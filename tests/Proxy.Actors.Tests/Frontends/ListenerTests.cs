using Proxy.Policy.Limits;
using Proxy.TestKit;
using Proxy.Transport;

namespace Proxy.Actors.Tests;

/// <summary>Who is let in, and what becomes of those who came at a bad moment.</summary>
public sealed class ListenerTests
{
    [Fact]
    public void Beyond_its_limit_a_frontend_refuses_with_a_reset_and_counts_it()
    {
        var rig = new RelayRig(settings => settings with { Limits = new AdmissionSettings { MaximumConnections = 2 } });
        var targets = Enumerable.Range(0, 3).Select(rig.StartTarget).ToArray();
        var first = rig.Connect();
        var second = rig.Connect();
        rig.Until(() => targets.Sum(target => target.Sockets.Count) == 2);

        var third = rig.Connect();
        rig.Until(() => third.WasReset);
        var status = Assert.Single(rig.Node.Status().Frontends);
        Assert.Equal((2, 1), (status.Connections.Active, status.Refused));
        Assert.True(rig.Node.HasLine("tcp://10.0.0.2:7000", "refused 10.0.0.1:", "2 connections are open"), rig.Node.LastLines());

        first.Reset();
        rig.RunFor(0.1);
        var fourth = rig.Connect();
        rig.Until(() => targets.Sum(target => target.Sockets.Count) == 3);
        second.Reset();
        fourth.Reset();
        rig.EndWell();
    }

    [Fact]
    public void Bytes_of_living_and_of_ended_connections_are_counted()
    {
        var rig = new RelayRig(settings => settings with { Targets = [RelayRig.To("10.0.0.4:80")] });
        var target = rig.StartTarget(0);
        var ended = rig.Connect();
        ended.Send("12345");
        rig.Until(() => target.Sockets is [{ Text: "12345" }]);
        ended.Reset();
        rig.RunFor(0.1);
        var living = rig.Connect();
        living.Send("123");
        rig.Until(() => target.Sockets is [_, { Text: "123" }]);
        target.Sockets[1].Send("1234567");
        rig.Until(() => living.Text == "1234567");

        var status = Assert.Single(rig.Node.Status().Frontends);

        Assert.Equal((8, 7), (status.BytesFromClients, status.BytesToClients));
        Assert.Equal((1, 2), (status.Connections.Active, status.Connections.Total));
        Assert.Equal(("web", "tcp://10.0.0.2:7000", "10.0.0.4:80", "listening"), (status.Name, status.Listen, status.Target, status.State));
        living.Reset();
        rig.EndWell();
    }

    [Fact]
    public void A_port_that_is_taken_is_a_failed_start()
    {
        var rig = new RelayRig();
        var host = rig.World.Hosts.Single(candidate => candidate.Name == "relay");
        var taken = new RelayPlan { Name = "second", Targets = [RelayRig.To("10.0.0.4:80")] };

        var failure = StartedNode.FailureOf(rig.World, host, taken.Node);

        Assert.Contains("cannot listen on tcp://10.0.0.2:7000", failure, StringComparison.Ordinal);
        rig.EndWell();
    }

    [Fact]
    public void A_connection_that_was_accepted_as_the_drain_began_is_served_or_reset_and_never_left_hanging()
    {
        Property.Check(runs: 200, random =>
        {
            var rig = new RelayRig(seed: random.Next());
            var targets = Enumerable.Range(0, 3).Select(rig.StartTarget).ToArray();
            var applications = Enumerable.Range(0, 3).Select(_ => rig.Connect()).ToArray();

            // A timer fires before what arrives at the same moment: the order to drain may overtake the connection in the listener's mailbox.
            var moment = TimeSpan.FromMilliseconds(random.Next(6));
            using var timer = rig.World.Time.CreateTimer(_ => rig.Node.BeginDrain(), null, moment, Timeout.InfiniteTimeSpan);
            rig.RunFor(1);

            var served = targets.Sum(target => target.Sockets.Count);
            Assert.Equal(3 - served, applications.Count(application => application.Fault is { Kind: TransportFaultKind.Reset or TransportFaultKind.Refused }));
            Array.ForEach(applications, application => application.Reset());
            rig.EndWell();
        });
    }

    [Fact]
    public void A_draining_frontend_says_so_and_lets_its_connections_finish()
    {
        var rig = new RelayRig();
        var targets = Enumerable.Range(0, 3).Select(rig.StartTarget).ToArray();
        var application = rig.Connect();
        rig.Until(() => targets[0].Sockets.Count == 1);

        rig.Node.BeginDrain();
        rig.RunFor(10);

        Assert.Equal("draining", Assert.Single(rig.Node.Status().Frontends).State);
        Assert.False(rig.Node.HasStopped);
        application.Send("still served");
        rig.Until(() => targets[0].Sockets[0].Text == "still served");
        application.Reset();
        rig.Until(() => rig.Node.HasStopped, 1);
        rig.EndWell();
    }
}

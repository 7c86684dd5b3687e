using Proxy.TestKit;

namespace Proxy.Simulation.Tests;

/// <summary>How an end on one side of the path looks on the other.</summary>
public sealed class EndTests
{
    [Fact]
    public void An_applications_half_close_reaches_the_upstream_and_the_answer_still_comes_back()
    {
        var (cluster, application, upstream) = Opened();

        application.Send("question");
        application.Finish();
        cluster.Until(() => upstream is { HasSeenEnd: true, Text: "hello question" });
        cluster.RunFor(5);
        upstream.Send(new byte[1_000_000]);
        upstream.Finish();
        cluster.Until(() => application is { HasSeenEnd: true, Received.Count: 1_000_000 });

        Assert.Null(application.Fault);
        Assert.Null(upstream.Fault);
        CloseAndEnd(cluster, application, upstream);
    }

    [Fact]
    public void An_upstreams_half_close_reaches_the_application_and_the_other_direction_goes_on()
    {
        var (cluster, application, upstream) = Opened();

        upstream.Send("goodbye");
        upstream.Finish();
        cluster.Until(() => application is { HasSeenEnd: true, Text: "goodbye" });
        cluster.RunFor(5);
        application.Send(new byte[1_000_000]);
        application.Finish();
        cluster.Until(() => upstream is { HasSeenEnd: true, Received.Count: 1_000_000 + 6 });

        CloseAndEnd(cluster, application, upstream);
    }

    [Fact]
    public void Both_ends_may_finish_at_the_same_moment()
    {
        var (cluster, application, upstream) = Opened();

        application.Send("a");
        application.Finish();
        upstream.Send("b");
        upstream.Finish();
        cluster.Until(() => application is { HasSeenEnd: true, Text: "b" } && upstream is { HasSeenEnd: true, Text: "hello a" });

        CloseAndEnd(cluster, application, upstream);
    }

    [Fact]
    public void An_applications_reset_arrives_as_a_reset()
    {
        var (cluster, application, upstream) = Opened();

        application.Reset();

        cluster.Until(() => upstream.WasReset);
        Assert.False(upstream.HasSeenEnd);
        Assert.True(cluster.Client.HasLine("forward", "reset by client", "fault: client"));
        Assert.True(cluster.Server.HasLine("egress", "reset by client", "fault: client"), cluster.Server.LastLines());
        cluster.EndWell();
    }

    [Fact]
    public void An_upstreams_reset_arrives_as_a_reset()
    {
        var (cluster, application, upstream) = Opened();

        upstream.Reset();

        cluster.Until(() => application.WasReset);
        Assert.False(application.HasSeenEnd);
        Assert.True(cluster.Server.HasLine("egress", "reset by upstream", "fault: upstream"));
        Assert.True(cluster.Client.HasLine("forward", "reset by upstream", "fault: upstream"), cluster.Client.LastLines());
        cluster.EndWell();
    }

    [Fact]
    public void A_reset_behind_a_half_close_arrives_too()
    {
        var (cluster, application, upstream) = Opened();
        application.Finish();
        cluster.Until(() => upstream.HasSeenEnd);

        upstream.Reset();

        cluster.Until(() => application.WasReset);
        cluster.EndWell();
    }

    [Fact]
    public void A_refused_upstream_is_a_reset_and_the_log_says_so()
    {
        var cluster = new SimulatedCluster();
        cluster.AwaitTunnel();
        var application = cluster.Connect();
        application.Send("hello");

        cluster.Until(() => application.WasReset, 2);

        Assert.True(cluster.Client.HasLine("forward", "connection refused", "the destination", "refused, says hop 1", "fault: upstream"), cluster.Client.LastLines());
        Assert.True(cluster.Server.HasLine("egress", "connection refused", "fault: upstream"), cluster.Server.LastLines());
        cluster.EndWell();
    }

    [Fact]
    public void A_name_that_does_not_exist_is_a_reset_and_the_log_says_so()
    {
        var cluster = new SimulatedCluster(plan: new ClusterPlan { Target = "nowhere.example:80" });
        cluster.AwaitTunnel();
        var application = cluster.Connect();

        cluster.Until(() => application.WasReset, 2);

        Assert.True(cluster.Client.HasLine("forward", "name not found", "the destination", "name not found, says hop 1", "fault: upstream"), cluster.Client.LastLines());
        cluster.EndWell();
    }

    [Fact]
    public void A_destination_that_no_rule_allows_is_a_reset_and_the_log_says_so()
    {
        var cluster = new SimulatedCluster(plan: new ClusterPlan { Allowed = ["10.9.9.9/32"] });
        var upstream = cluster.StartScriptedServer();
        cluster.AwaitTunnel();
        var application = cluster.Connect();

        cluster.Until(() => application.WasReset, 2);

        Assert.True(cluster.Client.HasLine("forward", "not allowed", "hop 1 (", "answered not allowed", "fault: client"), cluster.Client.LastLines());
        Assert.Empty(upstream.Sockets);
        cluster.EndWell();
    }

    [Fact]
    public void An_upstream_that_does_not_answer_is_a_connect_timeout()
    {
        var cluster = new SimulatedCluster();
        cluster.UpstreamHost.Crash();
        cluster.AwaitTunnel();
        var application = cluster.Connect();

        cluster.Until(() => application.WasReset, 6);

        Assert.True(cluster.Client.HasLine("forward", "connect timeout", "fault: upstream"), cluster.Client.LastLines());
        cluster.Until(() => cluster.Server.HasLine("egress", "connect timeout", "fault: upstream") || cluster.Server.HasLine("egress", "reset by client"), 1);
        cluster.EndWell();
    }

    [Fact]
    public void A_reader_that_stalls_for_thirty_seconds_holds_nobody_up_and_misses_nothing()
    {
        var cluster = new SimulatedCluster();
        var upstream = cluster.StartTalkingServer();
        cluster.AwaitTunnel();
        var stalled = cluster.Connect();
        cluster.Until(() => stalled.IsConnected);
        stalled.StopReading();
        var talk = TalkingServer.Ask(1, 0, 5_000_000);
        stalled.Send(talk.Opening);
        cluster.RunFor(1);

        var others = Enumerable.Range(2, 10).Select(key => cluster.StartTalk(TalkingServer.Ask(key, 500_000, 500_000), key)).ToArray();
        cluster.Until(() => Array.TrueForAll(others, talker => talker.IsComplete), 29);
        var waitingBytes = Assert.Single(cluster.Client.Status().Tunnels).BytesWaiting;
        Assert.InRange(waitingBytes, 1, 2_000_000);
        cluster.RunFor(29);
        Assert.InRange(stalled.Received.Count, 0, 4_000_000);

        stalled.Read();
        cluster.Until(() => stalled.HasSeenEnd, 20);
        Assert.Equal(5_000_000, stalled.Received.Count);
        stalled.Finish();
        cluster.RunFor(1);
        Assert.Null(Pattern.FindWrong([.. stalled.Received], talk.ReceiveKey, 0));
        Assert.True(upstream.Sessions[1].IsComplete);
        stalled.Close();
        cluster.EndWell();
    }

    private static (SimulatedCluster Cluster, ScriptedSocket Application, ScriptedSocket Upstream) Opened()
    {
        var cluster = new SimulatedCluster();
        var server = cluster.StartScriptedServer();
        cluster.AwaitTunnel();
        var application = cluster.Connect();
        application.Send("hello ");
        cluster.Until(() => server.Sockets is [{ Text: "hello " }]);
        return (cluster, application, server.Sockets[0]);
    }

    private static void CloseAndEnd(SimulatedCluster cluster, params ScriptedSocket[] sockets)
    {
        foreach (var socket in sockets)
        {
            Assert.Null(socket.Fault);
            socket.Close();
        }

        cluster.RunFor(3);
        Assert.True(cluster.Client.HasLine("forward", "completed"), cluster.Client.LastLines());
        Assert.True(cluster.Server.HasLine("egress", "completed"), cluster.Server.LastLines());
        cluster.EndWell();
    }
}

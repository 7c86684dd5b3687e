using Proxy.Policy.Balancing;
using Proxy.Policy.Health;
using Proxy.Simulation.Tests;

namespace Proxy.Actors.Tests;

/// <summary>Servers that are asked whether they are well.</summary>
public sealed class HealthCheckTests
{
    [Fact]
    public void A_server_whose_checks_fail_gets_nothing_until_they_pass_again()
    {
        var rig = Checked(new TcpCheck());
        var targets = new List<ScriptedServer> { rig.StartTarget(1), rig.StartTarget(2) };
        rig.RunFor(5);
        Assert.Equal(["down", "up", "up"], States(rig));
        Assert.True(rig.Node.HasLine("server 10.0.0.4:80 is down"), rig.Node.LastLines());
        Assert.Equal([0L, 0, 0], rig.Node.Status().Upstreams[0].Servers.Select(server => server.Failures));

        targets.Add(rig.StartTarget(0));
        rig.RunFor(6);

        Assert.Equal(["up", "up", "up"], States(rig));
        rig.Node.BeginDrain();
        rig.RunFor(1);
        targets.SelectMany(target => target.Sockets).ToList().ForEach(socket => socket.Close());
        rig.EndWell();
    }

    [Fact]
    public void A_server_that_accepts_and_does_not_answer_is_down()
    {
        Assert.True(HttpCheck.TryCreate("GET", "/", "web.example", HttpStatusSet.Default, out var check, out var error), error);
        var rig = Checked(check);
        var silent = rig.StartTarget(0);
        rig.RunFor(5);

        Assert.Contains(silent.Sockets, socket => socket.Text.StartsWith("GET / HTTP/1.1\r\n", StringComparison.Ordinal));
        Assert.True(rig.Node.HasLine("server 10.0.0.4:80 is down: no answer within 1 s"), rig.Node.LastLines());
        rig.EndWell();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Sessions_of_a_server_that_goes_down_end_where_that_is_asked_for(bool endsSessions)
    {
        var rig = Checked(new TcpCheck(), settings => settings with { EndsSessionsOnDown = endsSessions, Balance = BalancePolicies.First });
        var targets = Enumerable.Range(0, 3).Select(rig.StartTarget).ToArray();
        rig.RunFor(3);
        var application = rig.Connect();
        application.Send("hello");
        rig.Until(() => targets[0].Sockets.Any(socket => socket.Text == "hello"));

        targets[0].Close();
        rig.RunFor(10);

        Assert.Equal(["down", "up", "up"], States(rig));
        Assert.Equal(endsSessions, application.WasReset);
        Assert.Equal(endsSessions, rig.Node.HasLine("10.0.0.4:80: upstream marked down", "fault: upstream"));
        application.Reset();
        rig.Node.BeginDrain();
        rig.RunFor(1);
        targets.SelectMany(target => target.Sockets).ToList().ForEach(socket => socket.Close());
        rig.EndWell();
    }

    [Fact]
    public void A_server_that_comes_up_starts_slowly_where_that_is_asked_for()
    {
        var rig = Checked(new TcpCheck(), settings => settings with { SlowStart = TimeSpan.FromSeconds(10) });
        var targets = new List<ScriptedServer> { rig.StartTarget(1), rig.StartTarget(2) };
        rig.RunFor(5);
        targets.Add(rig.StartTarget(0));
        rig.Until(() => rig.Node.HasLine("server 10.0.0.4:80 is up"), 6);
        rig.RunFor(9);
        Assert.Equal("slow-starting", States(rig).First());

        rig.RunFor(1.1);

        Assert.Equal("up", States(rig).First());
        rig.Node.BeginDrain();
        rig.RunFor(1);
        targets.SelectMany(target => target.Sockets).ToList().ForEach(socket => socket.Close());
        rig.EndWell();
    }

    [Fact]
    public void The_status_tells_what_the_last_check_found()
    {
        var rig = Checked(new TcpCheck());
        var targets = new[] { rig.StartTarget(1), rig.StartTarget(2) };
        rig.RunFor(5);

        var servers = rig.Node.Status().Upstreams[0].Servers;
        Assert.Equal(0, servers[0].Checks.Passed);
        Assert.InRange(servers[0].Checks.Failed, 1, 5);
        Assert.NotEqual("its checks pass", servers[0].Checks.Last);
        Assert.InRange(servers[0].SinceS, 2, 5);
        Assert.Equal(("its checks pass", 0L), (servers[1].Checks.Last, servers[1].Checks.Failed));
        rig.Node.BeginDrain();
        rig.RunFor(1);
        targets.SelectMany(target => target.Sockets).ToList().ForEach(socket => socket.Close());
        rig.EndWell();
    }

    private static RelayRig Checked(CheckKind kind, Func<RelayPlan, RelayPlan>? configure = null) => new(settings =>
        (configure ?? (same => same))(settings with { Check = new HealthCheckSettings(kind, CheckSettings.Default) }));

    private static IEnumerable<string> States(RelayRig rig) => rig.Node.Status().Upstreams[0].Servers.Select(server => server.State);
}

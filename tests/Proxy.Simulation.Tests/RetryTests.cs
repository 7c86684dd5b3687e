using Proxy.Actors;
using Proxy.Kernel.Event;
using Proxy.Protocol.Sealing.Sessions;

namespace Proxy.Simulation.Tests;

/// <summary>How often a client tries to make a tunnel that does not come about or does not last, and how loud it is about that.</summary>
public sealed class RetryTests
{
    private static readonly ClusterPlan NoServer = new() { IsSealed = true, StartsServer = false };

    [Theory]
    [InlineData(true, new[] { TunnelTransport.Kcp })]
    [InlineData(true, new[] { TunnelTransport.Tcp })]
    [InlineData(false, new[] { TunnelTransport.Kcp })]
    [InlineData(true, new[] { TunnelTransport.Kcp, TunnelTransport.Tcp })]
    public void Where_nobody_listens_tries_are_less_than_a_second_apart_and_not_more_than_two_a_second(bool isSealed, TunnelTransport[] transports)
    {
        var cluster = new SimulatedCluster(plan: NoServer with { IsSealed = isSealed, Transports = transports });

        cluster.RunFor(60);

        var tries = Tries(cluster) / transports.Length;
        Assert.InRange(tries, isSealed ? 60 : 25, 125);
        Assert.Equal(transports.Length, Loud(cluster));
        End(cluster);
    }

    [Fact]
    public void Tunnels_that_come_up_and_end_at_once_are_made_again_with_waits_and_ever_fewer_lines()
    {
        // A handful of datagrams, and the keys are used up.
        var limits = SessionLimits.Default with { Numbers = 80, ReplaceBelowDatagrams = 0 };
        var cluster = new SimulatedCluster(plan: new ClusterPlan { IsSealed = true, Session = limits });

        for (var second = 0; second < 60; second++)
        {
            var application = cluster.Connect();
            application.Send(new byte[200_000]);
            cluster.RunFor(1);
            application.Reset();
        }

        Assert.InRange(Tries(cluster), 20, 125);
        Assert.InRange(cluster.Client.Lines.Count(line => line.Level >= LogLevel.Info && line.Text.StartsWith("tunnel to", StringComparison.Ordinal)), 4, 40);
        End(cluster);
    }

    private static int Tries(SimulatedCluster cluster) => cluster.Client.Lines.Count(line => line.Text.EndsWith(": opening", StringComparison.Ordinal));

    private static int Loud(SimulatedCluster cluster) => cluster.Client.Lines.Count(line => line.Level >= LogLevel.Warning);

    private static void End(SimulatedCluster cluster)
    {
        cluster.Client.BeginDrain();
        cluster.Until(() => cluster.Client.HasStopped, 60);
        cluster.Client.AssertNoDefects();
    }
}

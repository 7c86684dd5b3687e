using Proxy.TestKit;

namespace Proxy.Simulation.Tests;

/// <summary>Nodes that are stopped without asking, at any moment of anything.</summary>
public sealed class StopTests
{
    [Fact]
    public void A_node_that_is_stopped_at_any_moment_leaves_nothing()
    {
        Property.Check(runs: 60, random =>
        {
            var cluster = new SimulatedCluster(random.Next());
            cluster.World.ThrowsHandlerFailures = true;
            cluster.StartTalkingServer();
            var talkers = StartTalks(cluster, random);
            cluster.World.TryRunUntil(() => false, TimeSpan.FromSeconds(1), maxTurns: random.Next(1, 3000));

            var (first, second) = random.Next(2) == 0 ? (cluster.Client, cluster.Server) : (cluster.Server, cluster.Client);
            first.Terminate();
            cluster.World.TryRunUntil(() => false, TimeSpan.FromSeconds(1), maxTurns: random.Next(1, 3000));
            second.Terminate();

            cluster.RunFor(70);
            Assert.All(talkers, talker => Assert.True(talker.IsOver, talker.ToString()));
            first.AssertNothingLeft();
            second.AssertNothingLeft();
            first.AssertNoDefects();
            second.AssertNoDefects();
        });
    }

    [Fact]
    public void A_drain_at_any_moment_loses_no_byte_of_what_was_accepted_and_comes_to_an_end()
    {
        Property.Check(runs: 60, random =>
        {
            var cluster = new SimulatedCluster(random.Next());
            var upstream = cluster.StartTalkingServer();
            var talkers = StartTalks(cluster, random);
            cluster.World.TryRunUntil(() => false, TimeSpan.FromSeconds(1), maxTurns: random.Next(1, 3000));

            cluster.Client.BeginDrain();
            cluster.Until(() => cluster.Client.HasStopped, 120);

            cluster.Until(() => Array.TrueForAll(talkers, talker => talker.IsOver) && upstream.Sessions.Values.All(talker => talker.IsOver));
            Assert.All(talkers, talker => Assert.True(talker.IsComplete || talker is { ReceivedBytes: 0, Fault: not null }, talker.ToString()));
            Assert.All(upstream.Sessions.Values, talker => Assert.True(talker.IsComplete, talker.ToString()));
            cluster.EndWell();
        });
    }

    private static Talker[] StartTalks(SimulatedCluster cluster, Random random)
    {
        if (random.Next(2) == 0)
        {
            cluster.AwaitTunnel();
        }

        return [.. Enumerable.Range(1, random.Next(1, 8))
            .Select(key => cluster.StartTalk(TalkingServer.Ask(key, random.Next(100_000), random.Next(100_000)), random.Next()))];
    }
}

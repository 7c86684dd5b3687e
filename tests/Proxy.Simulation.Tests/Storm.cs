using Proxy.Actors;
using Proxy.TestKit;

namespace Proxy.Simulation.Tests;

/// <summary>
/// Many streams over a bad path: 5 % loss, 2 % duplication, reordering, jitter, and 2 s without a single datagram; sizes and pauses by chance,
/// both directions at once. Asserts that all bytes are right and nothing is left.
/// </summary>
public static class Storm
{
    private static readonly TimeSpan BlackoutBegin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BlackoutEnd = TimeSpan.FromSeconds(3);

    // Fewer bytes are a few datagrams, which may pass without meeting one of the faults.
    private const int EnoughToMeetAll = 200_000;

    /// <summary>Runs it; the result is the hash of all that happened.</summary>
    public static ulong Run(int seed, int streams, int totalBytes, bool isSealed = false)
    {
        // A connection may be opened as the blackout begins: what it waits for then is the ARQ's back-off, not its upstream.
        var cluster = new SimulatedCluster(seed, new ClusterPlan
        {
            IsSealed = isSealed,
            Timeouts = new ConnectionTimeouts { Connect = TimeSpan.FromSeconds(20) },
        });
        var world = cluster.World;
        var upstream = cluster.StartTalkingServer();
        var loss = new LossRule(0.05);
        var duplication = new DuplicationRule(0.02, TimeSpan.FromMilliseconds(3));
        var reordering = new ReorderingRule(0.05, TimeSpan.FromMilliseconds(15));
        var latency = new LatencyRule(TimeSpan.FromMilliseconds(9), jitter: TimeSpan.FromMilliseconds(4));
        var blackout = new BlackoutRule(BlackoutBegin, BlackoutEnd);
        world.Network.Install(
            NetworkRule.Together(loss, duplication, reordering, latency, blackout).Only(packet => packet.Kind == PacketKind.Datagram));

        var talkers = Enumerable.Range(1, streams).Select(key => StartLater(cluster, key, totalBytes / streams)).ToArray();
        cluster.Until(() => Array.TrueForAll(talkers, talker => talker() is { IsOver: true }) && upstream.Sessions.Values.All(talker => talker.IsOver), 120);

        AssertComplete(cluster, talkers.Select(talker => talker()!));
        AssertComplete(cluster, upstream.Sessions.Values);
        Assert.Equal(streams, upstream.Sessions.Count);
        var wasBad = loss.Dropped > 0 && duplication.Duplicates > 0 && reordering.Delayed > 0 && blackout.Dropped > 0;
        Assert.True(wasBad || totalBytes < EnoughToMeetAll, $"the path was not bad at all for {totalBytes} bytes of {streams} streams");

        cluster.RunFor(5);
        Assert.Equal(0, cluster.Client.Status().Streams.Active);
        Assert.Equal(0, cluster.Server.Status().Connections.Active);
        cluster.EndWell();
        return world.TraceHash;
    }

    private static void AssertComplete(SimulatedCluster cluster, IEnumerable<Talker> talkers)
    {
        if (talkers.FirstOrDefault(talker => !talker.IsComplete) is { } wrong)
        {
            Assert.Fail($"seed {cluster.World.Seed}: {wrong}. Client:\n{cluster.Client.LastLines()}\nServer:\n{cluster.Server.LastLines()}");
        }
    }

    /// <summary>Starts a talk at a random moment of the first three seconds; its share of the bytes is cut at random between the directions.</summary>
    private static Func<Talker?> StartLater(SimulatedCluster cluster, int key, int bytes)
    {
        var random = cluster.World.Random;
        var up = random.Next(bytes + 1);
        var talk = TalkingServer.Ask(key, up, bytes - up);
        var seed = random.Next();
        Talker? talker = null;
        var begin = (long)(random.NextDouble() * 3_000_000);
        cluster.ApplicationLoop.Run(() => cluster.ApplicationLoop.CreateDeadline(() =>
        {
            talker = new Talker(cluster.ApplicationLoop, talk, seed);
            cluster.ApplicationLoop.Connect(SimulatedCluster.Frontend, Transport.TcpOptions.Default, talker);
        }).Set(cluster.ApplicationLoop.NowMicroseconds + begin));
        return () => talker;
    }
}

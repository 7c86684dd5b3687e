using Proxy.Actors;
using Proxy.Policy;
using Proxy.Protocol.Sealing.Keys;
using Proxy.TestKit;
using Proxy.Tunnel.Native;

namespace Proxy.Simulation.Tests;

/// <summary>Both ends of tunnels that take other settings while streams live.</summary>
public sealed class ReloadTests
{
    private static readonly ClusterPlan Sealed = new() { IsSealed = true };

    [Fact]
    public void Other_settings_of_a_tunnel_make_another_one_and_streams_of_the_old_go_on()
    {
        var cluster = new SimulatedCluster(plan: Sealed);
        var upstream = cluster.StartScriptedServer();
        cluster.AwaitTunnel();
        var old = cluster.Connect();
        old.Send("old");
        cluster.Until(() => upstream.Sockets is [{ Text: "old" }]);

        cluster.Client.Apply(WithLanes(cluster.ClientSettings(), 3));
        var late = cluster.Connect();
        late.Send("new");
        cluster.Until(() => upstream.Sockets is [_, { Text: "new" }]);
        old.Send(" words");
        cluster.Until(() => upstream.Sockets[0].Text == "old words");

        Assert.Null(old.Fault);
        old.Finish();
        upstream.Sockets[0].Finish();
        cluster.Until(() => cluster.Client.HasLine("ended", "draining"));
        late.Reset();
        old.Close();
        upstream.Sockets[0].Close();
        cluster.EndWell();
    }

    [Fact]
    public void Who_waits_for_a_tunnel_that_is_replaced_gets_the_next_one()
    {
        var cluster = new SimulatedCluster(plan: Sealed with { StartsServer = false });
        var upstream = cluster.StartScriptedServer();
        var waiting = cluster.Connect();
        waiting.Send("patient");
        cluster.RunFor(1);

        cluster.Client.Apply(WithLanes(cluster.ClientSettings(), 3));
        cluster.StartServer();

        cluster.Until(() => upstream.Sockets is [{ Text: "patient" }], 4);
        waiting.Reset();
        cluster.EndWell();
    }

    [Fact]
    public void A_server_with_other_rules_goes_by_them_with_the_next_stream()
    {
        var cluster = new SimulatedCluster(plan: Sealed);
        var upstream = cluster.StartScriptedServer();
        cluster.AwaitTunnel();
        var old = cluster.Connect();
        old.Send("old");
        cluster.Until(() => upstream.Sockets is [{ Text: "old" }]);

        cluster.Server.Apply(Altered(cluster.ServerSettings(), server => server with { Destinations = DestinationRules.Nothing }));
        var late = cluster.Connect();
        cluster.Until(() => late.WasReset);
        old.Send(" words");
        cluster.Until(() => upstream.Sockets[0].Text == "old words");

        cluster.Server.Apply(cluster.ServerSettings());
        var again = cluster.Connect();
        again.Send("again");
        cluster.Until(() => upstream.Sockets is [_, { Text: "again" }]);
        old.Reset();
        again.Reset();
        cluster.EndWell();
    }

    [Fact]
    public void The_tunnel_of_a_key_that_is_taken_away_drains_and_its_owner_does_not_come_back_in()
    {
        var cluster = new SimulatedCluster(plan: Sealed);
        var upstream = cluster.StartScriptedServer();
        cluster.AwaitTunnel();
        var old = cluster.Connect();
        old.Send("old");
        cluster.Until(() => upstream.Sockets is [{ Text: "old" }]);
        var bob = new PresharedKey("bob", Enumerable.Repeat((byte)3, PresharedKey.Bytes).ToArray());

        cluster.Server.Apply(Altered(cluster.ServerSettings(), server => server with { Native = server.Native! with { Keys = new KeyRing([bob]) } }));
        var late = cluster.Connect();
        late.Send("late");
        cluster.RunFor(4);
        old.Send(" words");
        cluster.Until(() => upstream.Sockets is [{ Text: "old words" }]);

        cluster.Server.Apply(cluster.ServerSettings());
        cluster.Until(() => late.Fault is not null || upstream.Sockets.Count == 2, 10);
        old.Reset();
        late.Reset();
        cluster.EndWell();
    }

    [Fact]
    public void Nothing_is_lost_while_both_ends_change_at_random()
    {
        Property.Check(runs: 10, random =>
        {
            var cluster = new SimulatedCluster(random.Next(), Sealed);
            var upstream = cluster.StartTalkingServer();
            cluster.AwaitTunnel();
            var talkers = new List<Talker>();
            for (var round = 0; round < 8; round++)
            {
                talkers.Add(cluster.StartTalk(TalkingServer.Ask(round + 1, random.Next(60_000), random.Next(60_000)), random.Next()));
                cluster.RunFor(random.NextDouble() * 0.2);
                if (random.Next(2) == 0)
                {
                    cluster.Client.Apply(WithLanes(cluster.ClientSettings(), random.Next(2, 9)));
                }
                else
                {
                    cluster.Server.Apply(Altered(cluster.ServerSettings(), server => server with { MaximumTunnels = random.Next(10, 1000) }));
                }
            }

            cluster.Until(() => talkers.TrueForAll(talker => talker.IsOver) && upstream.Sessions.Values.All(talker => talker.IsOver), 60);
            Assert.All(talkers, talker => Assert.True(talker.IsComplete, talker.ToString()));
            Assert.All(upstream.Sessions.Values, talker => Assert.True(talker.IsComplete, talker.ToString()));
            cluster.EndWell();
        });
    }

    private static NodeSettings WithLanes(NodeSettings settings, int lanes) => settings with
    {
        Tunnels =
        [
            .. settings.Tunnels.Select(tunnel => tunnel with
            {
                Native = tunnel.Native! with { Tunnel = NativeTunnelSettings.Default with { UserLanes = lanes } },
            }),
        ],
    };

    private static NodeSettings Altered(NodeSettings settings, Func<ServerSettings, ServerSettings> alter) =>
        settings with { Servers = [.. settings.Servers.Select(alter)] };
}

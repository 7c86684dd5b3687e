using System.Net;
using Proxy.Kernel;
using Proxy.Policy.Limits;
using Proxy.Policy.Rules;
using Proxy.Protocol.Ends;

namespace Proxy.Actors.Tests;

/// <summary>Clients behind a proxy that names them: rules and limits by source are theirs, not the proxy's.</summary>
public sealed class ClientNamedTests
{
    private static readonly GateSettings Gate = new(
        new AccessRules([new AccessRule("blocked", AccessAction.Deny, Set("192.0.2.0/24")), new AccessRule("proxies", AccessAction.Deny, Set("10.0.0.0/24"))]),
        new AdmissionSettings { MaximumConnectionsPerSource = 1 })
    {
        Proxies = Set(ListenerRig.Clients[0]),
    };

    [Fact]
    public void The_proxy_itself_is_passed_over_and_each_client_has_its_own_limit()
    {
        var rig = new ListenerRig();
        var listener = rig.Listen(Gate);
        var connections = Enumerable.Range(0, 3).Select(_ => listener.ServedTo(rig.Connect(listener))).ToArray();

        Name(rig, connections[0], "198.51.100.1");
        Name(rig, connections[1], "198.51.100.2");
        Name(rig, connections[2], "198.51.100.1");

        Assert.IsType<ClientAllowed>(Assert.Single(connections[0].Answers));
        Assert.IsType<ClientAllowed>(Assert.Single(connections[1].Answers));
        Assert.Equal(new ClientRefused(EndReason.Busy, "198.51.100.1: its address has 1 connections"), Assert.Single(connections[2].Answers));
        Assert.Equal(1, rig.Refused(listener, "source_connections"));

        rig.Release(connections[0]);
        Name(rig, connections[2], "198.51.100.1");
        Assert.IsType<ClientAllowed>(connections[2].Answers[1]);
        rig.EndWell();
    }

    [Fact]
    public void Rules_are_asked_for_the_client_that_was_named_and_for_others_at_once()
    {
        var rig = new ListenerRig();
        var listener = rig.Listen(Gate);
        var connection = listener.ServedTo(rig.Connect(listener));

        Name(rig, connection, "192.0.2.7");

        Assert.Equal(new ClientRefused(EndReason.NotAllowed, "192.0.2.7: denied by rule blocked"), Assert.Single(connection.Answers));
        Assert.True(rig.HasLine(Kernel.Event.LogLevel.Info, "refused 1 connection: denied (192.0.2.7: denied by rule blocked)"));
        Assert.True(rig.Connect(listener, client: 1).WasReset);
        Assert.Equal(2, rig.Refused(listener, "denied"));
        rig.EndWell();
    }

    private static void Name(ListenerRig rig, ListenerRig.Held connection, string client)
    {
        connection.Actor!.Tell(new ClientNamed(NetworkAddress.From(IPAddress.Parse(client))), ActorRefs.NoSender);
        rig.RunFor(0.01);
    }

    private static CidrSet Set(string network) => new CidrSetBuilder().Add(network, "test", 1).Build();
}

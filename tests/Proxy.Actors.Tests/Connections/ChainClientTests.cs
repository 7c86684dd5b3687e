using Proxy.Policy.Routes;
using Proxy.Policy.Rules;
using Proxy.Protocol.Chains;

namespace Proxy.Actors.Tests;

/// <summary>The client's end of chains without a tunnel, and the routes in front of them.</summary>
public sealed class ChainClientTests
{
    private const string Web = "10.0.0.4:80";

    private static readonly byte[] Ok = BareTunnel.Bytes(new ChainResponse(ChainStatus.Ok));

    private static readonly ChainSetSettings TwoHops = new() { Name = "two", Chains = [AccessRig.Chain("only", "10.0.0.4:4000", "hop2.example:4000")] };

    [Fact]
    public void All_headers_and_the_first_bytes_go_at_once_and_answers_are_read_in_order()
    {
        var rig = Rig(TwoHops);
        var hop = rig.Listen(4000);
        var application = rig.Connect();
        application.Send("early");
        rig.Until(() => hop.Sockets is [{ Text: var text }] && text.EndsWith("early", StringComparison.Ordinal));

        var (requests, behind) = AccessRig.Read(hop.Sockets[0]);
        Assert.Equal(
            ["hop2.example:4000 ChainHop", "10.0.0.4:80 Destination"], requests.Select(request => $"{request.Destination} {request.NextHop}"));
        Assert.Equal("early"u8.ToArray(), behind);
        Assert.Equal(requests[0].Fields.TraceId, requests[1].Fields.TraceId);

        hop.Sockets[0].Send(Ok);
        rig.RunFor(0.1);
        Assert.Empty(application.Received);
        hop.Sockets[0].Send([.. Ok, .. "welcome"u8]);
        rig.Until(() => application.Text == "welcome");
        application.Finish();
        rig.Until(() => hop.Sockets[0].HasSeenEnd);
        hop.Sockets[0].Finish();
        rig.Until(() => application.HasSeenEnd);
        rig.EndWell();
    }

    [Fact]
    public void A_hop_that_is_gone_before_its_answer_is_named()
    {
        var rig = Rig(TwoHops);
        var hop = rig.Listen(4000);
        var application = rig.Connect();
        rig.Until(() => hop.Sockets is [{ Received.Count: > 0 }]);
        hop.Sockets[0].Send(Ok);
        rig.RunFor(0.1);
        hop.Sockets[0].Reset();
        rig.Until(() => application.WasReset);
        Assert.True(rig.Node.HasLine("web", "chain broken", "hop 2 (hop2.example:4000) did not answer", "fault: tunnel", "trace: "), rig.Node.LastLines());
        rig.EndWell();
    }

    [Fact]
    public void A_reset_after_the_answers_is_at_or_behind_the_first_hop()
    {
        var rig = Rig(TwoHops);
        var hop = rig.Listen(4000);
        var application = rig.Connect();
        rig.Until(() => hop.Sockets is [{ Received.Count: > 0 }]);
        hop.Sockets[0].Send([.. Ok, .. Ok, .. "welcome"u8]);
        rig.Until(() => application.Text == "welcome");
        hop.Sockets[0].Reset();
        rig.Until(() => application.WasReset);
        Assert.True(rig.Node.HasLine("web", "chain broken", "reset at or behind hop 1 (10.0.0.4:4000)"), rig.Node.LastLines());
        rig.EndWell();
    }

    [Fact]
    public void A_chain_whose_first_hop_does_not_answer_gives_its_connection_to_another_one()
    {
        // Nobody listens at the first, and the second is silent: neither has been sent anything.
        var rig = Rig(new ChainSetSettings
        {
            Name = "three",
            Chains = [AccessRig.Chain("refusing", "10.0.0.4:1"), AccessRig.Chain("silent", "10.0.0.9:1"), AccessRig.Chain("good", "10.0.0.4:4000")],
        });
        rig.World.AddHost("silent", "10.0.0.9").Crash();
        var hop = rig.Listen(4000);
        var application = rig.Connect();
        application.Send("early");
        rig.Until(() => hop.Sockets.Any(socket => socket.Text.EndsWith("early", StringComparison.Ordinal)), 2);
        Assert.True(rig.Node.HasLine("chains three: taking"), rig.Node.LastLines());
        application.Reset();
        rig.RunFor(1);
        rig.EndWell();
    }

    [Fact]
    public void A_route_blocks_goes_straight_or_through_a_chain()
    {
        var sources = new CidrSetBuilder().Add("10.0.0.1", "test", 1).Build();
        RouteRule From(RouteAction action) => new("rule", action) { Sources = sources };

        var blocked = new AccessRig(new RouteTable([From(RouteAction.Block)], RouteAction.Direct), Web);
        var refused = blocked.Connect();
        blocked.Until(() => refused.WasReset);
        Assert.True(blocked.Node.HasLine("web", "not allowed", "the route 'rule' blocks it"), blocked.Node.LastLines());
        blocked.EndWell();

        var straight = new AccessRig(new RouteTable([From(RouteAction.Direct)], RouteAction.Block), Web);
        var server = straight.Listen(80);
        var application = straight.Connect();
        application.Send("plain");
        straight.Until(() => server.Sockets is [{ Text: "plain" }]);
        server.Sockets[0].Send("answer");
        straight.Until(() => application.Text == "answer");
        server.Sockets[0].Reset();
        straight.Until(() => application.WasReset);
        straight.EndWell();

        var chained = new AccessRig(new RouteTable([From(RouteAction.Through("two"))], RouteAction.Block), Web, TwoHops);
        var hop = chained.Listen(4000);
        var other = chained.Connect();
        chained.Until(() => hop.Sockets is [{ Received.Count: > 0 }]);
        other.Reset();
        chained.RunFor(1);
        chained.EndWell();
    }

    [Fact]
    public void A_straight_way_to_ones_own_listener_is_a_loop()
    {
        var rig = new AccessRig(new RouteTable([], RouteAction.Direct), "10.0.0.2:7000");
        var application = rig.Connect();
        rig.Until(() => application.WasReset);
        Assert.True(rig.Node.HasLine("web", "loop", "own listeners"), rig.Node.LastLines());
        rig.EndWell();
    }

    private static AccessRig Rig(ChainSetSettings chains) => new(new RouteTable([], RouteAction.Through(chains.Name)), Web, chains);
}

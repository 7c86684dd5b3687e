using Proxy.Protocol.Announcements;
using Proxy.Protocol.Ends;
using Proxy.Protocol.Tunnels;

namespace Proxy.Tunnel.Tests.Native;

/// <summary>What a server tells its client beside the streams.</summary>
public sealed class AnnouncementTests
{
    [Fact]
    public void Everything_is_told_in_order_over_a_path_that_loses()
    {
        using var pair = new NativePair();
        pair.WithPath(megabits: 50, roundTripMilliseconds: 40, lossRate: 0.1);
        MemberAnnouncement[] members = [.. Enumerable.Range(0, 1000).Select(Member)];
        foreach (var member in members)
        {
            Assert.True(pair.Server.Engine.Announce(member));
        }

        pair.DriveUntil(() => pair.Client.Announced.Count == members.Length);

        Assert.Equal(members.Select(member => member.Name), pair.Client.Announced.Cast<MemberAnnouncement>().Select(member => member.Name));
    }

    [Fact]
    public void Of_load_only_the_latest_is_told()
    {
        using var pair = new NativePair();
        for (uint streams = 1; streams <= 5; streams++)
        {
            Assert.True(pair.Server.Engine.Announce(new LoadAnnouncement(streams, 10, 0, 0, 0)));
        }

        pair.DriveFor(1);

        Assert.Equal([new LoadAnnouncement(5, 10, 0, 0, 0)], pair.Client.Announced);
    }

    [Fact]
    public void Small_ones_pass_bulk()
    {
        using var pair = new NativePair();
        pair.WithPath(megabits: 10, roundTripMilliseconds: 20, lossRate: 0);
        var id = pair.Client.Open();
        pair.DriveUntil(() => pair.Server.Streams.ContainsKey(id));
        pair.Server.Engine.Send(id, Bytes.Random(4_000_000));
        pair.DriveFor(0.5);
        var began = pair.Now;
        pair.Server.Engine.Announce(new LoadAnnouncement(1, 0, 0, 0, 0));

        pair.DriveUntil(() => pair.Client.Announced.Count == 1);

        Assert.InRange(pair.Now - began, 0, 400_000);
        Assert.InRange(pair.Client.Streams[id].Received, 1, 3_999_999);
    }

    [Fact]
    public void A_server_hears_of_the_pings_of_its_client_and_a_client_of_none()
    {
        using var pair = new NativePair();
        var before = pair.Server.Pinged;
        pair.DriveFor(60);

        // Either end asks, whoever is the first to find it quiet.
        Assert.InRange(pair.Server.Pinged - before, 1, 7);
        Assert.Equal(0, pair.Client.Pinged);
    }

    [Fact]
    public void A_peer_that_tells_without_end_loses_its_tunnel()
    {
        using var peer = new PartPeer(TunnelRole.Client);
        var load = new byte[TunnelAnnouncement.MaximumFrameBytes];
        var length = new LoadAnnouncement(1, 0, 0, 0, 0).Write(load);
        byte[] frames = [.. Enumerable.Repeat(load[..length], 30).SelectMany(frame => frame)];
        for (var count = 0; count < 30_000 && peer.Side.Closed is null; count += 30)
        {
            peer.SayFrames(0, frames);
        }

        Assert.Equal(EndReason.Malformed, peer.Side.Closed);
        Assert.Equal("the peer tells of members without end", peer.Side.ClosedText);
    }

    [Fact]
    public void A_server_without_places_is_busy_and_takes_the_next_stream_when_one_has_ended()
    {
        var places = new StreamPlaces { Maximum = 2 };
        using var pair = new NativePair(new() { Places = places });
        var (first, second, third) = (pair.Client.Open(), pair.Client.Open(), pair.Client.Open());
        pair.DriveUntil(() => pair.Client.Streams[third].Reset is not null);
        Assert.Equal(EndReason.Busy, pair.Client.Streams[third].Reset);
        Assert.True(pair.Client.Streams[first].IsOpen && pair.Client.Streams[second].IsOpen);

        pair.Client.Reset(first);
        pair.DriveUntil(() => places.Taken == 1);
        var fourth = pair.Client.Open();
        pair.DriveUntil(() => pair.Client.Streams[fourth].IsOpen);
        Assert.Equal(2, places.Taken);
    }

    private static MemberAnnouncement Member(int number) => new()
    {
        Name = $"member-{number}",
        State = AnnouncedState.Up,
        Addresses = [new AnnouncedAddress(AnnouncedAddress.Kcp, $"10.0.{number / 250}.{number % 250}:4000")],
        HasMore = number < 999,
    };
}

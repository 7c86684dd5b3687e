using Proxy.Protocol.Announcements;
using Proxy.Protocol.Ends;

namespace Proxy.Tunnel.Tests.Ordered;

/// <summary>What a server tells its client beside the streams, over a carrier that loses nothing.</summary>
public sealed class OrderedAnnouncementTests
{
    [Fact]
    public void Everything_is_told_in_order_beside_bulk()
    {
        using var pair = new OrderedPair();
        var id = pair.Client.Open();
        pair.DriveUntil(() => pair.Server.Streams.ContainsKey(id));
        pair.Server.Engine.Send(id, Bytes.Random(2_000_000));
        for (var number = 0; number < 500; number++)
        {
            Assert.True(pair.Server.Engine.Announce(new MemberAnnouncement { Name = $"m{number}", State = AnnouncedState.Up }));
        }

        Assert.True(pair.Server.Engine.Announce(new LoadAnnouncement(1, 2, 3, 4, 5)));
        pair.DriveUntil(() => pair.Client.Announced.Count == 501);

        Assert.Equal(Enumerable.Range(0, 500).Select(number => $"m{number}"), pair.Client.Announced.OfType<MemberAnnouncement>().Select(member => member.Name));
        Assert.Contains(new LoadAnnouncement(1, 2, 3, 4, 5), pair.Client.Announced);
        pair.DriveUntil(() => pair.Client.Streams[id].Received == 2_000_000);
    }

    [Fact]
    public void A_client_that_tells_anything_loses_its_tunnel()
    {
        using var pair = new OrderedPair();
        Assert.True(pair.Client.Engine.Announce(new LoadAnnouncement(1, 2, 3, 4, 5)));

        pair.DriveUntil(() => pair.Server.Closed is not null);

        Assert.Equal((EndReason.Malformed, "a client that tells of members or load"), (pair.Server.Closed, pair.Server.ClosedText));
    }

    [Fact]
    public void A_server_without_places_is_busy_and_takes_the_next_stream_when_one_has_ended()
    {
        var places = new StreamPlaces { Maximum = 1 };
        using var pair = new OrderedPair(new() { Places = places });
        var (first, second) = (pair.Client.Open(), pair.Client.Open());
        pair.DriveUntil(() => pair.Client.Streams[second].Reset is not null);
        Assert.Equal(EndReason.Busy, pair.Client.Streams[second].Reset);

        pair.Client.Reset(first);
        pair.DriveUntil(() => places.Taken == 0);
        var third = pair.Client.Open();
        pair.DriveUntil(() => pair.Client.Streams[third].IsOpen);
    }
}

using System.Collections.Immutable;
using Proxy.Cluster.Members;
using Proxy.Protocol.Announcements;

namespace Proxy.Actors.Tests;

/// <summary>What a server tells of the members, and what a client makes of it.</summary>
public sealed class MemberAnnouncementTests
{
    private readonly ToldMembers _told = new();
    private readonly LearnedMembers<int> _learned = new();

    [Fact]
    public void All_servers_are_told_first_and_then_what_has_changed()
    {
        var first = _told.Update(View(Server("a"), Server("b"), Server("r") with { Roles = ["relay"] }));
        Assert.Equal(["a Up more", "b Up"], first.Select(Text));

        Assert.Empty(_told.Update(View(Server("a"), Server("b") with { Load = new MemberLoad(500, 0, 0, 0) })));
        Assert.Equal(
            ["b Draining more", "c Up more", "a Gone"],
            _told.Update(View(Server("b") with { State = MemberState.Draining }, Server("c"))).Select(Text));
    }

    [Fact]
    public void The_client_has_the_same_view_once_all_was_told()
    {
        var view = View(Server("a") with { Zone = "eu", Capacity = 50 }, Server("b"));
        MemberView? learned = null;
        foreach (var told in _told.Update(view))
        {
            Assert.Null(learned);
            learned = _learned.Take(7, told);
        }

        Assert.NotNull(learned);
        Assert.False(learned.IsStale);
        Assert.Equal(["a", "b"], learned.Up.Select(member => member.Name));
        Assert.Equal(("eu", 50L, "kcp://a.example:4000"), Facts(learned.Members["a"].Record));

        learned = _learned.Take(7, Assert.Single(_told.Update(View(Server("b")))));
        Assert.Equal(["b"], learned!.Members.Keys);
    }

    [Fact]
    public void What_a_tunnel_told_ends_with_it()
    {
        foreach (var told in _told.Update(View(Server("a"), Server("b"))))
        {
            _learned.Take(7, told);
        }

        _learned.Forget(7);

        Assert.Equal(["c"], _learned.Take(7, new MemberAnnouncement { Name = "c", State = AnnouncedState.Up })!.Members.Keys);
    }

    [Fact]
    public void A_server_is_as_busy_as_it_said_and_as_this_client_has_made_it_since()
    {
        var load = new ServerLoad();
        load.Begin(30);
        Assert.Equal(31, load.Streams(1));

        load.Update(new LoadAnnouncement(100, 120, 0, 0, 0), ownStreams: 10);
        Assert.Equal(100, load.Streams(10));
        Assert.Equal(115, load.Streams(25));
        Assert.False(load.IsFull);

        load.Update(new LoadAnnouncement(120, 120, 0, 0, 0), ownStreams: 10);
        Assert.True(load.IsFull);
    }

    private static (string Zone, long Capacity, string Address) Facts(MemberRecord record) =>
        (record.Zone, record.Capacity, $"{record.Addresses[0].Transport}://{record.Addresses[0].Address}");

    private static string Text(MemberAnnouncement told) => $"{told.Name} {told.State}{(told.HasMore ? " more" : "")}";

    private static MemberRecord Server(string name) =>
        new() { Name = name, Identity = "i", Roles = ["server"], State = MemberState.Up, Addresses = [new MemberAddress("kcp", $"{name}.example:4000")] };

    private static MemberView View(params MemberRecord[] records) => new()
    {
        Members = records.ToImmutableSortedDictionary(record => record.Name, record => new Member(record, 1, 1), StringComparer.Ordinal),
    };
}

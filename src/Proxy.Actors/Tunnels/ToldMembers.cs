using Proxy.Cluster.Members;
using Proxy.Protocol.Announcements;

namespace Proxy.Actors;

/// <summary>What one client was told of the members, so that it is told only what has changed since. Pure.</summary>
internal sealed class ToldMembers
{
    private MemberView _told = MemberView.Empty;

    /// <summary>What to tell it now, in order. Load alone is no news: each server tells its own.</summary>
    public IReadOnlyList<MemberAnnouncement> Update(MemberView view)
    {
        if (view.Members == _told.Members)
        {
            return [];
        }

        var news = new List<MemberAnnouncement>();
        foreach (var (name, member) in view.Members)
        {
            var before = _told.Members.GetValueOrDefault(name);
            if (IsServer(member.Record) && (before is null || !before.Record.HasSameFactsAs(member.Record)))
            {
                news.Add(Of(member.Record));
            }
        }

        foreach (var (name, member) in _told.Members)
        {
            if (IsServer(member.Record) && !(view.Members.TryGetValue(name, out var now) && IsServer(now.Record)))
            {
                news.Add(new MemberAnnouncement { Name = name, State = AnnouncedState.Gone });
            }
        }

        _told = view;
        return [.. news.Select((told, index) => told with { HasMore = index < news.Count - 1 })];
    }

    private static bool IsServer(MemberRecord record) => record.Roles.Contains(ClusterServers.ServerRole);

    private static MemberAnnouncement Of(MemberRecord record) => new()
    {
        Name = record.Name,
        State = (AnnouncedState)record.State,
        Capacity = (uint)Math.Clamp(record.Capacity, 0, uint.MaxValue),
        Streams = (uint)Math.Clamp(record.Load.Streams, 0, uint.MaxValue),
        Zone = record.Zone,
        Addresses = [.. record.Addresses.Take(MostAddresses).Select(address => new AnnouncedAddress(TransportOf(address.Transport), address.Address))],
    };

    private static byte TransportOf(string scheme) => scheme switch
    {
        "kcp" => AnnouncedAddress.Kcp,
        "tcp" => AnnouncedAddress.Tcp,
        "tls" => AnnouncedAddress.Tls,
        _ => byte.MaxValue,
    };

    // More do not fit into one frame if they are long.
    private const int MostAddresses = 4;
}

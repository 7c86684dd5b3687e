using System.Collections.Immutable;
using Proxy.Cluster.Members;
using Proxy.Protocol.Announcements;

namespace Proxy.Actors;

/// <summary>
/// The cluster as servers tell of it through their tunnels. Each server's word is kept by itself as long as its tunnel lives; who spoke last is
/// believed. Pure, bounded by <see cref="MaximumMembers"/> of each tunnel.
/// </summary>
internal sealed class LearnedMembers<TTunnel>
    where TTunnel : notnull
{
    private readonly Dictionary<TTunnel, Dictionary<string, MemberAnnouncement>> _byTunnel = [];
    private long _sequence;

    /// <summary>What is known now, once a server has told all it has to tell; null: there is more to come, or it is no news.</summary>
    public MemberView? Take(TTunnel tunnel, MemberAnnouncement told)
    {
        if (!_byTunnel.TryGetValue(tunnel, out var members))
        {
            members = new Dictionary<string, MemberAnnouncement>(StringComparer.Ordinal);
            _byTunnel.Add(tunnel, members);
        }

        if (told.State == AnnouncedState.Gone)
        {
            members.Remove(told.Name);
        }
        else if (members.Count < MaximumMembers || members.ContainsKey(told.Name))
        {
            members[told.Name] = told;
        }

        return told.HasMore ? null : ViewOf(members.Values);
    }

    /// <summary>The tunnel has ended, and nobody says any more what has become of its server's members.</summary>
    public void Forget(TTunnel tunnel) => _byTunnel.Remove(tunnel);

    private MemberView ViewOf(IEnumerable<MemberAnnouncement> members) => new()
    {
        Sequence = ++_sequence,
        IsStale = false,
        Members = members.ToImmutableSortedDictionary(member => member.Name, member => new Member(RecordOf(member), 0, 0), StringComparer.Ordinal),
    };

    private static MemberRecord RecordOf(MemberAnnouncement told) => new()
    {
        Name = told.Name,
        Identity = "",
        Roles = [ClusterServers.ServerRole],
        Zone = told.Zone,
        Capacity = told.Capacity,
        State = (MemberState)told.State,
        Load = MemberLoad.None with { Streams = told.Streams },
        Addresses =
        [
            .. told.Addresses.Select(address => new MemberAddress(SchemeOf(address.Transport), address.Address)),
        ],
    };

    private static string SchemeOf(byte transport) => transport switch
    {
        AnnouncedAddress.Kcp => "kcp",
        AnnouncedAddress.Tcp => "tcp",
        AnnouncedAddress.Tls => "tls",
        _ => "",
    };

    public const int MaximumMembers = 16 * 1024;
}

using Proxy.Protocol.Announcements;

namespace Proxy.Tunnel;

/// <summary>What a server has to tell beside the streams, until there is room for it: of load the latest alone, of members all in their order.</summary>
internal sealed class AnnouncementQueue
{
    private readonly Queue<MemberAnnouncement> _members = new();
    private LoadAnnouncement? _load;

    public bool IsEmpty => _load is null && _members.Count == 0;

    /// <summary>False: too many wait.</summary>
    public bool TryAdd(TunnelAnnouncement announcement)
    {
        switch (announcement)
        {
            case LoadAnnouncement load:
                _load = load;
                return true;
            case MemberAnnouncement member when _members.Count < MaximumMembers:
                _members.Enqueue(member);
                return true;
            default:
                return false;
        }
    }

    /// <summary>Writes the next frame and gives its length; 0: there is none, or not the room that any of them may need.</summary>
    public int Write(Span<byte> room)
    {
        while (!IsEmpty && room.Length >= TunnelAnnouncement.MaximumFrameBytes)
        {
            TunnelAnnouncement next = _load is { } load ? load : _members.Dequeue();
            _load = null;

            // One that no frame can hold is passed over.
            if (next.Write(room) is var length and > 0)
            {
                return length;
            }
        }

        return 0;
    }

    public void Clear()
    {
        _load = null;
        _members.Clear();
    }

    private const int MaximumMembers = 16 * 1024;
}

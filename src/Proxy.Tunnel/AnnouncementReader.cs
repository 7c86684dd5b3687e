using Proxy.Protocol.Announcements;
using Proxy.Protocol.Frames;
using Proxy.Protocol.Tunnels;

namespace Proxy.Tunnel;

/// <summary>What a client is told by its server beside the streams, held against what may be told: only by a server, and not without end.</summary>
internal sealed class AnnouncementReader(TunnelRole role, long nowMicroseconds)
{
    private readonly RateBudget _rate = new(PerSecond, AtOnce, nowMicroseconds);

    /// <summary>Null: the frame ends the tunnel, and <paramref name="wrong"/> says why.</summary>
    public TunnelAnnouncement? Read(scoped in Frame frame, long now, out string wrong)
    {
        wrong = role == TunnelRole.Server ? "a client that tells of members or load" : _rate.TryTake(now) ? "" : "the peer tells of members without end";
        if (wrong.Length > 0)
        {
            return null;
        }

        if (frame.Kind == FrameKind.Load)
        {
            return LoadAnnouncement.Read(frame.Payload);
        }

        if (MemberAnnouncement.TryRead(frame.Payload, frame.HasMore, out var member))
        {
            return member;
        }

        wrong = "a member that is none";
        return null;
    }

    // All members of a large cluster at once, then those that change.
    private const int PerSecond = 1000;
    private const int AtOnce = 20_000;
}

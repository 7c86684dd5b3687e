namespace Proxy.Protocol.Announcements;

/// <summary>Where a member is in its life, as its byte on the wire. What later versions add counts as <see cref="Draining"/>: nothing new goes there.</summary>
public enum AnnouncedState : byte
{
    Joining = 0,
    Up = 1,
    Draining = 2,
    Leaving = 3,

    /// <summary>It is no member any more.</summary>
    Gone = 4,
}

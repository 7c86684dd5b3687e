using Proxy.Protocol.Announcements;

namespace Proxy.Actors;

/// <summary>
/// How busy a server is, as far as a client knows: what the server said last, and what this client has opened and ended there since. What other
/// clients do in between is heard with the next word.
/// </summary>
internal sealed class ServerLoad
{
    private long _streamsOfOthers;
    private LoadAnnouncement? _last;

    /// <summary>Whether the server takes no more by its own word.</summary>
    public bool IsFull => _last is { Capacity: > 0 } last && last.Streams >= last.Capacity;

    /// <summary>Before the server has said anything itself.</summary>
    /// <param name="streams">What others say of it.</param>
    public void Begin(long streams) => _streamsOfOthers = streams;

    /// <param name="ownStreams">What this client has there as it is told.</param>
    public void Update(LoadAnnouncement told, int ownStreams) =>
        (_last, _streamsOfOthers) = (told, Math.Max(0, told.Streams - ownStreams));

    /// <summary>All streams that it has by now, as far as is known.</summary>
    public long Streams(int ownStreams) => _streamsOfOthers + ownStreams;
}

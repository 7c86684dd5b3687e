using Proxy.Protocol.Announcements;
using Proxy.Tunnel;

namespace Proxy.Actors;

/// <summary>How busy this node is, for its clients: streams are counted as they come and go, the rest is measured now and then. Thread-safe.</summary>
public sealed class NodeLoad
{
    private volatile LoadAnnouncement _measured = new(0, 0, 0, 0, 0);

    /// <summary>The streams of all tunnels; as many as the capacity says may be there.</summary>
    public StreamPlaces Places { get; } = new();

    public LoadAnnouncement Now => _measured with { Streams = (uint)Math.Clamp(Places.Taken, 0, uint.MaxValue) };

    /// <param name="capacity">0: not said, and not bounded.</param>
    public void Update(long capacity, long bytesPerSecond, long cpuPermille, long descriptors)
    {
        Places.Maximum = capacity > 0 ? capacity : long.MaxValue;
        _measured = new LoadAnnouncement(
            0, (uint)Math.Clamp(capacity, 0, uint.MaxValue), (ulong)Math.Max(0, bytesPerSecond), (ushort)Math.Clamp(cpuPermille, 0, 1000),
            (uint)Math.Clamp(descriptors, 0, uint.MaxValue));
    }
}

/// <summary>This node's load was measured anew; published on the event stream for all of its tunnels.</summary>
public sealed record NodeLoadMeasured
{
    public static readonly NodeLoadMeasured Instance = new();
}

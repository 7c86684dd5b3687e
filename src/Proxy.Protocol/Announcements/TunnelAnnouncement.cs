namespace Proxy.Protocol.Announcements;

/// <summary>Something that a server tells its client over tunnel-c beside the streams; native dialect. Immutable.</summary>
public abstract record TunnelAnnouncement
{
    private protected TunnelAnnouncement()
    {
    }

    /// <summary>Writes the whole frame, at most <see cref="MaximumFrameBytes"/>, and returns its length; 0 where it does not fit.</summary>
    public abstract int Write(Span<byte> destination);

    /// <summary>A frame and its header; so that one always fits into a datagram.</summary>
    public const int MaximumFrameBytes = Frames.FrameHeader.SizeBytes + ProtocolLimits.AnnouncementBytes;
}

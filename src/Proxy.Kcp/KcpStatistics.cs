using System.Runtime.InteropServices;

namespace Proxy.Kcp;

/// <summary>What an engine counted since it was made. A segment is one with data unless it says otherwise; bytes are payload.</summary>
[StructLayout(LayoutKind.Auto)]
public struct KcpStatistics
{
    /// <summary>Transmissions, resent ones included.</summary>
    public long SegmentsSent;

    public long BytesSent;

    /// <summary>Resent because enough later ones were acknowledged.</summary>
    public long FastResends;

    /// <summary>Resent because a later one was acknowledged and nothing new was to be sent.</summary>
    public long EarlyResends;

    /// <summary>Resent because the answer did not come in time.</summary>
    public long TimeoutResends;

    /// <summary>Resent because the caller said it was lost.</summary>
    public long ReportedResends;

    /// <summary>Acknowledgement segments sent.</summary>
    public long AcknowledgementsSent;

    /// <summary>Acknowledgement segments received, stale ones included.</summary>
    public long AcknowledgementsReceived;

    /// <summary>Questions for the peer's window sent.</summary>
    public long ProbesSent;

    /// <summary>Taken in; neither duplicate nor beyond the window.</summary>
    public long SegmentsReceived;

    public long BytesReceived;

    /// <summary>Received again.</summary>
    public long Duplicates;

    /// <summary>Dropped because the receive window had no place for them.</summary>
    public long BeyondWindow;

    /// <summary>Whole datagrams refused.</summary>
    public long MalformedDatagrams;

    /// <summary>Sent more than once, for whatever reason.</summary>
    public readonly long Resends => FastResends + EarlyResends + TimeoutResends + ReportedResends;
}

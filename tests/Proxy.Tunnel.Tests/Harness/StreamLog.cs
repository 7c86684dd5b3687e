using Proxy.Protocol.Ends;

namespace Proxy.Tunnel.Tests;

/// <summary>What one side's owner has heard of a stream.</summary>
internal sealed class StreamLog
{
    public MemoryStream Bytes { get; } = new();

    public long Received => Bytes.Length;

    /// <summary>Whether StreamOpened or StreamEstablished came.</summary>
    public bool IsOpen { get; set; }

    /// <summary>Whether the owner wants data.</summary>
    public bool IsReading { get; set; }

    public bool HasEnded { get; set; }

    public EndReason? Reset { get; set; }

    public int Drained { get; set; }

    public bool IsReleased { get; set; }
}

using Proxy.Protocol.Ends;

namespace Proxy.Tunnel.Tests.Native;

/// <summary>What one side's owner has heard of a stream.</summary>
internal sealed class NativeLog
{
    public MemoryStream Bytes { get; } = new();

    public long Received { get; private set; }

    /// <summary>Whether StreamOpened or StreamEstablished came.</summary>
    public bool IsOpen { get; set; }

    public bool IsReading { get; set; }

    public bool HasEnded { get; set; }

    public EndReason? Reset { get; set; }

    /// <summary>In the order of arrival.</summary>
    public List<byte[]> Packets { get; } = [];

    public int Drained { get; set; }

    public bool IsReleased { get; set; }

    public void Note(ReadOnlySpan<byte> bytes, bool keeps)
    {
        Received += bytes.Length;
        if (keeps)
        {
            Bytes.Write(bytes);
        }
    }
}

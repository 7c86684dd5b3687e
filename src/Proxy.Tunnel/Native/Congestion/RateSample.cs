using System.Runtime.InteropServices;

namespace Proxy.Tunnel.Native;

/// <summary>One measurement of <see cref="DeliveryRate"/>.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct RateSample
{
    /// <summary>Whether anything was delivered.</summary>
    public bool HasAny;

    /// <summary>Whether the sender had too little to send, so that the path may be faster.</summary>
    public bool IsApplicationLimited;

    /// <summary>All that had been delivered when the newest of it was sent: tells rounds apart.</summary>
    public long PriorDeliveredBytes;

    public long IntervalMicroseconds;

    /// <summary>0 where nothing can be said.</summary>
    public double BytesPerSecond;
}

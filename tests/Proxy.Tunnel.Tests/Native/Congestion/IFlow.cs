namespace Proxy.Tunnel.Tests.Native.Congestion;

/// <summary>Somebody who always has more to send over a bottleneck. Microseconds.</summary>
internal interface IFlow
{
    /// <summary>Payload bytes of datagrams that arrived.</summary>
    long Delivered { get; }

    long Sent { get; }

    /// <summary>When something happens next.</summary>
    double NextMicroseconds { get; }

    /// <summary>Takes the answers that are due and sends what may be sent.</summary>
    void Run(double nowMicroseconds);
}

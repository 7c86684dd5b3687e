namespace Proxy.Tunnel.Native;

/// <summary>One user lane at a moment.</summary>
/// <param name="Streams">That live on it.</param>
/// <param name="UnsentBytes">Of those, and not in segments yet.</param>
/// <param name="SegmentsInFlight">Sent, or to be sent again, and not acknowledged.</param>
public readonly record struct LaneCounts(int Streams, long UnsentBytes, int SegmentsInFlight);

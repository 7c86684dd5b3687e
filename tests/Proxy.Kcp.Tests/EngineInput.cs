namespace Proxy.Kcp.Tests;

internal static class EngineInput
{
    /// <summary>Hands the engine one segment; a payload is zeros, and its length replaces the header's only where that says none.</summary>
    public static KcpInputStatus HandleDatagram(this KcpEngine engine, KcpSegment segment, uint now, int payloadBytes = 0)
    {
        var datagram = new byte[KcpSegment.HeaderBytes + payloadBytes];
        (segment.PayloadBytes == 0 ? segment with { PayloadBytes = (uint)payloadBytes } : segment).Write(datagram);
        return engine.HandleDatagram(datagram, now);
    }
}

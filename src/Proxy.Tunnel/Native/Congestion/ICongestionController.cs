namespace Proxy.Tunnel.Native;

/// <summary>What an acknowledgement, or the passing of time, told about the path. Times are microseconds.</summary>
/// <param name="NowMicroseconds">When.</param>
/// <param name="Rate">What was delivered, and how fast.</param>
/// <param name="RoundTripMicroseconds">The newest measurement; 0 without a new one.</param>
/// <param name="AcknowledgedBytes">Delivered with it.</param>
/// <param name="LostBytes">Found lost with it.</param>
/// <param name="DeliveredBytes">All that was ever delivered.</param>
/// <param name="BytesInFlight">What is left under way.</param>
internal readonly record struct PathReport(
    long NowMicroseconds,
    RateSample Rate,
    long RoundTripMicroseconds,
    long AcknowledgedBytes,
    long LostBytes,
    long DeliveredBytes,
    long BytesInFlight);

/// <summary>How much may be under way, and how fast it may leave: one for all lanes of a tunnel. Not thread-safe.</summary>
internal interface ICongestionController
{
    /// <summary>For a log or status.</summary>
    string Phase { get; }

    /// <summary>Bytes in flight at most.</summary>
    long WindowBytes { get; }

    double PacingBytesPerSecond { get; }

    /// <summary>What the path is believed to deliver; 0 before anything is known.</summary>
    double BandwidthBytesPerSecond { get; }

    void Handle(in PathReport report);

    /// <summary>Another path: nothing that was learned holds.</summary>
    void Restart(long nowMicroseconds);
}

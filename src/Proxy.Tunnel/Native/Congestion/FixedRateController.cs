namespace Proxy.Tunnel.Native;

/// <summary>For who knows the line: a rate, whatever the path says, and as much under way as that rate fills in two round trips.</summary>
internal sealed class FixedRateController(double bytesPerSecond) : ICongestionController
{
    private const long LeastWindowBytes = 64 * 1024;
    private const long UnknownRoundTripMicroseconds = 200_000;

    private long _roundTripMicroseconds = UnknownRoundTripMicroseconds;

    public string Phase => "fixed rate";

    public long WindowBytes => Math.Max(LeastWindowBytes, (long)(2 * bytesPerSecond * _roundTripMicroseconds / 1_000_000));

    public double PacingBytesPerSecond => bytesPerSecond;

    public double BandwidthBytesPerSecond => bytesPerSecond;

    public void Handle(in PathReport report)
    {
        if (report.RoundTripMicroseconds > 0)
        {
            _roundTripMicroseconds = report.RoundTripMicroseconds;
        }
    }

    public void Restart(long nowMicroseconds) => _roundTripMicroseconds = UnknownRoundTripMicroseconds;
}

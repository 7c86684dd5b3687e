namespace Proxy.Tunnel.Native;

/// <summary>What a <see cref="BandwidthController"/> is about.</summary>
internal enum BandwidthStep
{
    StartUp,
    Drain,
    Down,
    Cruise,
    Up,
    ProbeRoundTrip,
}

internal static class BandwidthSteps
{
    /// <summary>For a log or status.</summary>
    public static string InWords(this BandwidthStep step) => step switch
    {
        BandwidthStep.StartUp => "start-up",
        BandwidthStep.Drain => "drain",
        BandwidthStep.Down => "probe bandwidth down",
        BandwidthStep.Cruise => "probe bandwidth cruise",
        BandwidthStep.Up => "probe bandwidth up",
        _ => "probe round trip",
    };
}

using Proxy.Actors;

namespace Proxy.Node.Settings;

/// <summary>How long a connection may take, be silent, and live.</summary>
internal static class TimeoutsReader
{
    /// <param name="hasHeader">Whether clients may have to send something first.</param>
    public static ConnectionTimeouts Read(SettingsObject timeouts, ConnectionTimeouts missing, bool hasHeader) => !timeouts.IsThere ? missing : missing with
    {
        Header = hasHeader ? timeouts.Wait("header", missing.Header) : missing.Header,
        Connect = timeouts.Wait("connect", missing.Connect),
        Idle = timeouts.Duration("idle", missing.Idle),
        UdpIdle = timeouts.Wait("udp-idle", missing.UdpIdle),
        HalfClose = timeouts.Duration("half-close", missing.HalfClose),
        Lifetime = timeouts.Duration("lifetime", missing.Lifetime),
    };
}

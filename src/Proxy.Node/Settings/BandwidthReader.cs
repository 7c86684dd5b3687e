using Proxy.Actors;

namespace Proxy.Node.Settings;

/// <summary>How fast bytes may go: all connections of a frontend together, and each of them. What names a direction beats what does not.</summary>
internal static class BandwidthReader
{
    public static BandwidthSettings Read(SettingsObject limits, BandwidthSettings missing)
    {
        if (!limits.IsThere)
        {
            return missing;
        }

        var (frontendUp, frontendDown) = Directed(limits, "bandwidth", missing.FrontendUp, missing.FrontendDown);
        var (connectionUp, connectionDown) = Directed(limits, "connection-bandwidth", missing.ConnectionUp, missing.ConnectionDown);
        return new BandwidthSettings
        {
            FrontendUp = frontendUp,
            FrontendDown = frontendDown,
            ConnectionUp = connectionUp,
            ConnectionDown = connectionDown,
        };
    }

    private static (long Up, long Down) Directed(SettingsObject limits, string name, long missingUp, long missingDown)
    {
        var both = limits.Find(name)?.Rate();
        return (
            limits.OptionalValue($"{name}-up", both, value => value.Rate()) ?? both ?? missingUp,
            limits.OptionalValue($"{name}-down", both, value => value.Rate()) ?? both ?? missingDown);
    }
}

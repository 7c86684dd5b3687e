using Proxy.Policy.Rules;

namespace Proxy.Policy.Tests.Rules;

/// <summary>Time zones of the machine; a test that needs one is skipped where the machine has no time zone data.</summary>
internal static class Zones
{
    public static TimeZoneInfo Named(string name)
    {
        var isKnown = ScheduleText.TryFindZone(name, out var zone, out var error);
        Assert.SkipUnless(isKnown, error);
        return zone;
    }
}

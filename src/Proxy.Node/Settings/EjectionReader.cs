using Proxy.Policy.Health;

namespace Proxy.Node.Settings;

/// <summary>When a server whose connections fail is taken out of service.</summary>
internal static class EjectionReader
{
    /// <returns>With 0 failures where that is never; <see cref="OrNever"/> says so to who uses it.</returns>
    public static EjectionSettings Read(SettingsObject eject, EjectionSettings missing)
    {
        if (!eject.IsThere)
        {
            return missing;
        }

        var time = eject.Wait("for", missing.BaseTime);
        return missing with
        {
            ConsecutiveFailures = eject.Whole("failures", missing.ConsecutiveFailures, 0, EjectionSettings.MaximumConsecutiveFailures),
            Window = eject.Wait("window", missing.Window),
            BaseTime = time,

            // Ten times the first one is the longest, as in the default; no ejection is shorter than the first.
            MaximumTime = time * (EjectionSettings.Default.MaximumTime / EjectionSettings.Default.BaseTime),
            MaximumPercent = eject.Find("max")?.Percent() ?? missing.MaximumPercent,
        };
    }

    public static EjectionSettings? OrNever(EjectionSettings settings) => settings.ConsecutiveFailures > 0 ? settings : null;
}

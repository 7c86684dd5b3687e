namespace Proxy.Actors;

/// <summary>What all kinds of parts have in common when they are compared.</summary>
internal static class NodeChanges
{
    /// <summary>What is different, setting by setting.</summary>
    public static IReadOnlyList<SettingsChange> Compare<T>(string subject, T old, T changed, IReadOnlyList<Aspect<T>> aspects) =>
        [.. aspects.Select(aspect => aspect.Compare(subject, old, changed)).OfType<SettingsChange>()];

    public static Dictionary<string, T> ByName<T>(IEnumerable<T> parts, Func<T, string> nameOf) => parts.ToDictionary(nameOf, StringComparer.Ordinal);
}

namespace Proxy.Actors;

/// <summary>One setting of something, or a few that belong together, for telling two versions of it apart.</summary>
/// <param name="IsSame">Whether both mean the same.</param>
/// <param name="Describe">What is different, from the old to the new; empty: that it is different says enough.</param>
internal sealed record Aspect<T>(string Name, ChangeEffect Effect, Func<T, T, bool> IsSame, Func<T, T, string> Describe)
{
    /// <summary>A value that compares by itself.</summary>
    public static Aspect<T> Of<TValue>(string name, ChangeEffect effect, Func<T, TValue> read) => new(
        name,
        effect,
        (old, changed) => EqualityComparer<TValue>.Default.Equals(read(old), read(changed)),
        (old, changed) => MemberText.Difference(read(old), read(changed)));

    /// <summary>A value that only <paramref name="isSame"/> can compare, and nobody wants to read.</summary>
    public static Aspect<T> Of<TValue>(string name, ChangeEffect effect, Func<T, TValue> read, Func<TValue, TValue, bool> isSame) =>
        new(name, effect, (old, changed) => isSame(read(old), read(changed)), static (_, _) => "");

    public SettingsChange? Compare(string subject, T old, T changed)
    {
        if (IsSame(old, changed))
        {
            return null;
        }

        var text = Describe(old, changed);
        return new SettingsChange(subject, text.Length == 0 ? $"other {Name}" : $"{Name} {text}", Effect);
    }
}

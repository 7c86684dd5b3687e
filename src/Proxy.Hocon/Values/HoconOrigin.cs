namespace Proxy.Hocon;

/// <summary>What kind of place a value or an error comes from.</summary>
public enum HoconOriginKind
{
    /// <summary>A text or a file, with line and column.</summary>
    File,

    /// <summary>An environment variable.</summary>
    Environment,

    /// <summary>A setting given as <c>path=value</c>, usually on the command line.</summary>
    Override,
}

/// <summary>One text that values come from. <paramref name="Name"/> is what a person calls it: a path, a variable's name, an argument.</summary>
public sealed record HoconSourceName(string Name, HoconOriginKind Kind)
{
    internal static readonly HoconSourceName Unknown = new("(unknown)", HoconOriginKind.File);
}

/// <summary>
/// Where a value was written. <see cref="Line"/> and <see cref="Column"/> count from 1, the column in UTF-16 units; in a file that cannot be
/// read both are 0.
/// </summary>
public readonly record struct HoconOrigin(HoconSourceName Source, int Line, int Column)
{
    internal static readonly HoconOrigin Unknown = new(HoconSourceName.Unknown, 0, 0);

    /// <summary><c>file:line:column</c>, or the variable or the argument by name.</summary>
    public override string ToString() => Source.Kind switch
    {
        HoconOriginKind.Environment => $"environment variable {Source.Name}",
        HoconOriginKind.Override => $"--set {Source.Name}",
        _ => Line > 0 ? $"{Source.Name}:{Line}:{Column}" : Source.Name,
    };
}

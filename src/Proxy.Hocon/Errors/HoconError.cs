namespace Proxy.Hocon;

/// <summary>What is wrong, by who has to do what about it.</summary>
public enum HoconErrorKind
{
    /// <summary>The text is no HOCON (or, in a .json file, no JSON).</summary>
    Syntax,

    /// <summary>A file cannot be read, or is no UTF-8.</summary>
    File,

    /// <summary>An include is refused: it is required and missing, it includes itself, or its form is not supported.</summary>
    Include,

    /// <summary>A required substitution has no value.</summary>
    Unresolved,

    /// <summary>Substitutions lead back to themselves.</summary>
    Cycle,

    /// <summary>Values that do not go together stand beside each other.</summary>
    Mixed,

    /// <summary>A limit of size or depth is passed.</summary>
    Limit,

    /// <summary>Nothing is at the path that was asked for.</summary>
    Missing,

    /// <summary>Null is at the path that was asked for.</summary>
    Null,

    /// <summary>The value there is of another type.</summary>
    WrongType,

    /// <summary>The value there is of the right type but cannot be read as what was asked for: a bad unit, a number out of range.</summary>
    BadValue,
}

/// <summary>
/// One error, with its place: file, line and column in <paramref name="Origin"/>, and the path of keys at it (empty at the root).
/// <paramref name="Hint"/> says what to do; it is empty only where the message says it already.
/// </summary>
public sealed record HoconError(HoconErrorKind Kind, string Message, HoconOrigin Origin, string Path, string Hint)
{
    public override string ToString()
    {
        var path = Path.Length > 0 ? $"{Path}: " : "";
        var hint = Hint.Length > 0 ? $" ({Hint})" : "";
        return $"{Origin}: {path}{Message}{hint}";
    }
}

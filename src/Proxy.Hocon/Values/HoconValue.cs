namespace Proxy.Hocon;

/// <summary>
/// A resolved value: a <see cref="HoconScalar"/>, a <see cref="HoconList"/> or a <see cref="HoconObject"/>. Immutable, so any thread may read it.
/// One value may stand at several places of a tree (a substitution shares what it refers to).
/// </summary>
public abstract class HoconValue
{
    // What a value costs at least; with it, no text resolves by itself to more than 16 units for each of its characters.
    internal const int NodeSize = 16;

    private protected HoconValue(HoconOrigin origin) => Origin = origin;

    public abstract HoconKind Kind { get; }

    /// <summary>Where this value was written; for a merged object, where its first part was.</summary>
    public HoconOrigin Origin { get; }

    /// <summary>Characters of all texts and keys below, and <see cref="NodeSize"/> for each value, as often as it would be printed.</summary>
    internal abstract long Size { get; }

    /// <summary>How many containers stand inside each other at most; a scalar has 0.</summary>
    internal abstract int Depth { get; }

    /// <summary>This value as JSON.</summary>
    public override string ToString() => HoconJson.Render(this, isIndented: false);
}

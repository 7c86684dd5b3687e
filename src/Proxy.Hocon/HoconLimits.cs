namespace Proxy.Hocon;

/// <summary>What a text may make this library do at most. Beyond it is an error with its place.</summary>
public static class HoconLimits
{
    /// <summary>Containers inside each other, keys of paths counted: ten times what anybody writes, and little enough for any stack.</summary>
    public const int Nesting = 256;

    /// <summary>Steps from one substitution or container into the next while one value is resolved.</summary>
    public const int ResolutionDepth = 1000;

    /// <summary>Includes inside each other, as in the reference implementation.</summary>
    public const int IncludeDepth = 50;

    /// <summary>How many times larger than its input a resolved tree may be.</summary>
    public const int Growth = 16;

    /// <summary>What a resolved tree may always have, however small its input.</summary>
    public const long MinimumResolvedSize = 64L << 20;

    /// <summary>How many bytes the work of resolving may take for each character of the input; it is gone when the tree is resolved.</summary>
    public const int WorkGrowth = 64;

    /// <summary>What files that are included many times may always sum up to, in characters.</summary>
    public const long MinimumIncludedSize = 4L << 20;

    /// <summary>One file, in bytes.</summary>
    public const long FileBytes = 256L << 20;

    internal static long ResolvedSize(long inputCharacters) => Math.Max(MinimumResolvedSize, Growth * inputCharacters);

    internal static long WorkSize(long inputCharacters) => Math.Max(MinimumResolvedSize, WorkGrowth * inputCharacters);
}

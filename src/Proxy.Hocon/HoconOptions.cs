namespace Proxy.Hocon;

/// <summary>What a text may see of the world around it. Nothing, unless given.</summary>
public sealed record HoconOptions
{
    public static readonly HoconOptions Default = new();

    /// <summary>Where files are read from; null: from the disk, with relative names beside the working directory.</summary>
    public IHoconFiles? Files { get; init; }

    /// <summary>Variables that a substitution may fall back to (<c>${?PORT}</c>), and that an overlay may come from; null: none.</summary>
    public IReadOnlyDictionary<string, string>? Environment { get; init; }
}

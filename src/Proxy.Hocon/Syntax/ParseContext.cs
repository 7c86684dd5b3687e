using Proxy.Hocon.Tree;

namespace Proxy.Hocon.Syntax;

/// <summary>What all files of one load share while they are parsed.</summary>
internal sealed class ParseContext(ErrorList errors)
{
    public ErrorList Errors { get; } = errors;

    /// <summary>How many substitutions there are so far; each takes the next number.</summary>
    public int ReferenceCount { get; private set; }

    public ReferenceNode NewReference(HoconPath path, int prefixLength, bool isOptional, HoconOrigin origin) =>
        new(path, prefixLength, isOptional, ReferenceCount++, origin);
}

/// <summary>
/// Where the fields of a text go: the keys above them, and whether a list lies in between (then the keys do
/// not lead there). <paramref name="Depth"/> is how many keys and containers lead there.
/// </summary>
internal readonly record struct ParsePlace(HoconPath Prefix, bool IsInsideList, int Depth)
{
    public static readonly ParsePlace Root = new(HoconPath.Root, IsInsideList: false, Depth: 0);
}

internal enum IncludeForm
{
    /// <summary>Only quoted: beside the file that includes.</summary>
    Plain,
    File,
    Url,
    Classpath,
}

/// <summary>One include statement.</summary>
internal readonly record struct IncludeRequest(IncludeForm Form, string Name, bool IsRequired, HoconOrigin Origin, string Path);

/// <summary>Puts the fields of an included text into an object, as if they stood there.</summary>
internal interface IIncluder
{
    void Include(IncludeRequest request, ObjectNode target, ParsePlace place);
}

using System.Diagnostics.CodeAnalysis;

namespace Proxy.Hocon;

/// <summary>
/// A value and the path that leads to it, for typed access to what is inside. Each getter gives the value, or an error that says whether nothing is
/// there, null is there, or something that cannot be read so; with its path and its place. Immutable.
/// </summary>
public readonly partial struct HoconSection
{
    private readonly HoconPath? _path;

    internal HoconSection(HoconValue value, HoconPath path)
    {
        Value = value;
        _path = path;
    }

    public HoconValue Value { get; }

    /// <summary>The path from the root.</summary>
    public HoconPath Path => _path ?? HoconPath.Root;

    public HoconOrigin Origin => Value.Origin;

    /// <summary>Whether something other than null is at a path.</summary>
    public bool Has(string path) => TryGet(HoconPath.Parse(path), out _, out _);

    /// <summary>The keys inside, in their order; none where this is no object.</summary>
    public IEnumerable<string> Keys => Value is HoconObject inside ? inside.Keys : [];

    /// <summary>What is at a path inside, whatever it is but null.</summary>
    public bool TryGetSection(string path, out HoconSection section, [NotNullWhen(false)] out HoconError? error) =>
        TryGet(HoconPath.Parse(path), out section, out error);

    /// <summary>What is at one key inside, of which nothing is split.</summary>
    public bool TryGetKey(string key, out HoconSection section, [NotNullWhen(false)] out HoconError? error) =>
        TryGet(new HoconPath(key), out section, out error);

    public bool TryGetObject(string path, out HoconSection section, [NotNullWhen(false)] out HoconError? error)
    {
        if (TryGet(HoconPath.Parse(path), out section, out error) && section.Value is not HoconObject)
        {
            error = section.WrongType("an object");
        }

        return error is null;
    }

    /// <summary>An error about this value, in the form of the others; for rules that only its user knows.</summary>
    public HoconError Error(string message, string hint = "") => new(HoconErrorKind.BadValue, message, Origin, Path.ToString(), hint);

    private bool TryGet(HoconPath path, out HoconSection section, [NotNullWhen(false)] out HoconError? error)
    {
        var (value, depth) = (Value, 0);
        while (depth < path.Length && value is HoconObject inside && inside.TryGetValue(path[depth], out var next))
        {
            value = next;
            depth++;
        }

        var full = Path.Append(path);
        section = new HoconSection(value, full);
        error = null;
        if (depth < path.Length)
        {
            section = this;
            error = new HoconError(
                HoconErrorKind.Missing, "it is not set", value.Origin, full.ToString(),
                value is HoconObject or HoconScalar { Kind: HoconKind.Null }
                    ? "set it"
                    : $"{Describe(value)} is there, and nothing can be inside it");
        }
        else if (value.Kind == HoconKind.Null)
        {
            error = new HoconError(
                HoconErrorKind.Null, "it is null, which counts as not set", value.Origin, full.ToString(), "give it a value, or remove it");
        }

        return error is null;
    }

    private HoconError WrongType(string expected) =>
        new(HoconErrorKind.WrongType, $"{expected} is expected, not {Describe(Value)}", Origin, Path.ToString(), "");

    private static string Describe(HoconValue value) => value.Kind switch
    {
        HoconKind.Object => "an object",
        HoconKind.List => "a list",
        HoconKind.Null => "null",
        var kind => $"the {kind.ToString().ToLowerInvariant()} '{Shorten(((HoconScalar)value).Text)}'",
    };

    private static string Shorten(string text) => text.Length <= 40 ? text : text[..40] + "…";
}

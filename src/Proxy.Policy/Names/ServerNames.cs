using System.Buffers;

namespace Proxy.Policy.Names;

/// <summary>Which texts name servers.</summary>
public static class ServerNames
{
    /// <summary>Whether <paramref name="pattern"/> is a name, or `*.` and a name; at most 253 letters, digits, hyphens, underscores and dots.</summary>
    public static bool IsPattern(string pattern)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        var name = pattern.StartsWith(Wildcard, StringComparison.Ordinal) ? pattern.AsSpan(Wildcard.Length) : pattern;
        return name.Length is > 0 and <= 253
            && name[0] != '.'
            && name[^1] != '.'
            && name.IndexOf("..") < 0
            && !name.ContainsAnyExcept(NameCharacters);
    }

    private const string Wildcard = "*.";

    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");
}

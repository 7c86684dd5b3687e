using System.Text.RegularExpressions;

namespace Proxy.Policy.Routes;

/// <summary>
/// Which names a route is for: <c>example.com</c> that name alone; <c>.example.com</c> that name and all below it; with <c>*</c> (any
/// characters, dots too) or <c>?</c> (one), what fits the whole name; between slashes, <c>/^(www|ftp)[0-9]*\./</c>, a regular expression that
/// matches anywhere in it. Capital letters do not matter. Never an address. Immutable, so any thread may ask.
/// </summary>
public sealed class NamePattern
{
    /// <summary>A longer expression is a program, and not a rule that anybody reads.</summary>
    public const int ExpressionLength = 1000;

    private readonly string _text;
    private readonly Func<string, bool> _matches;

    private NamePattern(string text, Func<string, bool> matches)
    {
        _text = text;
        _matches = matches;
    }

    /// <summary>Reads a pattern; false: <paramref name="error"/> says what is wrong with it.</summary>
    public static bool TryParse(string text, out NamePattern pattern, out string error)
    {
        ArgumentNullException.ThrowIfNull(text);
        (pattern, error) = (null!, "");
        Func<string, bool>? matches;
        if (text.Length >= 2 && text[0] == '/' && text[^1] == '/')
        {
            if (!TryCompile(text[1..^1], out matches, out error))
            {
                return false;
            }
        }
        else if (!TryReadName(text, out matches))
        {
            error = $"'{text}' is neither a name, nor .name for all below it, nor a name with * or ?, nor an expression between slashes";
            return false;
        }

        pattern = new NamePattern(text, matches!);
        return true;
    }

    /// <param name="name">In lower case, without a final dot.</param>
    public bool Matches(string name) => _matches(name);

    public override string ToString() => _text;

    private static bool TryReadName(string text, out Func<string, bool>? matches)
    {
        var lower = text.ToLowerInvariant();
        var bare = lower.StartsWith('.') ? lower[1..] : lower;
        matches = null;
        if (bare.Length is 0 or > 255 || bare[0] == '.' || bare[^1] == '.' || !bare.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '*' or '?'))
        {
            return false;
        }

        if (bare.AsSpan().ContainsAny('*', '?'))
        {
            matches = name => Fits(name, lower);
            return lower == bare;
        }

        matches = bare == lower
            ? name => name == lower
            : name => name == bare || name.EndsWith(lower, StringComparison.Ordinal);
        return true;
    }

    /// <summary>In time name × pattern at most: only the last star is ever returned to.</summary>
    private static bool Fits(string name, string pattern)
    {
        var (at, read) = (0, 0);
        var (star, resume) = (-1, 0);
        while (at < name.Length)
        {
            if (read < pattern.Length && pattern[read] == '*')
            {
                (star, resume) = (read++, at);
            }
            else if (read < pattern.Length && (pattern[read] == '?' || pattern[read] == name[at]))
            {
                (at, read) = (at + 1, read + 1);
            }
            else if (star >= 0)
            {
                (at, read) = (++resume, star + 1);
            }
            else
            {
                return false;
            }
        }

        return pattern.AsSpan(read).IndexOfAnyExcept('*') < 0;
    }

    private static bool TryCompile(string text, out Func<string, bool>? matches, out string error)
    {
        (matches, error) = (null, "");
        if (text.Length > ExpressionLength)
        {
            error = $"an expression has at most {ExpressionLength} characters, and this one {text.Length}";
            return false;
        }

        try
        {
            var expression = new Regex(text, RegexOptions.NonBacktracking | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

            // What is wrong with an expression of this kind may show only when it runs.
            _ = expression.IsMatch("");

            // Linear in the name, which has 255 characters: a limit of time would be passed on a busy machine alone, and a rule that blocks would not hold there.
            matches = expression.IsMatch;
            return true;
        }
        catch (Exception failure) when (failure is ArgumentException or NotSupportedException)
        {
            error = $"'/{text}/' is no expression that can be used here: {failure.Message}";
            return false;
        }
    }
}

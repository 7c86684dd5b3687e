using System.Diagnostics.CodeAnalysis;
using System.Text;
using Proxy.Hocon.Syntax;

namespace Proxy.Hocon;

/// <summary>
/// A path expression: keys from the outside in. Its text form splits at dots that are not inside quotes (<c>a."b.c".d</c>). It has at least one
/// key when it was parsed; <see cref="Root"/> has none.
/// </summary>
public sealed class HoconPath
{
    public static readonly HoconPath Root = new([]);

    private readonly string[] _keys;

    public HoconPath(params IEnumerable<string> keys) => _keys = [.. keys];

    public IReadOnlyList<string> Keys => _keys;

    internal int Length => _keys.Length;

    internal string this[int index] => _keys[index];

    public static bool TryParse(string text, [NotNullWhen(true)] out HoconPath? path, out string error)
    {
        ArgumentNullException.ThrowIfNull(text);
        return PathReader.TryRead(text, out path, out error);
    }

    /// <summary>Parses a path that is known to be right, as one in the program itself.</summary>
    /// <exception cref="ArgumentException">It is not.</exception>
    public static HoconPath Parse(string text) =>
        TryParse(text, out var path, out var error) ? path : throw new ArgumentException($"'{text}' is no path: {error}", nameof(text));

    public HoconPath Append(HoconPath more)
    {
        ArgumentNullException.ThrowIfNull(more);
        return new HoconPath([.. _keys, .. more._keys]);
    }

    /// <summary>Whether every key of <paramref name="prefix"/> is a key of this path, from the front.</summary>
    internal bool StartsWith(HoconPath prefix) => _keys.AsSpan().StartsWith(prefix._keys);

    internal HoconPath From(int index) => index == 0 ? this : new HoconPath(_keys[index..]);

    /// <summary>The keys joined by dots with nothing quoted: how a variable of the environment is called.</summary>
    internal string Joined => string.Join('.', _keys);

    /// <summary>The text form, with quotes where a key needs them.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var key in _keys)
        {
            if (text.Length > 0)
            {
                text.Append('.');
            }

            text.Append(IsPlain(key) ? key : HoconJson.Quote(key));
        }

        return text.ToString();
    }

    private static bool IsPlain(string key)
    {
        foreach (var character in key)
        {
            if (!char.IsLetterOrDigit(character) && character is not ('-' or '_'))
            {
                return false;
            }
        }

        return key.Length > 0;
    }
}

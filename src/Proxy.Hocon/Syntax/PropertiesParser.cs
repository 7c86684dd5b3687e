using System.Globalization;
using System.Text;
using Proxy.Hocon.Tree;

namespace Proxy.Hocon.Syntax;

/// <summary>
/// Parses a .properties file as Java does: every value is a string, keys are split at every dot, and where a key is both a value and an object the
/// object is taken. Only a broken escape or a path that is too deep is an error.
/// </summary>
internal sealed class PropertiesParser(string text, HoconSourceName source, ErrorList errors)
{
    private int _at;
    private int _line = 1;

    public ObjectNode Parse()
    {
        var values = new List<(string Key, HoconScalar Value)>();
        while (_at < text.Length && !errors.IsFull)
        {
            var origin = new HoconOrigin(source, _line, 1);
            var line = ReadLogicalLine();
            if (line.Length > 0)
            {
                values.Add(Split(line, origin));
            }
        }

        return Build(values, new HoconOrigin(source, 1, 1));
    }

    // Longer keys last, so that objects come over values.
    private ObjectNode Build(List<(string Key, HoconScalar Value)> values, HoconOrigin origin)
    {
        var root = new ObjectNode(origin);
        foreach (var (key, value) in values.OrderBy(entry => entry.Key.Count(character => character == '.')))
        {
            var path = new HoconPath(key.Split('.'));
            if (path.Length > HoconLimits.Nesting)
            {
                errors.Add(HoconErrorKind.Limit, $"a key has more than {HoconLimits.Nesting} parts", value.Origin, "", "nest less");
                continue;
            }

            root.Define(path, new ValueNode(value));
        }

        return root;
    }

    // A line with those that are continued by a backslash; comments and blank lines come back empty.
    private string ReadLogicalLine()
    {
        var line = new StringBuilder();
        var isComment = false;
        do
        {
            var end = text.IndexOfAny(['\n', '\r'], _at);
            end = end < 0 ? text.Length : end;
            var natural = text.AsSpan(_at, end - _at).TrimStart(" \t\f\ufeff");
            isComment = line.Length == 0 && !natural.IsEmpty && natural[0] is '#' or '!';
            line.Append(natural);
            _at = end + (text.AsSpan(end).StartsWith("\r\n") ? 2 : 1);
            _line++;
        }
        while (!isComment && IsContinued(line) && _at < text.Length);
        return isComment ? "" : line.ToString();
    }

    // An odd number of backslashes at the end continues the line; the last one is then dropped.
    private static bool IsContinued(StringBuilder line)
    {
        var backslashes = 0;
        while (backslashes < line.Length && line[line.Length - 1 - backslashes] == '\\')
        {
            backslashes++;
        }

        if (backslashes % 2 == 0)
        {
            return false;
        }

        line.Length--;
        return true;
    }

    private (string Key, HoconScalar Value) Split(string line, HoconOrigin origin)
    {
        var end = 0;
        while (end < line.Length && line[end] is not ('=' or ':' or ' ' or '\t' or '\f'))
        {
            end += line[end] == '\\' ? 2 : 1;
        }

        end = Math.Min(end, line.Length);
        var rest = line.AsSpan(end).TrimStart(" \t\f");
        if (!rest.IsEmpty && rest[0] is '=' or ':')
        {
            rest = rest[1..].TrimStart(" \t\f");
        }

        return (Unescape(line.AsSpan(0, end), origin), HoconScalar.String(Unescape(rest, origin), origin));
    }

    private string Unescape(ReadOnlySpan<char> escaped, HoconOrigin origin)
    {
        if (!escaped.Contains('\\'))
        {
            return escaped.ToString();
        }

        var unescaped = new StringBuilder(escaped.Length);
        for (var at = 0; at < escaped.Length; at++)
        {
            if (escaped[at] != '\\' || at + 1 == escaped.Length)
            {
                unescaped.Append(escaped[at]);
                continue;
            }

            at++;
            if (escaped[at] != 'u')
            {
                unescaped.Append(escaped[at] switch { 't' => '\t', 'n' => '\n', 'r' => '\r', 'f' => '\f', var other => other });
            }
            else if (at + 4 < escaped.Length
                && ushort.TryParse(escaped.Slice(at + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code))
            {
                unescaped.Append((char)code);
                at += 4;
            }
            else
            {
                errors.Add(HoconErrorKind.Syntax, "'\\u' has no four hexadecimal digits behind it", origin, "", "write \\\\ for a backslash");
                break;
            }
        }

        return unescaped.ToString();
    }
}

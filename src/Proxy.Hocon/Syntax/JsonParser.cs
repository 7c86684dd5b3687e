using System.Globalization;
using System.Text;
using Proxy.Hocon.Tree;

namespace Proxy.Hocon.Syntax;

/// <summary>
/// Parses a .json file: JSON as RFC 8259 has it and nothing else. Of a key that stands twice, the later is taken, objects are merged. It stops at the
/// first error, since JSON has no place to go on from.
/// </summary>
internal sealed class JsonParser(string text, HoconSourceName source, ErrorList errors)
{
    private int _at;
    private int _line = 1;
    private int _lineStart;
    private int _depth;
    private bool _hasFailed;

    private HoconOrigin Origin => new(source, _line, _at - _lineStart + 1);

    /// <summary>The value of the whole text; null: an error was reported.</summary>
    public Node? Parse()
    {
        if (text.StartsWith(Characters.ByteOrderMark))
        {
            _at++;
        }

        SkipBlanks();
        var value = ParseValue();
        SkipBlanks();
        if (value is not null && _at < text.Length)
        {
            Fail("something stands behind the end of the value");
        }

        return _hasFailed ? null : value;
    }

    private Node? ParseValue() => Peek() switch
    {
        '{' => ParseContainer(isObject: true),
        '[' => ParseContainer(isObject: false),
        '"' => ParseString(out var origin) is { } string_ ? new ValueNode(HoconScalar.String(string_, origin)) : null,
        't' => ParseLiteral("true", HoconKind.Boolean),
        'f' => ParseLiteral("false", HoconKind.Boolean),
        'n' => ParseLiteral("null", HoconKind.Null),
        '-' or (>= '0' and <= '9') => ParseNumber(),
        _ => Fail("a JSON value is expected"),
    };

    private char Peek() => _at < text.Length ? text[_at] : '\0';

    private Node? Fail(string message)
    {
        if (!_hasFailed)
        {
            errors.Add(HoconErrorKind.Syntax, message, Origin, "", "a .json file is strict JSON; name it .conf to write HOCON");
        }

        _hasFailed = true;
        return null;
    }

    private void SkipBlanks()
    {
        for (; _at < text.Length && text[_at] is ' ' or '\t' or '\r' or '\n'; _at++)
        {
            if (text[_at] == '\n')
            {
                _line++;
                _lineStart = _at + 1;
            }
        }
    }

    private bool Take(char character)
    {
        SkipBlanks();
        if (Peek() != character || _at >= text.Length)
        {
            return false;
        }

        _at++;
        SkipBlanks();
        return true;
    }

    private Node? ParseContainer(bool isObject)
    {
        var (origin, close) = (Origin, isObject ? '}' : ']');
        if (++_depth > HoconLimits.Nesting)
        {
            return Fail($"more than {HoconLimits.Nesting} objects and lists stand inside each other");
        }

        var (fields, items) = (new ObjectNode(origin), new List<Node>());
        _at++;
        SkipBlanks();
        if (!Take(close))
        {
            do
            {
                if (!(isObject ? ParseField(fields) : ParseItem(items)))
                {
                    return null;
                }
            }
            while (Take(','));
            if (!Take(close))
            {
                return Fail($"',' or '{close}' is expected");
            }
        }

        _depth--;
        return isObject ? fields
            : items.TrueForAll(item => item is ValueNode) ? new ValueNode(new HoconList(items.Select(item => ((ValueNode)item).Value), origin))
            : new ListNode(items, origin);
    }

    private bool ParseItem(List<Node> items)
    {
        if (ParseValue() is not { } item)
        {
            return false;
        }

        items.Add(item);
        return true;
    }

    private bool ParseField(ObjectNode fields)
    {
        if (Peek() != '"')
        {
            Fail("a key in quotes is expected");
            return false;
        }

        if (ParseString(out _) is not { } key)
        {
            return false;
        }

        if (!Take(':'))
        {
            Fail("':' is expected");
            return false;
        }

        if (ParseValue() is not { } value)
        {
            return false;
        }

        fields.Define(new HoconPath(key), value);
        return true;
    }

    private Node? ParseLiteral(string literal, HoconKind kind)
    {
        if (!text.AsSpan(_at).StartsWith(literal))
        {
            return Fail("a JSON value is expected");
        }

        var value = new ValueNode(new HoconScalar(kind, literal, Origin));
        _at += literal.Length;
        return value;
    }

    private Node? ParseNumber()
    {
        var (start, origin) = (_at, Origin);
        while (Peek() is (>= '0' and <= '9') or 'e' or 'E' or '+' or '-' or '.')
        {
            _at++;
        }

        var number = text[start.._at];
        var digits = number.AsSpan().TrimStart('-');
        var point = number.IndexOf('.', StringComparison.Ordinal);
        var isStrict = NumberText.IsNumber(number)
            && (digits.Length < 2 || digits[0] != '0' || !char.IsAsciiDigit(digits[1]))
            && char.IsAsciiDigit(digits[0])
            && (point < 0 || (point + 1 < number.Length && char.IsAsciiDigit(number[point + 1])));
        return isStrict ? new ValueNode(new HoconScalar(HoconKind.Number, number, origin)) : Fail("this is no JSON number");
    }

    private string? ParseString(out HoconOrigin origin)
    {
        origin = Origin;
        var start = ++_at;
        StringBuilder? unescaped = null;
        for (; _at < text.Length && text[_at] != '"'; _at++)
        {
            if (text[_at] < ' ')
            {
                break;
            }

            if (text[_at] != '\\')
            {
                unescaped?.Append(text[_at]);
                continue;
            }

            unescaped ??= new StringBuilder().Append(text, start, _at - start);
            if (!ParseEscape(unescaped))
            {
                Fail("this is no JSON escape");
                return null;
            }
        }

        if (Peek() != '"')
        {
            Fail(_at < text.Length ? "a control character stands in a string" : "a string has no end");
            return null;
        }

        var value = unescaped?.ToString() ?? text[start.._at];
        _at++;
        return value;
    }

    // Stands at the backslash and ends on the last character of the escape.
    private bool ParseEscape(StringBuilder unescaped)
    {
        const string Escapes = "\"\\/bfnrt";
        const string Meanings = "\"\\/\b\f\n\r\t";
        _at++;
        var index = Escapes.IndexOf(Peek(), StringComparison.Ordinal);
        if (_at < text.Length && index >= 0)
        {
            unescaped.Append(Meanings[index]);
            return true;
        }

        if (Peek() != 'u' || _at + 4 >= text.Length
            || !ushort.TryParse(text.AsSpan(_at + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code))
        {
            return false;
        }

        unescaped.Append((char)code);
        _at += 4;
        return true;
    }
}

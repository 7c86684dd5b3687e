using System.Globalization;
using System.Text;

namespace Proxy.Hocon.Syntax;

internal sealed partial class Lexer
{
    private const string UnclosedTriple = "the text in triple quotes has no end";
    private const string Quotes = "\"\"\"";

    private (TokenKind Kind, string Text, string Hint) ReadQuoted()
    {
        if (_text.AsSpan(_at).StartsWith(Quotes))
        {
            return ReadTriple();
        }

        var start = ++_at;
        StringBuilder? unescaped = null;
        (string Message, string Hint)? failure = null;
        while (_at < _text.Length && _text[_at] is not ('"' or '\n'))
        {
            var character = _text[_at];
            if (character == '\\')
            {
                unescaped ??= new StringBuilder().Append(_text, start, _at - start);
                var wrongEscape = ReadEscape(unescaped);
                failure ??= wrongEscape;
                continue;
            }

            if (character < ' ')
            {
                failure ??= ($"the control character U+{(int)character:X4} stands in quotes", "write it as an escape, or use triple quotes");
            }

            unescaped?.Append(character);
            _at++;
        }

        if (_at >= _text.Length || _text[_at] == '\n')
        {
            return Error(0, "the quoted text has no end on its line", "close the quote; use triple quotes for text of several lines");
        }

        var text = unescaped?.ToString() ?? _text[start.._at];
        _at++;
        return failure is { } wrong ? Error(0, wrong.Message, wrong.Hint) : (TokenKind.Quoted, text, "");
    }

    // Stands at the backslash and moves behind the escape, in any case by at least one character.
    private (string Message, string Hint)? ReadEscape(StringBuilder unescaped)
    {
        _at++;
        if (_at >= _text.Length || _text[_at] == '\n')
        {
            return null;
        }

        var escape = _text[_at++];
        const string Escapes = "\"\\/bfnrt";
        const string Meanings = "\"\\/\b\f\n\r\t";
        var index = Escapes.IndexOf(escape, StringComparison.Ordinal);
        if (index >= 0)
        {
            unescaped.Append(Meanings[index]);
            return null;
        }

        if (escape != 'u')
        {
            return ($"'\\{escape}' is no escape", "write \\\\ for a backslash, or use triple quotes");
        }

        if (_at + 4 > _text.Length
            || !ushort.TryParse(_text.AsSpan(_at, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code))
        {
            return ("'\\u' has no four hexadecimal digits behind it", "write it as \\u00e9; write \\\\ for a backslash");
        }

        unescaped.Append((char)code);
        _at += 4;
        return null;
    }

    // Ends at three quotes or more, of which the last three are the end.
    private (TokenKind Kind, string Text, string Hint) ReadTriple()
    {
        var start = _at + Quotes.Length;
        var end = _text.IndexOf(Quotes, start, StringComparison.Ordinal);
        if (end < 0)
        {
            MoveOverLines(_text.Length);
            return (TokenKind.Error, UnclosedTriple, "");
        }

        while (end + Quotes.Length < _text.Length && _text[end + Quotes.Length] == '"')
        {
            end++;
        }

        MoveOverLines(end + Quotes.Length);
        return (TokenKind.Quoted, _text[start..end], "");
    }

    private void MoveOverLines(int end)
    {
        var newline = _text.IndexOf('\n', _at, end - _at);
        while (newline >= 0)
        {
            _line++;
            _lineStart = newline + 1;
            newline = _text.IndexOf('\n', _lineStart, end - _lineStart);
        }

        _at = end;
    }
}

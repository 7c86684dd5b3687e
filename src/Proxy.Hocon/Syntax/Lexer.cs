namespace Proxy.Hocon.Syntax;

/// <summary>
/// Cuts a text into tokens, one at each call, each character once. Comments and white space are skipped; a token knows whether there was any
/// before it. What is no token comes out as an error token, behind which the lexer goes on.
/// </summary>
internal sealed partial class Lexer
{
    private readonly string _text;
    private readonly HoconSourceName _source;
    private int _at;
    private int _line = 1;
    private int _lineStart;

    public Lexer(string text, HoconSourceName source)
    {
        _text = text;
        _source = source;
    }

    /// <summary>How many characters were looked at; tests hold that it grows with the text and not faster.</summary>
    public long Steps { get; private set; }

    public HoconOrigin OriginOf(Token token) => new(_source, token.Line, token.Column);

    public string Slice(int start, int end) => _text[start..end];

    /// <summary>The next token. Inside <c>${ }</c> there are no comments.</summary>
    public Token Next(bool isInsideSubstitution = false)
    {
        var blankStart = _at;
        SkipBlanks(isInsideSubstitution);
        var (start, line, column) = (_at, _line, _at - _lineStart + 1);
        var (kind, text, hint) = _at < _text.Length ? Read() : (TokenKind.End, "", "");
        Steps += _at - blankStart + 1;
        if (kind == TokenKind.Error && text == UnclosedTriple)
        {
            hint = $"close it with \"\"\"; it starts on line {line}";
            (line, column) = (_line, _at - _lineStart + 1);
        }

        return new Token(kind, blankStart, start, _at, line, column, text, hint);
    }

    private void SkipBlanks(bool isInsideSubstitution)
    {
        while (_at < _text.Length)
        {
            if (Characters.IsBlank(_text[_at]))
            {
                _at++;
            }
            else if (!isInsideSubstitution && (_text[_at] == '#' || StartsComment(_at)))
            {
                var end = _text.IndexOf('\n', _at);
                _at = end < 0 ? _text.Length : end;
            }
            else
            {
                return;
            }
        }
    }

    private bool StartsComment(int at) => _text[at] == '/' && at + 1 < _text.Length && _text[at + 1] == '/';

    private (TokenKind Kind, string Text, string Hint) Read()
    {
        var character = _text[_at];
        switch (character)
        {
            case '\n':
                _at++;
                _line++;
                _lineStart = _at;
                return (TokenKind.Newline, "a newline", "");
            case ',':
                return Take(TokenKind.Comma, 1, "','");
            case ':':
                return Take(TokenKind.Colon, 1, "':'");
            case '=':
                return Take(TokenKind.Equal, 1, "'='");
            case '{':
                return Take(TokenKind.OpenBrace, 1, "'{'");
            case '}':
                return Take(TokenKind.CloseBrace, 1, "'}'");
            case '[':
                return Take(TokenKind.OpenBracket, 1, "'['");
            case ']':
                return Take(TokenKind.CloseBracket, 1, "']'");
            case '+' when Follows('='):
                return Take(TokenKind.PlusEqual, 2, "'+='");
            case '$' when Follows('{'):
                return _at + 2 < _text.Length && _text[_at + 2] == '?'
                    ? Take(TokenKind.OptionalSubstitution, 3, "'${?'")
                    : Take(TokenKind.Substitution, 2, "'${'");
            case '$':
                return Error(1, "'$' has no '{' behind it", "write ${path} for a substitution, or quote the value");
            case '"':
                return ReadQuoted();
            case '-' or (>= '0' and <= '9'):
                return ReadNumber();
            case '/' when Follows('/'):
                return Error(2, "a comment stands inside ${ }", "quote the key");
            default:
                return Characters.IsReserved(character)
                    ? Error(1, $"'{character}' may not stand outside quotes", "quote the value")
                    : ReadText();
        }
    }

    private bool Follows(char character) => _at + 1 < _text.Length && _text[_at + 1] == character;

    private (TokenKind Kind, string Text, string Hint) Take(TokenKind kind, int length, string text)
    {
        _at += length;
        return (kind, text, "");
    }

    private (TokenKind Kind, string Text, string Hint) Error(int length, string message, string hint)
    {
        _at += length;
        return (TokenKind.Error, message, hint);
    }

    private (TokenKind Kind, string Text, string Hint) ReadText()
    {
        var literal = ReadLiteral();
        if (literal.Kind != TokenKind.Text)
        {
            return literal;
        }

        var start = _at;
        while (_at < _text.Length && IsText(_at))
        {
            _at++;
        }

        return (TokenKind.Text, _text[start.._at], "");
    }

    private bool IsText(int at) =>
        _text[at] != '\n' && !Characters.IsBlank(_text[at]) && !Characters.IsReserved(_text[at]) && !StartsComment(at);

    // What goes on behind a literal is text of its own: truefoo is true and foo side by side.
    private (TokenKind Kind, string Text, string Hint) ReadLiteral()
    {
        var rest = _text.AsSpan(_at);
        return rest.StartsWith("true") ? Take(TokenKind.True, 4, "true")
            : rest.StartsWith("false") ? Take(TokenKind.False, 5, "false")
            : rest.StartsWith("null") ? Take(TokenKind.Null, 4, "null")
            : (TokenKind.Text, "", "");
    }

    private (TokenKind Kind, string Text, string Hint) ReadNumber()
    {
        var start = _at;
        while (_at < _text.Length && _text[_at] is (>= '0' and <= '9') or 'e' or 'E' or '+' or '-' or '.')
        {
            _at++;
        }

        var text = _text[start.._at];
        if (NumberText.IsNumber(text))
        {
            return (TokenKind.Number, text, "");
        }

        // 1 += 2 has its operator right behind a key that looks like a number.
        if (text.EndsWith('+') && _at < _text.Length && _text[_at] == '=' && text.IndexOf('+') == text.Length - 1)
        {
            _at--;
            text = text[..^1];
            return (NumberText.IsNumber(text) ? TokenKind.Number : TokenKind.Text, text, "");
        }

        return text.Contains('+', StringComparison.Ordinal)
            ? (TokenKind.Error, $"'{Shorten(text)}' is no number, and '+' may not stand outside quotes", "quote the value")
            : (TokenKind.Text, text, "");
    }

    private static string Shorten(string text) => text.Length <= 40 ? text : text[..40] + "…";
}

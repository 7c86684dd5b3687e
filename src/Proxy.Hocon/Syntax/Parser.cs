using System.Runtime.CompilerServices;
using Proxy.Hocon.Tree;

namespace Proxy.Hocon.Syntax;

/// <summary>
/// Parses one text into an object. At an error it goes on behind the field, so that all errors of a text are found; the result counts only if there
/// was none. Depth is limited by <see cref="HoconLimits.Nesting"/>, time is linear in the text.
/// </summary>
internal sealed partial class Parser
{
    private readonly ParseContext _context;
    private readonly IIncluder _includer;
    private readonly Lexer _lexer;
    private readonly ParsePlace _place;

    // The keys to where the parser stands, from the root of everything; keys above a list are there for messages only.
    private readonly List<string> _path;
    private int _listDepth;
    private int _depth;
    private Token _token;

    // The field that was parsed last at this depth, for an error behind it.
    private HoconPath _lastKey = HoconPath.Root;

    // Of brackets that are open at the end only the innermost is told.
    private bool _isEndReported;

    /// <summary><paramref name="above"/>: keys that lead to a single value, as an override names them.</summary>
    public Parser(ParseContext context, IIncluder includer, Lexer lexer, ParsePlace place, HoconPath above)
    {
        _context = context;
        _includer = includer;
        _lexer = lexer;
        _place = place;
        _path = [.. place.Prefix.Keys, .. above.Keys];
        _depth = place.Depth;
        _listDepth = place.IsInsideList ? 1 : 0;
        Move();
    }

    /// <summary>Parses a whole text whose root is an object into <paramref name="target"/>. A list at the root comes back instead.</summary>
    public Node? ParseRoot(ObjectNode target)
    {
        SkipNewlines();
        Node? list = null;
        switch (_token.Kind)
        {
            case TokenKind.OpenBrace:
                ParseBraces(target);
                ExpectEnd();
                break;
            case TokenKind.OpenBracket:
                list = ParseList();
                ExpectEnd();
                break;
            default:
                ParseFields(target, TokenKind.End, opening: default);
                break;
        }

        return list;
    }

    /// <summary>Parses a text that is one value, as an override has it; null: an error was reported.</summary>
    public Node? ParseSingleValue()
    {
        SkipNewlines();
        var value = ParseValue();
        if (value is not null)
        {
            ExpectEnd();
        }

        return value;
    }

    private string PathText => new HoconPath(_path).ToString();

    private void Move() => _token = _lexer.Next();

    /// <summary>Whether there was any newline.</summary>
    private bool SkipNewlines()
    {
        var isAny = false;
        while (_token.Kind == TokenKind.Newline)
        {
            isAny = true;
            Move();
        }

        return isAny;
    }

    private void ExpectEnd()
    {
        SkipNewlines();
        if (_token.Kind != TokenKind.End && !_context.Errors.IsFull)
        {
            var message = _token.Kind == TokenKind.Error ? _token.Text : $"{Describe(_token)} stands behind the end";
            Report(message, "only white space and comments may follow");
        }
    }

    private void Report(string message, string hint) => Report(_token, message, hint);

    private void Report(Token at, string message, string hint) =>
        _context.Errors.Add(HoconErrorKind.Syntax, message, _lexer.OriginOf(at), PathText, hint);

    private void ReportUnclosed(string closing, string opening, int line)
    {
        if (!_isEndReported)
        {
            Report($"'{closing}' is missing at the end", $"the '{opening}' of line {line} is not closed");
        }

        _isEndReported = true;
    }

    // An error behind a key or its value, which belongs to that key.
    private void ReportUnexpectedBehind(HoconPath key, string expected, string hint)
    {
        _path.AddRange(key.Keys);
        ReportUnexpected(expected, hint);
        _path.RemoveRange(_path.Count - key.Length, key.Length);
    }

    /// <summary>Reports that the current token stands where something else is expected; what the lexer found wrong goes first.</summary>
    private void ReportUnexpected(string expected, string hint)
    {
        if (_token.Kind == TokenKind.Error)
        {
            Report(_token.Text, _token.Hint);
        }
        else
        {
            Report($"{expected} is expected, not {Describe(_token)}", hint);
        }
    }

    private static string Describe(Token token) => token.Kind switch
    {
        TokenKind.End => "the end of the text",
        TokenKind.Text or TokenKind.Number or TokenKind.Quoted => $"'{(token.Text.Length <= 40 ? token.Text : token.Text[..40] + "…")}'",
        _ => token.Text,
    };

    private void ParseBraces(ObjectNode target)
    {
        var opening = _token;
        if (!Enter())
        {
            return;
        }

        Move();
        ParseFields(target, TokenKind.CloseBrace, opening);
        _depth--;
    }

    // One more container or key. Beyond the limit everything inside is skipped.
    private bool Enter()
    {
        if (++_depth <= HoconLimits.Nesting && RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            return true;
        }

        _context.Errors.Add(
            HoconErrorKind.Limit, $"more than {HoconLimits.Nesting} objects and lists stand inside each other", _lexer.OriginOf(_token), "",
            "nest less");
        SkipContainer();
        _depth--;
        return false;
    }

    // Fields up to and with the closing brace, or up to the end of a text without braces.
    private void ParseFields(ObjectNode target, TokenKind closing, Token opening)
    {
        SkipNewlines();
        while (!_context.Errors.IsFull)
        {
            if (_token.Kind == closing)
            {
                MoveBehind(closing);
                return;
            }

            if (_token.Kind == TokenKind.End)
            {
                ReportUnclosed("}", "{", opening.Line);
                return;
            }

            if (!ParseField(target) || !ParseSeparator(closing, _lastKey))
            {
                Recover(closing);
            }
        }
    }

    private void MoveBehind(TokenKind closing)
    {
        if (closing != TokenKind.End)
        {
            Move();
        }
    }

    // A comma or a newline, or nothing before the closing bracket.
    private bool ParseSeparator(TokenKind closing, HoconPath key)
    {
        var isNewLine = SkipNewlines();
        if (_token.Kind == TokenKind.Comma)
        {
            Move();
            SkipNewlines();
            if (_token.Kind != TokenKind.Comma)
            {
                return true;
            }

            Report("two commas stand in a row", "remove one");
            return false;
        }

        if (isNewLine || _token.Kind == closing || _token.Kind == TokenKind.End)
        {
            return true;
        }

        var hint = _token.Kind switch
        {
            TokenKind.Colon or TokenKind.Equal => "quote the value before it",
            TokenKind.CloseBrace or TokenKind.CloseBracket => "nothing is open that it could close",
            _ => "separate the two",
        };
        ReportUnexpectedBehind(key, "a comma or a newline", hint);
        return false;
    }

    // Skips to where the next field or element may start. Always moves, unless a closing bracket or the end stands there.
    private void Recover(TokenKind closing)
    {
        while (_token.Kind != TokenKind.End && _token.Kind != closing)
        {
            var kind = _token.Kind;
            if (kind is TokenKind.OpenBrace or TokenKind.OpenBracket)
            {
                SkipContainer();
                continue;
            }

            Move();
            if (kind is TokenKind.Newline or TokenKind.Comma)
            {
                SkipNewlines();
                return;
            }
        }
    }

    // Stands at an opening bracket and moves behind its closing one, without recursion.
    private void SkipContainer()
    {
        var open = 0;
        do
        {
            open += _token.Kind switch
            {
                TokenKind.OpenBrace or TokenKind.OpenBracket => 1,
                TokenKind.CloseBrace or TokenKind.CloseBracket => -1,
                _ => 0,
            };
            Move();
        }
        while (open > 0 && _token.Kind != TokenKind.End);
    }
}

using Proxy.Hocon.Tree;

namespace Proxy.Hocon.Syntax;

internal sealed partial class Parser
{
    // False: an error was reported, and the parser stands somewhere inside the field.
    private bool ParseField(ObjectNode target)
    {
        if (_token is { Kind: TokenKind.Text, Text: "include" })
        {
            return ParseInclude(target);
        }

        var start = _token;
        if (ParseKey() is not { } key)
        {
            return false;
        }

        var newlines = SkipNewlines();
        var operation = _token.Kind;
        if (operation is not (TokenKind.Colon or TokenKind.Equal or TokenKind.PlusEqual or TokenKind.OpenBrace))
        {
            var hint = _token.Kind == TokenKind.OpenBracket ? "write ':' or '=' before a list"
                : newlines ? $"line {start.Line} has a key without a value" : "write 'key = value'";
            ReportUnexpectedBehind(key, "':', '=', '+=' or '{'", hint);
            return false;
        }

        return ParseInside(target, key, operation);
    }

    private bool ParseInside(ObjectNode target, HoconPath key, TokenKind operation)
    {
        if (_depth + key.Length > HoconLimits.Nesting)
        {
            _context.Errors.Add(
                HoconErrorKind.Limit, $"more than {HoconLimits.Nesting} keys and containers lead here", _lexer.OriginOf(_token), "", "nest less");
            return false;
        }

        _depth += key.Length;
        _path.AddRange(key.Keys);
        var isParsed = ParseFieldValue(target, key, operation);
        _path.RemoveRange(_path.Count - key.Length, key.Length);
        _depth -= key.Length;
        _lastKey = key;
        return isParsed;
    }

    private bool ParseFieldValue(ObjectNode target, HoconPath key, TokenKind operation)
    {
        var sign = _token;
        if (operation == TokenKind.PlusEqual && _listDepth > 0)
        {
            Report("'+=' stands inside a list", "it needs a path from the root; write the whole list out");
            return false;
        }

        if (operation != TokenKind.OpenBrace)
        {
            Move();
            SkipNewlines();
        }

        if (ParseValue() is not { } value)
        {
            return false;
        }

        if (operation == TokenKind.PlusEqual)
        {
            // a += b is a = ${?a} [b].
            var origin = _lexer.OriginOf(sign);
            var itself = _context.NewReference(new HoconPath(_path), _place.Prefix.Length, isOptional: true, origin);
            value = new ConcatNode([new ConcatPart(itself, IsBlank: false), new ConcatPart(ListOf([value], origin), IsBlank: false)], origin);
        }

        target.Define(key, value);
        return true;
    }

    private HoconPath? ParseKey()
    {
        var reader = new PathReader();
        var start = _token;
        if (!_token.IsSimple)
        {
            var hint = _token.Kind switch
            {
                TokenKind.Comma => "remove the comma",
                TokenKind.CloseBrace or TokenKind.CloseBracket => "nothing is open that it could close",
                TokenKind.OpenBrace or TokenKind.OpenBracket => "what joins a value has to stand on its line",
                _ => "",
            };
            ReportUnexpected("a key", hint);
            return null;
        }

        while (_token.IsSimple)
        {
            reader.Add(_token, _lexer);
            Move();
        }

        if (_token.Kind is TokenKind.Substitution or TokenKind.OptionalSubstitution)
        {
            Report("a substitution stands in a key", "keys are fixed; only values may refer to others");
            return null;
        }

        if (reader.TryFinish(out var path, out var error))
        {
            return path;
        }

        Report(start, error, "write an empty key as \"\"");
        return null;
    }

    private bool ParseInclude(ObjectNode target)
    {
        var start = _token;
        Move();
        SkipNewlines();
        if (ParseIncludeArgument(start, isRequired: false) is not { } request)
        {
            return false;
        }

        _lastKey = HoconPath.Root;
        _includer.Include(request, target, new ParsePlace(new HoconPath(_path), _listDepth > 0, _depth));
        return true;
    }

    private IncludeRequest? ParseIncludeArgument(Token start, bool isRequired)
    {
        if (_token.Kind == TokenKind.Quoted)
        {
            return Request(IncludeForm.Plain, start, isRequired);
        }

        var (form, rest) = _token.Kind != TokenKind.Text ? (null, "") : _token.Text switch
        {
            var text when !isRequired && text.StartsWith("required(", StringComparison.Ordinal) => ("required", text["required(".Length..]),
            var text when text.StartsWith("file(", StringComparison.Ordinal) => ("file", text["file(".Length..]),
            var text when text.StartsWith("url(", StringComparison.Ordinal) => ("url", text["url(".Length..]),
            var text when text.StartsWith("classpath(", StringComparison.Ordinal) => ("classpath", text["classpath(".Length..]),
            _ => (null, ""),
        };
        if (form is null)
        {
            ReportUnexpected("a quoted file name, file(\"…\") or required(…)", "quote the name; quote the key if \"include\" is meant as one");
            return null;
        }

        return ParseParentheses(form, rest, start, isRequired);
    }

    // Behind "name("; rest is what stands of the argument in the same token, as file( does in required(file(.
    private IncludeRequest? ParseParentheses(string form, string rest, Token start, bool isRequired)
    {
        if (rest.Length > 0)
        {
            _token = _token with { Text = rest };
        }
        else
        {
            Move();
            SkipNewlines();
        }

        var request = form == "required"
            ? ParseIncludeArgument(start, isRequired: true)
            : _token.Kind == TokenKind.Quoted
                ? Request(FormOf(form), start, isRequired)
                : null;
        if (request is null)
        {
            if (form != "required")
            {
                ReportUnexpected($"a quoted name in {form}(…)", "");
            }

            return null;
        }

        return CloseParenthesis(form) ? request : null;
    }

    private static IncludeForm FormOf(string form) => form switch
    {
        "file" => IncludeForm.File,
        "url" => IncludeForm.Url,
        _ => IncludeForm.Classpath,
    };

    private bool CloseParenthesis(string form)
    {
        SkipNewlines();
        if (_token.Kind != TokenKind.Text || !_token.Text.StartsWith(')'))
        {
            ReportUnexpected($"')' behind {form}(\"…\"", "");
            return false;
        }

        // Two of them are one token.
        if (_token.Text.Length > 1)
        {
            _token = _token with { Text = _token.Text[1..], BlankStart = _token.Start };
        }
        else
        {
            Move();
        }

        return true;
    }

    private IncludeRequest Request(IncludeForm form, Token start, bool isRequired)
    {
        var request = new IncludeRequest(form, _token.Text, isRequired, _lexer.OriginOf(start), PathText);
        Move();
        return request;
    }
}

using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Proxy.Hocon.Syntax;

/// <summary>
/// Joins tokens to a path: unquoted text splits at dots, quoted text never does, white space between parts belongs to the key.
/// </summary>
internal sealed class PathReader
{
    private const string EmptyKey = "a path has a dot at its start, at its end, or two in a row";

    private readonly List<string> _keys = [];
    private readonly StringBuilder _key = new();
    private bool _mayBeEmpty;
    private bool _isAny;

    /// <summary>Why the path is none; empty as long as it may become one.</summary>
    public string Error { get; private set; } = "";

    public static bool TryRead(string text, [NotNullWhen(true)] out HoconPath? path, out string error)
    {
        var lexer = new Lexer(text, HoconSourceName.Unknown);
        var reader = new PathReader();
        for (var token = lexer.Next(isInsideSubstitution: true); token.Kind != TokenKind.End; token = lexer.Next(isInsideSubstitution: true))
        {
            if (!token.IsSimple)
            {
                path = null;
                error = token.Kind == TokenKind.Error ? token.Text : $"{token.Text} stands in a path; quote the key";
                return false;
            }

            reader.Add(token, lexer);
        }

        return reader.TryFinish(out path, out error);
    }

    /// <summary>One more part. White space before it counts unless it is the first.</summary>
    public void Add(Token token, Lexer lexer)
    {
        if (_isAny && token.HasBlankBefore)
        {
            _key.Append(lexer.Slice(token.BlankStart, token.Start));
        }

        _isAny = true;
        if (token.Kind == TokenKind.Quoted)
        {
            _key.Append(token.Text);
            _mayBeEmpty = true;
            return;
        }

        var rest = token.Text.AsSpan();
        for (var dot = rest.IndexOf('.'); dot >= 0; dot = rest.IndexOf('.'))
        {
            _key.Append(rest[..dot]);
            FinishKey();
            rest = rest[(dot + 1)..];
        }

        _key.Append(rest);
    }

    public bool TryFinish([NotNullWhen(true)] out HoconPath? path, out string error)
    {
        if (_isAny)
        {
            FinishKey();
        }
        else
        {
            Error = "a path is empty";
        }

        error = Error;
        path = error.Length == 0 ? new HoconPath(_keys) : null;
        return path is not null;
    }

    private void FinishKey()
    {
        if (_key.Length == 0 && !_mayBeEmpty)
        {
            Error = EmptyKey;
        }

        _keys.Add(_key.ToString());
        _key.Clear();
        _mayBeEmpty = false;
    }
}

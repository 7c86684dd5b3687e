namespace Proxy.Hocon.Syntax;

internal enum TokenKind
{
    End,
    Newline,
    Comma,
    Colon,
    Equal,
    PlusEqual,
    OpenBrace,
    CloseBrace,
    OpenBracket,
    CloseBracket,
    Substitution,
    OptionalSubstitution,
    Text,
    Number,
    True,
    False,
    Null,
    Quoted,
    Error,
}

/// <summary>
/// One token: its place in the text, and what it says (for quoted text, without quotes and escapes; for an error, the message).
/// <see cref="BlankStart"/> is where the white space before it starts.
/// </summary>
internal readonly record struct Token(TokenKind Kind, int BlankStart, int Start, int End, int Line, int Column, string Text, string Hint)
{
    public bool HasBlankBefore => BlankStart < Start;

    /// <summary>Whether this is simple text: what strings and keys are joined from.</summary>
    public bool IsSimple => Kind is TokenKind.Text or TokenKind.Number or TokenKind.True or TokenKind.False or TokenKind.Null or TokenKind.Quoted;
}

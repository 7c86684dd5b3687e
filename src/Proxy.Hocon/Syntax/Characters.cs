using System.Globalization;

namespace Proxy.Hocon.Syntax;

/// <summary>The classes of characters that HOCON names; .NET's own notion of white space differs.</summary>
internal static class Characters
{
    public const char ByteOrderMark = '\ufeff';

    /// <summary>White space within a line. The line feed, the only newline, is none.</summary>
    public static bool IsBlank(char character) => character switch
    {
        ' ' or '\t' or '\r' => true,
        < '\u0080' => character is '\v' or '\f' or (>= '\u001c' and <= '\u001f'),
        ByteOrderMark => true,
        _ => char.GetUnicodeCategory(character)
            is UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator,
    };

    /// <summary>Whether a character ends unquoted text and may be used only where the grammar gives it a meaning, or inside quotes.</summary>
    public static bool IsReserved(char character) => character
        is '$' or '"' or '{' or '}' or '[' or ']' or ':' or '=' or ',' or '+' or '#' or '`' or '^' or '?' or '!' or '@' or '*' or '&' or '\\';
}

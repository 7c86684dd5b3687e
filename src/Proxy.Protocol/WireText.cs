using System.Globalization;
using System.Text;

namespace Proxy.Protocol;

/// <summary>Short texts for people, on the wire as UTF-8: cut to a bound when written, made harmless for a log when read.</summary>
public static class WireText
{
    public static int LengthBytes(string text, int maxBytes) => Math.Min(Encoding.UTF8.GetByteCount(text), maxBytes);

    /// <summary>Writes what fits into <paramref name="maxBytes"/>; a character cut in two is the reader's replacement mark.</summary>
    public static int Write(string text, Span<byte> destination, int maxBytes)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var length = Math.Min(bytes.Length, maxBytes);
        bytes.AsSpan(0, length).CopyTo(destination);
        return length;
    }

    /// <summary>
    /// Any bytes as one line of printable text: a peer must not write control characters or line ends into our log.
    /// </summary>
    public static string Read(ReadOnlySpan<byte> bytes)
    {
        var text = Encoding.UTF8.GetString(bytes);
        return string.Create(text.Length, text, static (line, source) =>
        {
            for (var index = 0; index < line.Length; index++)
            {
                line[index] = IsPrintable(source[index]) ? source[index] : '?';
            }
        });
    }

    private static bool IsPrintable(char character) => char.GetUnicodeCategory(character) is not (UnicodeCategory.Control
        or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}

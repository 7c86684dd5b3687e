using System.Globalization;

namespace Proxy.Policy.Filters;

/// <summary>
/// The two forms of a line of logged bytes:
/// <code>
/// &gt; 00000010  47 45 54 20 2f 0d 0a                             |GET /..|
/// &gt; 00000010  GET / HTTP/1.1\r\n
/// </code>
/// </summary>
internal static class FilterLogLine
{
    public const int HexBytes = 16;
    public const int TextBytes = 128;

    /// <summary>The longest line: each byte of a text as an escape of four characters, behind an offset of 64 bits.</summary>
    public const int MaxCharacters = 32 + (4 * TextBytes);

    /// <summary>How much of the bytes the next line of text takes: to the end of its line, if that is near.</summary>
    public static int TextBytesIn(ReadOnlySpan<byte> bytes)
    {
        bytes = bytes[..Math.Min(bytes.Length, TextBytes)];
        var end = bytes.IndexOf((byte)'\n');
        return end < 0 ? bytes.Length : end + 1;
    }

    public static int FormatHex(Span<char> line, FilterDirection direction, long offset, ReadOnlySpan<byte> bytes)
    {
        var position = Begin(line, direction, offset);
        for (var index = 0; index < HexBytes; index++)
        {
            if (index < bytes.Length)
            {
                bytes[index].TryFormat(line[position..], out _, "x2", CultureInfo.InvariantCulture);
            }
            else
            {
                line.Slice(position, 2).Fill(' ');
            }

            line[position + 2] = ' ';
            position += 3;
        }

        line[position++] = ' ';
        line[position++] = '|';
        foreach (var value in bytes)
        {
            line[position++] = IsPrintable(value) ? (char)value : '.';
        }

        line[position++] = '|';
        return position;
    }

    public static int FormatText(Span<char> line, FilterDirection direction, long offset, ReadOnlySpan<byte> bytes)
    {
        var position = Begin(line, direction, offset);
        foreach (var value in bytes)
        {
            var escape = value switch
            {
                (byte)'\r' => 'r',
                (byte)'\n' => 'n',
                (byte)'\t' => 't',
                (byte)'\\' => '\\',
                _ => IsPrintable(value) ? ' ' : 'x',
            };
            if (escape == ' ')
            {
                line[position++] = (char)value;
                continue;
            }

            line[position++] = '\\';
            line[position++] = escape;
            if (escape == 'x')
            {
                value.TryFormat(line[position..], out _, "x2", CultureInfo.InvariantCulture);
                position += 2;
            }
        }

        return position;
    }

    private static int Begin(Span<char> line, FilterDirection direction, long offset)
    {
        line[0] = direction == FilterDirection.ToUpstream ? '>' : '<';
        line[1] = ' ';
        offset.TryFormat(line[2..], out var written, "x8", CultureInfo.InvariantCulture);
        line.Slice(written + 2, 2).Fill(' ');
        return written + 4;
    }

    private static bool IsPrintable(byte value) => value is >= 0x20 and < 0x7f;
}

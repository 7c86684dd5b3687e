using System.Globalization;
using System.Text;

namespace Proxy.Node.Commands;

/// <summary>
/// Bytes written on a command line: UTF-8, with \r \n \t \0 \\ \, \: and \xHH. A comma or a colon without a backslash ends the text where the
/// caller says so.
/// </summary>
internal static class EscapedText
{
    public static byte[] Read(string text, string option)
    {
        var bytes = new List<byte>(text.Length);
        for (var index = 0; index < text.Length; index++)
        {
            if (text[index] != '\\')
            {
                var length = char.IsHighSurrogate(text[index]) && index + 1 < text.Length ? 2 : 1;
                bytes.AddRange(Encoding.UTF8.GetBytes(text.Substring(index, length)));
                index += length - 1;
                continue;
            }

            index++;
            switch (index < text.Length ? text[index] : ' ')
            {
                case 'r':
                    bytes.Add((byte)'\r');
                    break;
                case 'n':
                    bytes.Add((byte)'\n');
                    break;
                case 't':
                    bytes.Add((byte)'\t');
                    break;
                case '0':
                    bytes.Add(0);
                    break;
                case '\\' or ',' or ':':
                    bytes.Add((byte)text[index]);
                    break;
                case 'x' when index + 2 < text.Length && byte.TryParse(text.AsSpan(index + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value):
                    bytes.Add(value);
                    index += 2;
                    break;
                default:
                    throw new UsageException($"{option} '{text}': a backslash is followed by r, n, t, 0, a comma, a colon, another backslash, or x and two hex digits");
            }
        }

        return [.. bytes];
    }

    /// <summary>Splits at commas that have no backslash before them.</summary>
    public static IReadOnlyList<string> SplitAtCommas(string text)
    {
        var parts = new List<string>();
        var begin = 0;
        for (var index = 0; index < text.Length; index++)
        {
            if (text[index] == '\\')
            {
                index++;
            }
            else if (text[index] == ',')
            {
                parts.Add(text[begin..index]);
                begin = index + 1;
            }
        }

        return [.. parts, text[begin..]];
    }
}

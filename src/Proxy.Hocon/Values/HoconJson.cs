using System.Globalization;
using System.Text;

namespace Proxy.Hocon;

/// <summary>Prints resolved values as JSON. Numbers keep the digits that were written, in the form that JSON demands.</summary>
public static class HoconJson
{
    private const int IndentWidth = 2;

    public static string Render(HoconValue value, bool isIndented = true)
    {
        ArgumentNullException.ThrowIfNull(value);
        var text = new StringBuilder();
        Append(text, value, isIndented, indent: 0);
        return text.ToString();
    }

    internal static string Quote(string text)
    {
        var quoted = new StringBuilder(text.Length + 2);
        AppendQuoted(quoted, text);
        return quoted.ToString();
    }

    private static void Append(StringBuilder text, HoconValue value, bool isIndented, int indent)
    {
        switch (value)
        {
            case HoconScalar { Kind: HoconKind.String } scalar:
                AppendQuoted(text, scalar.Text);
                break;
            case HoconScalar { Kind: HoconKind.Number } scalar:
                AppendNumber(text, scalar.Text);
                break;
            case HoconScalar scalar:
                text.Append(scalar.Text);
                break;
            case HoconList list:
                AppendList(text, list, isIndented, indent);
                break;
            case HoconObject fields:
                AppendObject(text, fields, isIndented, indent);
                break;
        }
    }

    private static void AppendList(StringBuilder text, HoconList list, bool isIndented, int indent)
    {
        text.Append('[');
        for (var index = 0; index < list.Count; index++)
        {
            StartItem(text, index, isIndented, indent + 1);
            Append(text, list[index], isIndented, indent + 1);
        }

        End(text, ']', list.Count, isIndented, indent);
    }

    private static void AppendObject(StringBuilder text, HoconObject fields, bool isIndented, int indent)
    {
        text.Append('{');
        var index = 0;
        foreach (var (key, value) in fields)
        {
            StartItem(text, index++, isIndented, indent + 1);
            AppendQuoted(text, key);
            text.Append(isIndented ? ": " : ":");
            Append(text, value, isIndented, indent + 1);
        }

        End(text, '}', fields.Count, isIndented, indent);
    }

    private static void StartItem(StringBuilder text, int index, bool isIndented, int indent)
    {
        if (index > 0)
        {
            text.Append(',');
        }

        if (isIndented)
        {
            text.Append('\n').Append(' ', indent * IndentWidth);
        }
    }

    private static void End(StringBuilder text, char bracket, int count, bool isIndented, int indent)
    {
        if (isIndented && count > 0)
        {
            text.Append('\n').Append(' ', indent * IndentWidth);
        }

        text.Append(bracket);
    }

    // JSON allows neither 010 nor 1. nor -.5, which HOCON takes.
    private static void AppendNumber(StringBuilder text, string number)
    {
        var rest = number.AsSpan();
        if (rest[0] == '-')
        {
            text.Append('-');
            rest = rest[1..];
        }

        var end = rest.IndexOfAny('.', 'e', 'E');
        var whole = (end < 0 ? rest : rest[..end]).TrimStart('0');
        text.Append(whole.IsEmpty ? "0" : whole);
        if (end < 0)
        {
            return;
        }

        rest = rest[end..];
        if (rest[0] == '.' && (rest.Length == 1 || !char.IsAsciiDigit(rest[1])))
        {
            text.Append(".0");
            rest = rest[1..];
        }

        text.Append(rest);
    }

    private static void AppendQuoted(StringBuilder text, string value)
    {
        text.Append('"');
        for (var index = 0; index < value.Length; index++)
        {
            var character = value[index];
            switch (character)
            {
                case '"':
                    text.Append("\\\"");
                    break;
                case '\\':
                    text.Append("\\\\");
                    break;
                case '\n':
                    text.Append("\\n");
                    break;
                case '\r':
                    text.Append("\\r");
                    break;
                case '\t':
                    text.Append("\\t");
                    break;
                case < ' ' or '\u007f' or '\ufeff' or '\u2028' or '\u2029':
                    text.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}");
                    break;
                case >= '\ud800' and <= '\udfff' when !IsPaired(value, index):
                    text.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}");
                    break;
                default:
                    text.Append(character);
                    break;
            }
        }

        text.Append('"');
    }

    // Half a character, which only an escape can bring here, has no form in UTF-8.
    private static bool IsPaired(string text, int index) => char.IsHighSurrogate(text[index])
        ? index + 1 < text.Length && char.IsLowSurrogate(text[index + 1])
        : index > 0 && char.IsHighSurrogate(text[index - 1]);
}

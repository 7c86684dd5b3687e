using System.Buffers;
using System.Text;

namespace Proxy.Protocol.Http;

/// <summary>The first line of a message and its fields, as strict as RFC 9112 allows: what one reader takes for one message, no other takes for two.</summary>
internal static class HttpHead
{
    private static readonly SearchValues<byte> TokenBytes =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"u8);

    /// <summary>Reads a whole head, up to and with its empty line.</summary>
    /// <param name="consumedBytes">The head's length when it was read, else 0.</param>
    public static ReadStatus TryRead(ReadOnlySpan<byte> source, out int consumedBytes, out string line, out HttpField[] fields, out HttpRule broken)
    {
        (consumedBytes, line, fields, broken) = (0, "", [], HttpRule.None);
        var end = source[..Math.Min(source.Length, ProtocolLimits.HttpHeadBytes)].IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            broken = source.Length >= ProtocolLimits.HttpHeadBytes ? HttpRule.HeadTooLong : BareLineEnd(source);
            return broken == HttpRule.None ? ReadStatus.NeedMore : ReadStatus.Malformed;
        }

        broken = TryReadLines(source[..end], out line, out fields);
        consumedBytes = broken == HttpRule.None ? end + 4 : 0;
        return broken == HttpRule.None ? ReadStatus.Done : ReadStatus.Malformed;
    }

    public static bool IsToken(ReadOnlySpan<byte> bytes) => !bytes.IsEmpty && !bytes.ContainsAnyExcept(TokenBytes);

    /// <summary>The comma-separated members of all fields of that name, in order, without space around them.</summary>
    public static IEnumerable<string> Members(IEnumerable<HttpField> fields, string name) => fields
        .Where(field => field.Is(name))
        .SelectMany(field => field.Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));

    private static HttpRule TryReadLines(ReadOnlySpan<byte> head, out string line, out HttpField[] fields)
    {
        (line, fields) = ("", []);
        var list = new List<HttpField>();
        var isFirst = true;
        while (true)
        {
            var end = head.IndexOf("\r\n"u8);
            var one = end < 0 ? head : head[..end];
            if (one.ContainsAny((byte)'\r', (byte)'\n', (byte)0))
            {
                return HttpRule.BadLineEnd;
            }

            if (isFirst)
            {
                line = Encoding.Latin1.GetString(one);
            }
            else if (list.Count == ProtocolLimits.HttpFields)
            {
                return HttpRule.TooManyFields;
            }
            else if (!TryReadField(one, out var field))
            {
                return HttpRule.BadField;
            }
            else
            {
                list.Add(field);
            }

            isFirst = false;
            if (end < 0)
            {
                fields = [.. list];
                return HttpRule.None;
            }

            head = head[(end + 2)..];
        }
    }

    private static bool TryReadField(ReadOnlySpan<byte> line, out HttpField field)
    {
        field = default;
        var colon = line.IndexOf((byte)':');
        if (colon <= 0 || !IsToken(line[..colon]))
        {
            return false;
        }

        var value = line[(colon + 1)..].Trim(" \t"u8);
        foreach (var character in value)
        {
            if (character is < 0x20 and not (byte)'\t' or 0x7F)
            {
                return false;
            }
        }

        field = new HttpField(Encoding.ASCII.GetString(line[..colon]), Encoding.Latin1.GetString(value));
        return true;
    }

    /// <summary>A LF without its CR will never be part of a head; a CR may still get its LF.</summary>
    private static HttpRule BareLineEnd(ReadOnlySpan<byte> source)
    {
        for (var rest = source; rest.IndexOf((byte)'\n') is >= 0 and var index; rest = rest[(index + 1)..])
        {
            if (index == 0 || rest[index - 1] != '\r')
            {
                return HttpRule.BadLineEnd;
            }
        }

        return HttpRule.None;
    }
}

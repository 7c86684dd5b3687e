using System.Globalization;
using System.Text;

namespace Proxy.Protocol.Http;

/// <summary>The head of an origin server's response. Immutable.</summary>
public sealed class HttpResponseHead
{
    private readonly string _line;
    private readonly IReadOnlyList<HttpField> _fields;

    private HttpResponseHead(string line, int status, IReadOnlyList<HttpField> fields, HttpBody body)
    {
        (_line, Status, _fields, Body) = (line, status, fields, body);
    }

    public int Status { get; }

    /// <summary>Whether another response to the same request follows.</summary>
    public bool IsInterim => Status is >= 100 and < 200 and not SwitchingProtocols;

    public HttpBody Body { get; }

    /// <summary>Whether the origin server takes another request on this connection.</summary>
    public bool IsPersistent
    {
        get
        {
            var options = HttpHead.Members(_fields, "Connection").ToArray();
            return Body.Kind != HttpBodyKind.UntilClose && (_line.StartsWith("HTTP/1.0", StringComparison.Ordinal)
                ? options.Contains("keep-alive", StringComparer.OrdinalIgnoreCase)
                : !options.Contains("close", StringComparer.OrdinalIgnoreCase));
        }
    }

    /// <summary>Reads the head that <paramref name="source"/> starts with.</summary>
    /// <param name="method">The request's, on which it depends whether there is a body.</param>
    public static ReadStatus TryRead(ReadOnlySpan<byte> source, string method, out int consumedBytes, out HttpResponseHead? head, out HttpRule broken)
    {
        head = null;
        var status = HttpHead.TryRead(source, out consumedBytes, out var line, out var fields, out broken);
        if (status != ReadStatus.Done)
        {
            return status;
        }

        broken = TryMake(line, fields, method, out head);
        consumedBytes = broken == HttpRule.None ? consumedBytes : 0;
        return broken == HttpRule.None ? ReadStatus.Done : ReadStatus.Malformed;
    }

    /// <summary>The head as the client gets it: without what was meant for the connection to the proxy, and with what the proxy says of its own.</summary>
    /// <param name="isLast">Whether the proxy closes the client's connection after it.</param>
    public byte[] ToClient(bool isLast, string? via)
    {
        var dropped = HttpHead.Members(_fields, "Connection").ToHashSet(StringComparer.OrdinalIgnoreCase);
        var text = new StringBuilder(_line).Append("\r\n");
        foreach (var field in _fields)
        {
            if (!HttpRequestHead.IsForOneHop(field) && (!dropped.Contains(field.Name) || field.Is("Content-Length") || field.Is("Transfer-Encoding")))
            {
                text.Append(CultureInfo.InvariantCulture, $"{field.Name}: {field.Value}\r\n");
            }
        }

        if (via is not null)
        {
            text.Append(CultureInfo.InvariantCulture, $"Via: 1.1 {via}\r\n");
        }

        return Encoding.Latin1.GetBytes(text.Append(isLast && !IsInterim ? "Connection: close\r\n\r\n" : "\r\n").ToString());
    }

    private static HttpRule TryMake(string line, HttpField[] fields, string method, out HttpResponseHead? head)
    {
        head = null;
        var isKnown = line.StartsWith("HTTP/1.1 ", StringComparison.Ordinal) || line.StartsWith("HTTP/1.0 ", StringComparison.Ordinal);
        if (!isKnown || line.Length < StatusEnd || (line.Length > StatusEnd && line[StatusEnd] != ' ')
            || !int.TryParse(line.AsSpan(StatusStart, StatusEnd - StatusStart), NumberStyles.None, CultureInfo.InvariantCulture, out var status) || status < 100)
        {
            return HttpRule.BadStatusLine;
        }

        var broken = HttpBody.OfResponse(fields, out var body);
        if (method == "HEAD" || status is < 200 or NoContent or NotModified)
        {
            body = HttpBody.None;
        }

        head = broken == HttpRule.None ? new HttpResponseHead(line, status, fields, body) : null;
        return broken;
    }

    private const int StatusStart = 9;
    private const int StatusEnd = 12;
    private const int SwitchingProtocols = 101;
    private const int NoContent = 204;
    private const int NotModified = 304;
}

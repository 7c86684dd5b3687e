using System.Globalization;
using System.Text;
using Proxy.Protocol.Chains;

namespace Proxy.Protocol.Http;

/// <summary>The head of a request to a forward proxy. Immutable.</summary>
public sealed class HttpRequestHead
{
    private readonly string _path;
    private readonly IReadOnlyList<HttpField> _fields;

    private HttpRequestHead(string method, Destination destination, string path, bool isVersion10, IReadOnlyList<HttpField> fields, HttpBody body)
    {
        (Method, Destination, _path, IsVersion10, _fields, Body) = (method, destination, path, isVersion10, fields, body);
    }

    public string Method { get; }

    /// <summary>Whether a tunnel of bytes is wanted, and not an answer.</summary>
    public bool IsConnect => Method == "CONNECT";

    public Destination Destination { get; }

    public bool IsVersion10 { get; }

    public HttpBody Body { get; }

    /// <summary>Whether the client wants to send another request on this connection.</summary>
    public bool IsPersistent
    {
        get
        {
            var options = HttpHead.Members(_fields, "Connection").Concat(HttpHead.Members(_fields, "Proxy-Connection")).ToArray();
            return IsVersion10
                ? options.Contains("keep-alive", StringComparer.OrdinalIgnoreCase)
                : !options.Contains("close", StringComparer.OrdinalIgnoreCase);
        }
    }

    /// <summary>Whether the client waits for an interim response before it sends the body.</summary>
    public bool ExpectsContinue => !IsVersion10 && HttpHead.Members(_fields, "Expect").Contains("100-continue", StringComparer.OrdinalIgnoreCase);

    /// <summary>What is in the Proxy-Authorization field behind "Basic", decoded; null: there is nothing that can be read.</summary>
    public byte[]? Credentials
    {
        get
        {
            var value = _fields.FirstOrDefault(candidate => candidate.Is("Proxy-Authorization")).Value;
            if (value is null || !value.StartsWith(BasicPrefix, StringComparison.OrdinalIgnoreCase))
            {
                return null;
            }

            var text = value[BasicPrefix.Length..].Trim();
            var bytes = new byte[text.Length];
            return Convert.TryFromBase64String(text, bytes, out var written) ? bytes[..written] : null;
        }
    }

    /// <summary>Whether this first byte can begin a request.</summary>
    public static bool IsBegunBy(byte first) => first is >= (byte)'A' and <= (byte)'Z' or >= (byte)'a' and <= (byte)'z';

    /// <summary>Reads the head that <paramref name="source"/> starts with.</summary>
    /// <param name="consumedBytes">The head's length when it was read, else 0. What follows is the body, or the next request.</param>
    public static ReadStatus TryRead(ReadOnlySpan<byte> source, out int consumedBytes, out HttpRequestHead? head, out HttpRule broken)
    {
        head = null;
        var status = HttpHead.TryRead(source, out consumedBytes, out var line, out var fields, out broken);
        if (status != ReadStatus.Done)
        {
            return status;
        }

        broken = TryMake(line, fields, out head);
        consumedBytes = broken == HttpRule.None ? consumedBytes : 0;
        return broken == HttpRule.None ? ReadStatus.Done : ReadStatus.Malformed;
    }

    /// <summary>
    /// The head as the origin server gets it: its own form of target, its name as Host, without what was meant for the proxy and for this connection
    /// (RFC 9110, 7.6.1). A body is passed on as it comes.
    /// </summary>
    /// <param name="via">What is added as Via; null: nothing, so that nobody learns of the proxy.</param>
    public byte[] ToOrigin(string? via)
    {
        var dropped = HttpHead.Members(_fields, "Connection").ToHashSet(StringComparer.OrdinalIgnoreCase);
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Method} {_path} HTTP/1.{(IsVersion10 ? 0 : 1)}\r\nHost: {HostOf(Destination)}\r\n");
        foreach (var field in _fields)
        {
            if (!IsForOneHop(field) && !field.Is("Host") && (!dropped.Contains(field.Name) || IsFraming(field)))
            {
                text.Append(CultureInfo.InvariantCulture, $"{field.Name}: {field.Value}\r\n");
            }
        }

        if (via is not null)
        {
            text.Append(CultureInfo.InvariantCulture, $"Via: 1.{(IsVersion10 ? 0 : 1)} {via}\r\n");
        }

        return Encoding.Latin1.GetBytes(text.Append("\r\n").ToString());
    }

    internal static bool IsForOneHop(HttpField field) => Array.Exists(OneHopNames, field.Is);

    // Who names these in Connection wants them gone between two servers that count on them.
    private static bool IsFraming(HttpField field) => field.Is("Content-Length") || field.Is("Transfer-Encoding");

    private static HttpRule TryMake(string line, HttpField[] fields, out HttpRequestHead? head)
    {
        head = null;
        if (line.Split(' ') is not [var method, var target, "HTTP/1.1" or "HTTP/1.0"] || !HttpHead.IsToken(Encoding.Latin1.GetBytes(method))
            || target.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            return HttpRule.BadRequestLine;
        }

        var broken = HttpBody.OfRequest(fields, out var body);
        if (broken != HttpRule.None)
        {
            return broken;
        }

        Destination? destination;
        var path = "";
        if (method == "CONNECT")
        {
            broken = Destination.TryParse(target, out destination) ? HttpRule.None : HttpRule.BadTarget;
        }
        else
        {
            broken = TryReadTarget(target, out destination, out path);
        }

        if (broken == HttpRule.None)
        {
            head = new HttpRequestHead(method, destination!, path, line.EndsWith('0'), fields, method == "CONNECT" ? HttpBody.None : body);
        }

        return broken;
    }

    // http://HOST[:PORT][/PATH][?QUERY]; a user in front of the host is refused (RFC 9110, 4.2.4).
    private static HttpRule TryReadTarget(string target, out Destination? destination, out string path)
    {
        (destination, path) = (null, "");
        var colon = target.IndexOf("://", StringComparison.Ordinal);
        if (colon < 0)
        {
            return HttpRule.BadTarget;
        }

        if (!target.AsSpan(0, colon).Equals("http", StringComparison.OrdinalIgnoreCase))
        {
            return HttpRule.UnknownScheme;
        }

        var rest = target[(colon + 3)..];
        var end = rest.AsSpan().IndexOfAny('/', '?', '#');
        var authority = end < 0 ? rest : rest[..end];
        path = end < 0 ? "/" : rest[end] == '/' ? rest[end..] : "/" + rest[end..];
        if (path.Contains('#', StringComparison.Ordinal))
        {
            return HttpRule.BadTarget;
        }

        var hasPort = authority.LastIndexOf(':') is >= 0 and var last && !authority.EndsWith(']') && last > authority.LastIndexOf(']');
        return Destination.TryParse(hasPort ? authority : authority + ":80", out destination) ? HttpRule.None : HttpRule.BadTarget;
    }

    private static string HostOf(Destination destination)
    {
        var text = destination.ToString();
        return destination.Port == 80 ? text[..text.LastIndexOf(':')] : text;
    }

    private static readonly string[] OneHopNames =
        ["Connection", "Proxy-Connection", "Keep-Alive", "Proxy-Authorization", "Proxy-Authenticate", "TE", "Upgrade"];

    private const string BasicPrefix = "Basic ";
}

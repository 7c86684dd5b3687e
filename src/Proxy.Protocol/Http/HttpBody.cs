using System.Globalization;

namespace Proxy.Protocol.Http;

/// <summary>How the end of a message's body is known (RFC 9112, 6.3).</summary>
public enum HttpBodyKind
{
    None,
    Length,
    Chunked,

    /// <summary>When the connection ends; for responses alone.</summary>
    UntilClose,
}

/// <summary>A body's kind, and its length where that is said.</summary>
public readonly record struct HttpBody(HttpBodyKind Kind, long LengthBytes)
{
    public static readonly HttpBody None = new(HttpBodyKind.None, 0);

    internal static HttpRule OfRequest(IReadOnlyList<HttpField> fields, out HttpBody body) => TryRead(fields, None, out body);

    internal static HttpRule OfResponse(IReadOnlyList<HttpField> fields, out HttpBody body) =>
        TryRead(fields, new HttpBody(HttpBodyKind.UntilClose, 0), out body);

    private static HttpRule TryRead(IReadOnlyList<HttpField> fields, HttpBody unsaid, out HttpBody body)
    {
        body = unsaid;
        var lengths = HttpHead.Members(fields, "Content-Length").Distinct(StringComparer.Ordinal).ToArray();
        var codings = HttpHead.Members(fields, "Transfer-Encoding").ToArray();
        if (codings.Length > 0)
        {
            if (lengths.Length > 0)
            {
                return HttpRule.BadLength;
            }

            body = new HttpBody(HttpBodyKind.Chunked, 0);
            return codings is [var only] && only.Equals("chunked", StringComparison.OrdinalIgnoreCase) ? HttpRule.None : HttpRule.BadTransferCoding;
        }

        if (lengths.Length == 0)
        {
            // A field without a value says nothing that can be relied on.
            return fields.Any(field => field.Is("Content-Length") || field.Is("Transfer-Encoding")) ? HttpRule.BadLength : HttpRule.None;
        }

        if (lengths.Length > 1 || !long.TryParse(lengths[0], NumberStyles.None, CultureInfo.InvariantCulture, out var length))
        {
            return HttpRule.BadLength;
        }

        body = length == 0 ? None : new HttpBody(HttpBodyKind.Length, length);
        return HttpRule.None;
    }
}

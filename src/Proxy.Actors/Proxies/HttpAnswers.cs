using System.Globalization;
using System.Text;
using Proxy.Protocol.Ends;
using Proxy.Protocol.Http;

namespace Proxy.Actors;

/// <summary>What a proxy says itself to an HTTP client: a status, and a line of text that says who failed. The connection ends with a refusal.</summary>
internal sealed class HttpAnswers : IAskedAnswers
{
    public static readonly HttpAnswers Instance = new();

    public byte[] Granted() => Encoding.ASCII.GetBytes("HTTP/1.1 200 Connection established\r\n\r\n");

    public byte[] Refused(EndReason reason, string text) => Refusal(StatusOf(reason), text.Length > 0 ? text : reason.Text());

    /// <param name="hasBody">Whether the text goes along; not in answer to HEAD.</param>
    public static byte[] Refusal(int status, string text, bool hasBody = true)
    {
        var body = Encoding.UTF8.GetBytes(text + "\n");
        var head = new StringBuilder();
        head.Append(CultureInfo.InvariantCulture, $"HTTP/1.1 {status} {PhraseOf(status)}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {body.Length}\r\n");
        if (status == AuthenticationRequired)
        {
            head.Append("Proxy-Authenticate: Basic realm=\"tcpproxy\"\r\n");
        }

        byte[] bytes = [.. Encoding.ASCII.GetBytes(head.Append("Connection: close\r\n\r\n").ToString())];
        return hasBody ? [.. bytes, .. body] : bytes;
    }

    public static int StatusOf(EndReason reason) => reason switch
    {
        EndReason.NotAllowed => 403,
        EndReason.ConnectTimeout or EndReason.HandshakeTimeout or EndReason.IdleTimeout => 504,
        EndReason.Busy or EndReason.Draining or EndReason.PeerShutDown or EndReason.KilledLocally => 503,
        EndReason.InternalError => 500,
        _ => BadGateway,
    };

    public static int StatusOf(HttpRule rule) => rule is HttpRule.HeadTooLong or HttpRule.TooManyFields ? 431 : 400;

    private static string PhraseOf(int status) => status switch
    {
        400 => "Bad Request",
        403 => "Forbidden",
        AuthenticationRequired => "Proxy Authentication Required",
        RequestTimeout => "Request Timeout",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        BadGateway => "Bad Gateway",
        503 => "Service Unavailable",
        _ => "Gateway Timeout",
    };

    public const int AuthenticationRequired = 407;
    public const int RequestTimeout = 408;
    public const int BadGateway = 502;
}

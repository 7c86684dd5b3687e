using System.Net;
using System.Text;

namespace Proxy.Cluster.Tests.Etcd;

/// <summary>An endpoint, or several, that answer as the test says.</summary>
internal sealed class ScriptedHandler(Func<string, string, Task<HttpResponseMessage>> answer) : HttpMessageHandler
{
    /// <summary>Host and path of what was asked.</summary>
    public List<string> Asked { get; } = [];

    public List<string> Tokens { get; } = [];

    public static HttpResponseMessage Json(string body, HttpStatusCode status = HttpStatusCode.OK) => Bytes(Encoding.UTF8.GetBytes(body), status);

    public static HttpResponseMessage Bytes(byte[] body, HttpStatusCode status = HttpStatusCode.OK) => new(status)
    {
        // As a stream, so that its length is not told beforehand.
        Content = new StreamContent(new MemoryStream(body)),
    };

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Asked.Add(request.RequestUri!.Host + request.RequestUri.AbsolutePath);
        Tokens.Add(request.Headers.TryGetValues("Authorization", out var values) ? values.First() : "");
        return answer(request.RequestUri.Host, request.RequestUri.AbsolutePath).WaitAsync(cancellationToken);
    }
}

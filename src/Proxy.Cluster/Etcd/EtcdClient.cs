using System.Net.Http.Headers;
using Proxy.Cluster.Engine;
using Proxy.Cluster.Json;

namespace Proxy.Cluster.Etcd;

/// <summary>
/// etcd's v3 API as JSON over HTTP, at a real etcd or at the seed. Thread-safe. Asks one endpoint as long as it answers and the next when it does
/// not; what must not be done twice is asked a second time only if it cannot have been done. Never throws for what comes from outside.
/// </summary>
public sealed class EtcdClient : IEngine, IDisposable
{
    private readonly EtcdSettings _settings;
    private readonly HttpMessageInvoker _invoker;
    private readonly TimeProvider _time;
    private readonly EndpointRing _ring;
    private readonly EtcdToken _token;
    private readonly CancellationTokenSource _closed = new();

    /// <summary>A client over the host's handler, which it does not dispose. TLS and proxies are the handler's; it must not follow redirects.</summary>
    public EtcdClient(EtcdSettings settings, HttpMessageHandler handler, TimeProvider time)
    {
        if (settings.Endpoints.Count == 0)
        {
            throw new ArgumentException("at least one endpoint is needed", nameof(settings));
        }

        _settings = settings;
        _invoker = new HttpMessageInvoker(handler, disposeHandler: false);
        _time = time;
        _ring = new EndpointRing(settings.Endpoints);
        _token = new EtcdToken(AuthenticateAsync);
    }

    /// <summary>Where the next request goes.</summary>
    public Uri Endpoint => _ring.Current;

    internal EtcdSettings Settings => _settings;

    internal CancellationToken Closed => _closed.Token;

    public async Task<EngineAnswer> CallAsync(EngineRequest request)
    {
        var body = RequestJson.Write(request);
        var mayHaveBeenApplied = false;
        var isTokenRenewed = false;
        for (var attempt = 1; ; attempt++)
        {
            var (token, denied) = await TokenAsync();
            if (denied is not null)
            {
                return denied with { MayHaveBeenApplied = mayHaveBeenApplied };
            }

            var endpoint = _ring.Current;
            var answer = await AttemptAsync(endpoint, request, body, token);
            if (answer is not EngineFailure failure)
            {
                return answer;
            }

            mayHaveBeenApplied |= failure.MayHaveBeenApplied;
            var isOver = attempt >= Math.Max(2, _ring.Count + 1) || (failure.MayHaveBeenApplied && !request.IsRepeatable);
            if (failure.Error.Kind == EngineErrorKind.Unauthenticated && token is not null && !isTokenRenewed)
            {
                isTokenRenewed = true;
                _token.Forget(token);
            }
            else if (failure.Error.IsAway && !isOver)
            {
                _ring.MoveFrom(endpoint);
            }
            else
            {
                MoveOnIfAway(endpoint, failure.Error);
                return (EngineAnswer?)MadeBefore(request, failure, mayHaveBeenApplied) ?? failure with { MayHaveBeenApplied = mayHaveBeenApplied };
            }
        }
    }

    public IWatch Watch(WatchRequest request) => new EtcdWatch(this, request);

    public void Dispose()
    {
        _closed.Cancel();
        _invoker.Dispose();
    }

    /// <summary>The token to send, null where none is needed; or why there is none.</summary>
    internal async Task<(string? Token, EngineFailure? Denied)> TokenAsync() =>
        _settings.UserName.Length == 0 ? (null, null) : await _token.GetAsync();

    internal void ForgetToken(string token) => _token.Forget(token);

    internal void MoveOnIfAway(Uri endpoint, EngineError error)
    {
        if (error.IsAway)
        {
            _ring.MoveFrom(endpoint);
        }
    }

    internal Task<HttpResponseMessage> SendAsync(Uri endpoint, string path, byte[] body, string? token, bool isWatch, CancellationToken cancellation)
    {
        var message = new HttpRequestMessage(HttpMethod.Post, new Uri(endpoint, "/v3/" + path)) { Content = new ByteArrayContent(body) };
        message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        if (token is not null)
        {
            // etcd's own form, without "Bearer".
            message.Headers.TryAddWithoutValidation("Authorization", token);
        }

        if (isWatch)
        {
            // Without it a watch at a node that has lost its quorum stays open and silent.
            message.Headers.TryAddWithoutValidation("Grpc-Metadata-hasleader", "true");
        }

        return _invoker.SendAsync(message, cancellation);
    }

    internal CancellationTokenSource AttemptLimit() => new(_settings.AttemptTimeout, _time);

    /// <summary>What an exception of the way to an endpoint means.</summary>
    internal EngineError ErrorOf(Exception failure, Uri endpoint) => failure switch
    {
        OperationCanceledException when _closed.IsCancellationRequested => new EngineError(EngineErrorKind.Closed, "the client was closed"),
        OperationCanceledException => new EngineError(
            EngineErrorKind.Timeout, $"{endpoint.Authority} did not answer within {_settings.AttemptTimeout.TotalSeconds} s"),
        ObjectDisposedException => new EngineError(EngineErrorKind.Closed, "the client was closed"),
        _ => new EngineError(EngineErrorKind.Unreachable, $"{endpoint.Authority}: {Innermost(failure).Message}"),
    };

    internal static bool IsOfTheWay(Exception failure) =>
        failure is HttpRequestException or IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException;

    private async Task<EngineAnswer> AttemptAsync(Uri endpoint, EngineRequest request, byte[] body, string? token)
    {
        using var limit = AttemptLimit();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _closed.Token);
        try
        {
            using var response = await SendAsync(endpoint, RequestJson.PathOf(request), body, token, isWatch: false, either.Token);
            var answer = await BoundedContent.ReadAsync(response.Content, _settings.AnswerBytes, either.Token);
            if (answer is null)
            {
                var error = new EngineError(EngineErrorKind.BadAnswer, $"{endpoint.Authority} sent more than {_settings.AnswerBytes} bytes");
                return new EngineFailure(error, request.IsWrite);
            }

            return response.IsSuccessStatusCode
                ? AnswerReader.Read(request, answer)
                : Refused(request, ErrorJson.Read((int)response.StatusCode, answer));
        }
        catch (Exception failure) when (IsOfTheWay(failure))
        {
            return new EngineFailure(ErrorOf(failure, endpoint), request.IsWrite && !IsBeforeSending(failure));
        }
    }

    private async Task<(string? Token, EngineFailure? Denied)> AuthenticateAsync()
    {
        var body = RequestJson.WriteAuthenticate(_settings.UserName, _settings.Password);
        for (var attempt = 1; ; attempt++)
        {
            var endpoint = _ring.Current;
            var (token, error) = await AuthenticateAtAsync(endpoint, body);
            if (error is null || !error.IsAway || attempt >= Math.Max(2, _ring.Count))
            {
                return (token, error is null ? null : new EngineFailure(error));
            }

            _ring.MoveFrom(endpoint);
        }
    }

    private async Task<(string? Token, EngineError? Error)> AuthenticateAtAsync(Uri endpoint, byte[] body)
    {
        using var limit = AttemptLimit();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _closed.Token);
        try
        {
            using var response = await SendAsync(endpoint, RequestJson.AuthenticatePath, body, token: null, isWatch: false, either.Token);
            var answer = await BoundedContent.ReadAsync(response.Content, BoundedContent.BlockBytes, either.Token) ?? [];
            if (!response.IsSuccessStatusCode)
            {
                return (null, ErrorJson.Read((int)response.StatusCode, answer));
            }

            return AnswerReader.ReadToken(answer) is { } token
                ? (token, null)
                : (null, new EngineError(EngineErrorKind.BadAnswer, $"{endpoint.Authority} gave no token"));
        }
        catch (Exception failure) when (IsOfTheWay(failure))
        {
            return (null, ErrorOf(failure, endpoint));
        }
    }

    private static EngineFailure Refused(EngineRequest request, EngineError error) => new(error, request.IsWrite && error.IsAway);

    // A repeated grant finds what its lost first attempt has made.
    private static LeaseAnswer? MadeBefore(EngineRequest request, EngineFailure failure, bool mayHaveBeenApplied) =>
        mayHaveBeenApplied && request is GrantLeaseRequest { Id: not 0 } grant && failure.Error.Kind == EngineErrorKind.AlreadyExists
            ? new LeaseAnswer(EngineHeader.None, grant.Id, grant.TtlSeconds)
            : null;

    private static bool IsBeforeSending(Exception failure) => failure is HttpRequestException
    {
        HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError,
    };

    private static Exception Innermost(Exception failure) => failure.InnerException is { } inner ? Innermost(inner) : failure;
}

using Proxy.Cluster.Engine;
using Proxy.Cluster.Json;

namespace Proxy.Cluster.Etcd;

/// <summary>One watch at one endpoint. It ends when that endpoint does; its user opens another from where it was; the client has moved on.</summary>
internal sealed class EtcdWatch(EtcdClient client, WatchRequest request) : IWatch
{
    private readonly CancellationTokenSource _closed = CancellationTokenSource.CreateLinkedTokenSource(client.Closed);
    private readonly Queue<WatchNotice> _read = new();
    private HttpResponseMessage? _response;
    private LineReader? _lines;
    private Uri _endpoint = client.Endpoint;
    private string? _token;
    private WatchEnded? _end;
    private int _isDisposed;

    public async Task<WatchNotice> NextAsync()
    {
        while (_end is null && _read.Count == 0)
        {
            try
            {
                foreach (var notice in _lines is null ? await OpenAsync() : await ReadAsync(_closed.Token))
                {
                    _read.Enqueue(notice);
                }
            }
            catch (Exception failure) when (EtcdClient.IsOfTheWay(failure))
            {
                _read.Enqueue(new WatchEnded(
                    _closed.IsCancellationRequested
                        ? new EngineError(EngineErrorKind.Closed, "the watch was closed")
                        : client.ErrorOf(failure, _endpoint)));
            }
        }

        if (!_read.TryDequeue(out var next))
        {
            return _end!;
        }

        if (next is WatchEnded end)
        {
            End(end);
        }

        return next;
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            _closed.Cancel();
            _closed.Dispose();
            _response?.Dispose();
        }
    }

    private async Task<IReadOnlyList<WatchNotice>> OpenAsync()
    {
        var (token, denied) = await client.TokenAsync();
        if (denied is not null)
        {
            return [new WatchEnded(denied.Error)];
        }

        _token = token;
        _endpoint = client.Endpoint;
        using var limit = client.AttemptLimit();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _closed.Token);
        _response = await client.SendAsync(_endpoint, RequestJson.WatchPath, RequestJson.Write(request), token, isWatch: true, either.Token);
        if (!_response.IsSuccessStatusCode)
        {
            var answer = await BoundedContent.ReadAsync(_response.Content, BoundedContent.BlockBytes, either.Token) ?? [];
            return [new WatchEnded(ErrorJson.Read((int)_response.StatusCode, answer))];
        }

        _lines = new LineReader(await _response.Content.ReadAsStreamAsync(either.Token), client.Settings.LineBytes);
        return await ReadAsync(either.Token);
    }

    private async Task<IReadOnlyList<WatchNotice>> ReadAsync(CancellationToken cancellation)
    {
        if (await _lines!.ReadAsync(cancellation) is { } line)
        {
            return AnswerReader.ReadNotices(line);
        }

        return
        [
            new WatchEnded(_lines.IsTooLong
                ? new EngineError(EngineErrorKind.BadAnswer, $"{_endpoint.Authority} sent a line of more than {client.Settings.LineBytes} bytes")
                : new EngineError(EngineErrorKind.Unreachable, $"{_endpoint.Authority} ended the watch")),
        ];
    }

    private void End(WatchEnded end)
    {
        _end = end;
        _read.Clear();
        client.MoveOnIfAway(_endpoint, end.Error);
        if (end.Error.Kind == EngineErrorKind.Unauthenticated && _token is not null)
        {
            client.ForgetToken(_token);
        }

        Dispose();

        // Where it was disposed while it was being opened.
        _response?.Dispose();
    }
}

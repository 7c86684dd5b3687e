using Proxy.Cluster.Engine;

namespace Proxy.Cluster.Etcd;

/// <summary>The token that a password was exchanged for: one exchange at a time, whoever asks. Thread-safe.</summary>
internal sealed class EtcdToken(Func<Task<(string? Token, EngineFailure? Denied)>> authenticate)
{
    private readonly Lock _lock = new();
    private Task<(string? Token, EngineFailure? Denied)>? _current;

    public async Task<(string? Token, EngineFailure? Denied)> GetAsync()
    {
        Task<(string? Token, EngineFailure? Denied)> current;
        lock (_lock)
        {
            current = _current ??= authenticate();
        }

        var result = await current;
        if (result.Denied is not null)
        {
            Drop(current);
        }

        return result;
    }

    /// <summary>The engine did not take it: the next asker gets another.</summary>
    public void Forget(string token)
    {
        lock (_lock)
        {
            if (_current is { IsCompletedSuccessfully: true } current && current.Result.Token == token)
            {
                _current = null;
            }
        }
    }

    private void Drop(Task<(string? Token, EngineFailure? Denied)> failed)
    {
        lock (_lock)
        {
            if (_current == failed)
            {
                _current = null;
            }
        }
    }
}

using System.Collections.Concurrent;

namespace Proxy.Actors;

/// <summary>How many streams each principal of a server has, over all tunnels and loops. Thread-safe.</summary>
internal sealed class PrincipalStreams(ServerSettings settings)
{
    private volatile ServerSettings _settings = settings;

    // One entry for each name that has a key, so settings bound it and not peers.
    private readonly ConcurrentDictionary<string, int> _counts = new(StringComparer.Ordinal);

    /// <summary>Other limits from now on; who is in stays in and is counted.</summary>
    public void Change(ServerSettings changed) => _settings = changed;

    /// <summary>False: it has as many as it may have. Else a place that is to be given to <see cref="Leave"/>.</summary>
    public bool TryEnter(string? principal)
    {
        if (principal is null || _counts.AddOrUpdate(principal, 1, static (_, count) => count + 1) <= MaximumOf(principal))
        {
            return true;
        }

        Leave(principal);
        return false;
    }

    public void Leave(string? principal)
    {
        if (principal is not null)
        {
            _counts.AddOrUpdate(principal, 0, static (_, count) => count - 1);
        }
    }

    private int MaximumOf(string principal) => _settings.Principals.TryGetValue(principal, out var own) ? own.MaximumStreams : int.MaxValue;
}

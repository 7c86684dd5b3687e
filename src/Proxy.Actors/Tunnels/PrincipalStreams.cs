using System.Collections.Concurrent;

namespace Proxy.Actors;

/// <summary>How many streams each principal of a server has, over all tunnels and loops. Thread-safe.</summary>
internal sealed class PrincipalStreams(ServerSettings settings)
{
    // One entry for each name that has a limit, so settings bound it and not peers.
    private readonly ConcurrentDictionary<string, int> _counts = new(StringComparer.Ordinal);

    /// <summary>False: it has as many as it may have. Else a place that is to be given to <see cref="Leave"/>.</summary>
    public bool TryEnter(string? principal)
    {
        if (MaximumOf(principal) is not { } maximum)
        {
            return true;
        }

        if (_counts.AddOrUpdate(principal!, 1, static (_, count) => count + 1) <= maximum)
        {
            return true;
        }

        Leave(principal);
        return false;
    }

    public void Leave(string? principal)
    {
        if (MaximumOf(principal) is not null)
        {
            _counts.AddOrUpdate(principal!, 0, static (_, count) => count - 1);
        }
    }

    private int? MaximumOf(string? principal) =>
        principal is not null && settings.Principals.TryGetValue(principal, out var own) && own.MaximumStreams < int.MaxValue ? own.MaximumStreams : null;
}

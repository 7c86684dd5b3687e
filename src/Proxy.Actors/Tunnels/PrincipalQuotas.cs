using Proxy.Policy.Limits;

namespace Proxy.Actors;

/// <summary>What each principal of a server has of what it may use, over all tunnels and loops. Thread-safe.</summary>
internal sealed class PrincipalQuotas(ServerSettings settings)
{
    private readonly Lock _lock = new();

    // One entry for each name that has a key, so settings bound it and not peers.
    private readonly Dictionary<string, Quota> _quotas = new(StringComparer.Ordinal);
    private ServerSettings _settings = settings;

    /// <summary>Other limits from now on; who is in stays in and is counted.</summary>
    public void Change(ServerSettings changed)
    {
        lock (_lock)
        {
            _settings = changed;
        }
    }

    /// <summary>Admitted: a place that is to be given to <see cref="Leave"/>.</summary>
    public QuotaVerdict Enter(string? principal, long nowMicroseconds)
    {
        if (principal is null)
        {
            return QuotaVerdict.Admitted;
        }

        lock (_lock)
        {
            var limits = _settings.Principals.TryGetValue(principal, out var own) ? own.Quota : QuotaSettings.Unlimited;
            if (!_quotas.TryGetValue(principal, out var quota))
            {
                quota = new Quota(limits, nowMicroseconds);
                _quotas.Add(principal, quota);
            }

            quota.Change(limits, nowMicroseconds);
            return quota.Enter(nowMicroseconds);
        }
    }

    /// <param name="bytes">What the stream has moved, both ways.</param>
    public void Leave(string? principal, long bytes, long nowMicroseconds)
    {
        if (principal is null)
        {
            return;
        }

        lock (_lock)
        {
            if (_quotas.TryGetValue(principal, out var quota))
            {
                quota.Leave(bytes, nowMicroseconds);
            }
        }
    }

    /// <summary>By name, in its order.</summary>
    public IReadOnlyList<PrincipalStatus> Status()
    {
        lock (_lock)
        {
            return [.. _quotas.OrderBy(entry => entry.Key, StringComparer.Ordinal)
                .Select(entry => new PrincipalStatus(entry.Key, entry.Value.Streams, entry.Value.UsedBytes, entry.Value.Refused))];
        }
    }
}

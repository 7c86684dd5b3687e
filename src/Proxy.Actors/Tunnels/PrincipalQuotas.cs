using Proxy.Cluster.Engine;
using Proxy.Cluster.Shares;
using Proxy.Policy.Limits;

namespace Proxy.Actors;

/// <summary>What each principal of a server has of what it may use, over all tunnels and loops. Thread-safe.</summary>
/// <param name="settings">What each may.</param>
/// <param name="door">Where limits of the whole cluster are shared.</param>
/// <param name="clock">By which their shares are valid.</param>
internal sealed class PrincipalQuotas(ServerSettings settings, ClusterDoor door, TimeProvider clock)
{
    private readonly Lock _lock = new();

    // One entry for each name that has a key, so settings bound it and not peers.
    private readonly Dictionary<string, Quota> _quotas = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Shared> _shared = new(StringComparer.Ordinal);
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
            var own = _settings.Principals.GetValueOrDefault(principal) ?? PrincipalSettings.Default;
            if (!_quotas.TryGetValue(principal, out var quota))
            {
                quota = new Quota(own.Quota, nowMicroseconds);
                _quotas.Add(principal, quota);
            }

            quota.Change(own.Quota, nowMicroseconds);
            var verdict = quota.Enter(nowMicroseconds);
            if (verdict == QuotaVerdict.Admitted && (own.SharesLimits || _shared.ContainsKey(principal)) && SharedOf(principal, own, quota).Enter(clock.NowMicroseconds()) is { } refused)
            {
                quota.Refuse();
                return refused;
            }

            return verdict;
        }
    }

    // Who is in already counts from then on.
    private Shared SharedOf(string principal, PrincipalSettings own, Quota quota)
    {
        if (!_shared.TryGetValue(principal, out var shared))
        {
            var streams = own.ClusterStreams is { } limit ? door.LimitOf($"principal:{principal}", limit) : null;
            var rate = own.ClusterStreamsPerSecond is { } perSecond ? new SharedRate(door.LimitOf($"opens:{principal}", perSecond)) : null;
            streams?.Adopt(quota.Streams - 1);
            _shared.Add(principal, shared = new Shared(streams, rate));
        }

        return shared;
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
                _shared.GetValueOrDefault(principal)?.Streams?.Release();
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

    /// <summary>What a principal may have in the whole cluster; as it was when its first stream came.</summary>
    private sealed record Shared(ClusterLimit? Streams, SharedRate? Rate)
    {
        public QuotaVerdict? Enter(long nowMicroseconds) => Rate?.TryTake(nowMicroseconds) == false ? QuotaVerdict.TooFast
            : Streams?.TryTake(nowMicroseconds) == false ? QuotaVerdict.TooManyStreams
            : null;
    }
}

using System.Net;
using System.Net.Sockets;
using Proxy.Policy.Names;
using Proxy.Transport.Dials;

namespace Proxy.Node.Names;

/// <summary>
/// Answers from the cache, and asks once for each name however many want to know it. Names without a dot, and those that the hosts file has, are the
/// system's; all others go to name servers. Any thread.
/// </summary>
internal sealed class CachingResolver(NameCacheSettings settings, INameSource servers, INameSource system, TimeProvider clock) : INameResolver
{
    private readonly Lock _lock = new();
    private readonly NameCache _cache = new(settings);
    private readonly Dictionary<string, Task<IPAddress[]>> _asked = new(StringComparer.Ordinal);

    /// <summary>Hits, misses, failures that an old answer stood in for, and others.</summary>
    public NameStatus Status()
    {
        lock (_lock)
        {
            return new NameStatus(_cache.Count, _cache.Hits, _cache.Misses, _cache.Stale, _cache.Failures);
        }
    }

    public Task<IPAddress[]> ResolveAsync(string name, CancellationToken cancellation)
    {
        if (IPAddress.TryParse(name, out var address))
        {
            return Task.FromResult<IPAddress[]>([address]);
        }

        var key = name.TrimEnd('.').ToLowerInvariant();
        lock (_lock)
        {
            if (_cache.TryGet(key, NowMicroseconds, out var known))
            {
                return known.Count > 0 ? Task.FromResult(known.ToArray()) : Task.FromException<IPAddress[]>(NoSuchName());
            }

            if (!_asked.TryGetValue(key, out var asked))
            {
                asked = Task.Run(() => AskAsync(key), CancellationToken.None);
                _asked.Add(key, asked);
            }

            return asked.WaitAsync(cancellation);
        }
    }

    private long NowMicroseconds => clock.GetTimestamp() * 1_000_000 / clock.TimestampFrequency;

    private async Task<IPAddress[]> AskAsync(string name)
    {
        try
        {
            var source = !name.Contains('.', StringComparison.Ordinal) || HostsFile.Has(name) ? system : servers;
            var answer = await source.AskAsync(name);
            lock (_lock)
            {
                _cache.HandleAnswer(name, answer, NowMicroseconds);
                _asked.Remove(name);
            }

            return answer.Addresses.Count > 0 ? [.. answer.Addresses] : throw NoSuchName();
        }
        catch (Exception failure) when (failure is not SocketException { SocketErrorCode: SocketError.HostNotFound })
        {
            lock (_lock)
            {
                _asked.Remove(name);
                if (_cache.TryStandIn(name, NowMicroseconds, out var old))
                {
                    return [.. old];
                }
            }

            throw new SocketException((int)SocketError.TryAgain);
        }
    }

    private static SocketException NoSuchName() => new((int)SocketError.HostNotFound);
}

/// <summary>The name cache since the start.</summary>
internal sealed record NameStatus(int Names, long Hits, long Misses, long Stale, long Failures);

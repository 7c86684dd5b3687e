using System.Collections.Immutable;
using System.Net;
using Proxy.Actors;
using Proxy.Cluster.Members;

namespace Proxy.Node.Hosting;

/// <summary>
/// Who moves most through this node, by the living connections that its status has: of each source address the bytes since the last look. Not thread-safe.
/// </summary>
internal sealed class TopTalkers
{
    private Dictionary<long, long>? _before;

    /// <summary>The busiest sources, the first ones first, <see cref="MemberRecord.MaximumTalkers"/> at most; none at the first look.</summary>
    public ImmutableArray<MemberTalker> Update(IReadOnlyList<ConnectionStatus> live, TimeSpan since)
    {
        var now = new Dictionary<long, long>();
        var sources = new Dictionary<string, (long Streams, long Bytes)>(StringComparer.Ordinal);
        foreach (var connection in live)
        {
            var bytes = connection.BytesFromClient + connection.BytesFromUpstream;
            now[connection.Id] = bytes;

            // One that is new was begun since.
            var moved = bytes - (_before?.GetValueOrDefault(connection.Id) ?? 0);
            var source = IPEndPoint.TryParse(connection.Client, out var client) ? client.Address.ToString() : connection.Client;
            var sum = sources.GetValueOrDefault(source);
            sources[source] = (sum.Streams + 1, sum.Bytes + moved);
        }

        var isFirst = _before is null;
        _before = now;
        return isFirst || since <= TimeSpan.Zero
            ? []
            :
            [
                .. sources.Where(source => source.Value.Bytes > 0)
                    .OrderByDescending(source => source.Value.Bytes).ThenBy(source => source.Key, StringComparer.Ordinal)
                    .Take(MemberRecord.MaximumTalkers)
                    .Select(source => new MemberTalker(
                        source.Key[..Math.Min(source.Key.Length, MemberRecord.MaximumTalkerLength)], source.Value.Streams, (long)(source.Value.Bytes / since.TotalSeconds))),
            ];
    }
}

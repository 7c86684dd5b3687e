using System.Collections.Immutable;

namespace Proxy.Cluster.Bans;

/// <summary>
/// Who is banned, as this node knows: what it banned itself and what others have, if there is a cluster. Bounded by <see cref="MaximumBans"/>; more are not
/// taken. Thread-safe, without a lock where there is no ban.
/// </summary>
public sealed class BanBoard
{
    private ImmutableDictionary<string, SharedBan> _bans = ImmutableDictionary.Create<string, SharedBan>(StringComparer.Ordinal);

    public bool IsEmpty => _bans.IsEmpty;

    /// <summary>By source, those that are over among them until they are removed.</summary>
    public IReadOnlyDictionary<string, SharedBan> Bans => _bans;

    /// <summary>The ban that closes that to the source now; null: there is none.</summary>
    /// <param name="source">As <see cref="SharedBan.Source"/> has it.</param>
    public SharedBan? Find(string source, BanScope scope, long nowUnixMilliseconds) =>
        _bans.TryGetValue(source, out var ban) && nowUnixMilliseconds < ban.UntilUnixMilliseconds && (ban.Scope == BanScope.All || ban.Scope == scope) ? ban : null;

    /// <summary>It holds from now on; a longer one of the same source is kept.</summary>
    public void Add(SharedBan ban, long nowUnixMilliseconds) => ImmutableInterlocked.Update(ref _bans, bans =>
    {
        if (bans.TryGetValue(ban.Source, out var known) && known.UntilUnixMilliseconds >= ban.UntilUnixMilliseconds && known.Scope <= ban.Scope)
        {
            return bans;
        }

        if (bans.Count >= MaximumBans)
        {
            bans = bans.RemoveRange(bans.Values.Where(other => other.UntilUnixMilliseconds <= nowUnixMilliseconds).Select(other => other.Source));
        }

        return bans.Count < MaximumBans ? bans.SetItem(ban.Source, ban) : bans;
    });

    public void Remove(string source) => ImmutableInterlocked.TryRemove(ref _bans, source, out _);

    public const int MaximumBans = 10_000;
}

using System.Collections.Immutable;

namespace Proxy.Cluster.Bans;

/// <summary>
/// Who is banned, as this node knows: what it banned itself and what others have, if there is a cluster. Bounded by <see cref="MaximumBans"/>; more are not
/// taken. Thread-safe, without a lock where there is no ban.
/// </summary>
public sealed class BanBoard
{
    private ImmutableDictionary<(BanScope Scope, string Source), SharedBan> _bans = ImmutableDictionary<(BanScope, string), SharedBan>.Empty;

    public bool IsEmpty => _bans.IsEmpty;

    /// <summary>Those that are over are among them until they are removed.</summary>
    public IEnumerable<SharedBan> Bans => _bans.Values;

    public int Count => _bans.Count;

    /// <summary>The ban that closes that to the source now, of that scope or of all; null: there is none.</summary>
    /// <param name="source">As <see cref="SharedBan.Source"/> has it.</param>
    public SharedBan? Find(string source, BanScope scope, long nowUnixMilliseconds) =>
        FindOne(source, BanScope.All, nowUnixMilliseconds) ?? (scope == BanScope.All ? null : FindOne(source, scope, nowUnixMilliseconds));

    /// <summary>It holds from now on; a longer one of the same source and scope is kept.</summary>
    public void Add(SharedBan ban, long nowUnixMilliseconds) => ImmutableInterlocked.Update(ref _bans, bans =>
    {
        if (bans.TryGetValue((ban.Scope, ban.Source), out var known) && known.UntilUnixMilliseconds >= ban.UntilUnixMilliseconds)
        {
            return bans;
        }

        if (bans.Count >= MaximumBans)
        {
            bans = bans.RemoveRange(bans.Where(other => other.Value.UntilUnixMilliseconds <= nowUnixMilliseconds).Select(other => other.Key));
        }

        return bans.Count < MaximumBans ? bans.SetItem((ban.Scope, ban.Source), ban) : bans;
    });

    public void Remove(BanScope scope, string source) => ImmutableInterlocked.TryRemove(ref _bans, (scope, source), out _);

    private SharedBan? FindOne(string source, BanScope scope, long nowUnixMilliseconds) =>
        _bans.TryGetValue((scope, source), out var ban) && nowUnixMilliseconds < ban.UntilUnixMilliseconds ? ban : null;

    public const int MaximumBans = 10_000;
}

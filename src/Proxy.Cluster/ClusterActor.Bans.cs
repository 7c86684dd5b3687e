using Proxy.Cluster.Bans;
using Proxy.Cluster.Members;

namespace Proxy.Cluster;

public sealed partial class ClusterActor
{
    private readonly BanBoard? _bans;
    private readonly BanTeller _banTeller;

    private void HandleBan(SharedBan ban)
    {
        if (!_banTeller.Add(ban))
        {
            Context.GetLogger().Warning($"the ban of {ban.Source} is not told to the others: too many wait to be told");
        }

        Turn();
    }

    private void TurnBans(long now)
    {
        if (_banTeller.Take(now, UnixMilliseconds) is { } tell)
        {
            _engine.Ask(tell, Self, _banTeller.Answer);
        }
    }

    /// <summary>Something of what all watch has changed that is no member.</summary>
    private void NoteBan(KeyChange change)
    {
        if (_bans is null || !change.Key.StartsWith(_keys.BanPrefix, StringComparison.Ordinal))
        {
            return;
        }

        var key = change.Key[_keys.BanPrefix.Length..];
        if (change.Now is { } value && BanJson.TryRead(value.Value, key, out var ban))
        {
            _bans.Add(ban, UnixMilliseconds);
        }
        else if (BanJson.TryReadKey(key, out var scope, out var source))
        {
            _bans.Remove(scope, source);
        }
    }
}

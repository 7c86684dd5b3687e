using Proxy.Actors;
using Proxy.Node.Hosting;
using Proxy.Node.Names;

namespace Proxy.Node.Reloading;

/// <summary>What is different in how the process around the node behaves, and when that is felt.</summary>
internal static class HostChanges
{
    public static IReadOnlyList<SettingsChange> Between(HostSettings old, HostSettings changed)
    {
        var changes = new List<SettingsChange>();
        Compare("log", "level", old.LogLevel, changed.LogLevel, ChangeEffect.AtOnce);
        Compare("log", "format", TextOf(old.IsLogJson), TextOf(changed.IsLogJson), ChangeEffect.Restart);
        Compare("admin", "address", old.Admin.ToString(), changed.Admin.ToString(), ChangeEffect.Restart);
        Compare("node", "hand-over", old.HandOver ?? "none", changed.HandOver ?? "none", ChangeEffect.Restart);
        Compare("dns", "settings", TextOf(old.Names), TextOf(changed.Names), ChangeEffect.Restart);
        Compare("cluster", "settings", TextOf(old.Cluster), TextOf(changed.Cluster), ChangeEffect.Restart);
        return changes;

        void Compare<T>(string subject, string name, T before, T after, ChangeEffect effect)
        {
            if (!EqualityComparer<T>.Default.Equals(before, after))
            {
                changes.Add(new SettingsChange(subject, $"{name} {before} → {after}", effect));
            }
        }
    }

    private static string TextOf(ClusterHostSettings? cluster) => cluster is null
        ? "none"
        : $"{cluster.Name} at {string.Join(',', cluster.Endpoints)}, lease {cluster.LeaseSeconds} s, as {string.Join(',', cluster.Advertised.Select(at => $"{at.Transport}://{at.Address}"))}, capacity {cluster.Capacity}, user {cluster.UserName}";

    private static string TextOf(NameSettings names) =>
        $"{(names.Servers.Count == 0 ? "the system's servers" : string.Join(", ", names.Servers))}, {names.Timeout.TotalSeconds} s, kept {names.Cache.LeastAge} to {names.Cache.MostAge}, "
        + $"none {names.Cache.NegativeAge}, stale {names.Cache.StaleAge}, {names.Cache.Names} names";

    private static string TextOf(bool isJson) => isJson ? "json" : "text";
}

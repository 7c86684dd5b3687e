using Proxy.Cluster.Engine;

namespace Proxy.Cluster.Shares;

/// <summary>One node as the divider sees it: what it reports, what it was granted, what it is to be granted.</summary>
internal sealed class ShareNode(string name)
{
    private readonly Dictionary<string, (long Share, long Ceiling)> _next = [];

    public string Name { get; } = name;

    /// <summary>Null: it has none, and so no lease.</summary>
    public ShareReport? Report { get; init; }

    public long Lease { get; init; }

    /// <summary>Only where it is of the present lease; any other is void.</summary>
    public ShareGrants? Grants { get; init; }

    /// <summary>Of the grants' key, void or not; 0: there is none.</summary>
    public long GrantRevision { get; init; }

    public bool IsGone => Report is null;

    public bool IsChanged { get; private set; }

    public bool HasSeenGrants => Grants is null || Report!.SeenRevision >= GrantRevision;

    public long Share(string limit) => Find(limit)?.Share ?? 0;

    /// <summary>What it may be using at most.</summary>
    public long Charge(ShareUse use) => Math.Max(use.Held, Ceiling(use.Id));

    public void Set(string limit, long share, bool isNotable)
    {
        _next[limit] = (share, Math.Max(share, Ceiling(limit)));
        IsChanged |= isNotable;
    }

    /// <summary>Its grants are written again without what it does not report any more.</summary>
    public void SetStale() => IsChanged = true;

    /// <summary>Whether it was granted some of a limit that it does not report: it goes by nothing of that, and will not before it is granted anew.</summary>
    public bool HasUnreported => Grants is not null && Grants.Grants.Any(grant => !Report!.Limits.Any(use => use.Id == grant.Id));

    public void SetGone() => IsChanged = GrantRevision != 0;

    public ShareGrants NextGrants() => new(Lease, [.. _next.Select(next => new ShareGrant(next.Key, next.Value.Share, next.Value.Ceiling))]);

    private long Ceiling(string limit) => Find(limit) is { } grant ? HasSeenGrants ? grant.Share : grant.Ceiling : 0;

    private ShareGrant? Find(string limit) => Grants?.Grants.FirstOrDefault(grant => grant.Id == limit);
}

/// <summary>From what is seen to what is to be written.</summary>
internal static class SharePlan
{
    public static List<ShareNode> Read(string usePrefix, string grantPrefix, IReadOnlyDictionary<string, KeyValue> seen)
    {
        List<ShareNode> nodes = [];
        foreach (var (key, use) in seen)
        {
            if (key.StartsWith(usePrefix, StringComparison.Ordinal) && use.Lease != 0 && ShareJson.TryReadReport(use.Value, out var report))
            {
                var name = key[usePrefix.Length..];
                var grant = seen.GetValueOrDefault(grantPrefix + name);
                nodes.Add(new ShareNode(name)
                {
                    Report = report,
                    Lease = use.Lease,
                    Grants = grant is not null && ShareJson.TryReadGrants(grant.Value, out var grants) && grants.Lease == use.Lease ? grants : null,
                    GrantRevision = grant?.ModRevision ?? 0,
                });
            }
        }

        var living = nodes.Select(node => node.Name).ToHashSet();
        foreach (var (key, grant) in seen)
        {
            if (key.StartsWith(grantPrefix, StringComparison.Ordinal) && !living.Contains(key[grantPrefix.Length..]))
            {
                var gone = new ShareNode(key[grantPrefix.Length..]) { GrantRevision = grant.ModRevision };
                gone.SetGone();
                nodes.Add(gone);
            }
        }

        return nodes;
    }

    public static void Divide(List<ShareNode> nodes, bool mayIncrease)
    {
        var limits = nodes.Where(node => !node.IsGone)
            .SelectMany(node => node.Report!.Limits.Select(use => (Node: node, Use: use)))
            .GroupBy(pair => pair.Use.Id);
        foreach (var node in nodes.Where(node => !node.IsGone && node.HasUnreported))
        {
            node.SetStale();
        }

        foreach (var limit in limits)
        {
            DivideOne([.. limit.OrderBy(pair => pair.Node.Name, StringComparer.Ordinal)], mayIncrease);
        }
    }

    private static void DivideOne((ShareNode Node, ShareUse Use)[] users, bool mayIncrease)
    {
        // While a new configuration goes round, the smaller limit holds.
        var limit = users.Min(user => user.Use.Limit);
        var wanted = users.Select(user => user.Use.Wanted).ToArray();
        var targets = ShareMath.Divide(limit, wanted);
        var charged = users.Sum(user => user.Node.Charge(user.Use));
        var notable = Math.Max(1, limit / 200);

        // Who is furthest below what it should have comes first.
        var byNeed = Enumerable.Range(0, users.Length).OrderByDescending(index => targets[index] - users[index].Node.Share(users[index].Use.Id));
        foreach (var index in byNeed)
        {
            var (node, use) = users[index];
            var share = node.Share(use.Id);
            var next = targets[index];
            if (next > share)
            {
                // Room is what all others leave. What this node still holds from an ended lease is no room: it goes, and the share would stay.
                var charge = node.Charge(use);
                var room = limit - (charged - charge);
                next = mayIncrease ? Math.Min(next, Math.Max(share, room)) : share;
                charged += Math.Max(0, next - charge);
            }

            // One that goes by less than it was granted had the limit in a former life, and waits for a new word.
            var isFormer = node.HasSeenGrants && use.Held < share;
            node.Set(use.Id, next, Math.Abs(next - share) >= notable || isFormer || (node.Grants is null && next > 0));
        }
    }
}

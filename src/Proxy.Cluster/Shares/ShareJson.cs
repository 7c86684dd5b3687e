using Proxy.Cluster.Json;

namespace Proxy.Cluster.Shares;

/// <summary>What one node says of one limit.</summary>
/// <param name="Id">The limit.</param>
/// <param name="Limit">What it is configured to be, for the whole cluster.</param>
/// <param name="Wanted">What the node uses and has turned away, averaged over 5 s.</param>
/// <param name="Held">What it may be using: its share, or what is still open where that is more.</param>
public sealed record ShareUse(string Id, long Limit, long Wanted, long Held);

/// <summary>What a node says of all its limits.</summary>
/// <param name="SeenRevision">The revision of the grant that it goes by; 0: none.</param>
/// <param name="Limits">Each once.</param>
public sealed record ShareReport(long SeenRevision, IReadOnlyList<ShareUse> Limits);

/// <summary>What one node may use of one limit.</summary>
/// <param name="Id">The limit.</param>
/// <param name="Share">How much.</param>
/// <param name="Ceiling">What it may be using at most until it says that it has seen this: the largest share since the last one it saw.</param>
public sealed record ShareGrant(string Id, long Share, long Ceiling);

/// <summary>What a node may use of all limits.</summary>
/// <param name="Lease">The lease that the node had; under another one the grants are void.</param>
/// <param name="Grants">Each limit once.</param>
public sealed record ShareGrants(long Lease, IReadOnlyList<ShareGrant> Grants);

/// <summary>Reports and grants as JSON, read strictly: who can write to the engine may be wrong.</summary>
public static class ShareJson
{
    /// <summary>Limits that one node shares with others.</summary>
    public const int MaximumLimits = 256;

    public static byte[] Write(ShareReport report) => JsonText.Object(writer =>
    {
        writer.Int64("seen", report.SeenRevision);
        writer.List("limits", report.Limits, use =>
        {
            writer.WriteString("id", use.Id);
            writer.WriteNumber("limit", use.Limit);
            writer.WriteNumber("wanted", use.Wanted);
            writer.WriteNumber("held", use.Held);
        });
    });

    public static byte[] Write(ShareGrants grants) => JsonText.Object(writer =>
    {
        writer.Int64("lease", grants.Lease);
        writer.List("grants", grants.Grants, grant =>
        {
            writer.WriteString("id", grant.Id);
            writer.WriteNumber("share", grant.Share);
            writer.WriteNumber("ceiling", grant.Ceiling);
        });
    });

    public static bool TryReadReport(ReadOnlyMemory<byte> json, out ShareReport report)
    {
        report = null!;
        using var document = json.Length <= MaximumBytes ? FieldReader.Parse(json, out _) : null;
        if (document is null)
        {
            return false;
        }

        var fields = new FieldReader();
        report = new ShareReport(
            fields.Int64(document.RootElement, "seen"),
            [
                .. fields.Objects(document.RootElement, "limits", MaximumLimits).Select(element => new ShareUse(
                    fields.Text(element, "id"), fields.Int64(element, "limit"), fields.Int64(element, "wanted"), fields.Int64(element, "held"))),
            ]);
        return fields.Error is null && report.SeenRevision >= 0 && report.Limits.Select(use => use.Id).Distinct().Count() == report.Limits.Count
            && report.Limits.All(use => IsId(use.Id) && IsCount(use.Limit) && IsCount(use.Wanted) && IsCount(use.Held));
    }

    public static bool TryReadGrants(ReadOnlyMemory<byte> json, out ShareGrants grants)
    {
        grants = null!;
        using var document = json.Length <= MaximumBytes ? FieldReader.Parse(json, out _) : null;
        if (document is null)
        {
            return false;
        }

        var fields = new FieldReader();
        grants = new ShareGrants(
            fields.Int64(document.RootElement, "lease"),
            [
                .. fields.Objects(document.RootElement, "grants", MaximumLimits).Select(element => new ShareGrant(
                    fields.Text(element, "id"), fields.Int64(element, "share"), fields.Int64(element, "ceiling"))),
            ]);
        return fields.Error is null && grants.Grants.Select(grant => grant.Id).Distinct().Count() == grants.Grants.Count
            && grants.Grants.All(grant => IsId(grant.Id) && IsCount(grant.Share) && IsCount(grant.Ceiling) && grant.Ceiling >= grant.Share);
    }

    public static bool IsId(string id) => id.Length is > 0 and <= MaximumIdLength && !id.Any(char.IsControl);

    private static bool IsCount(long number) => number is >= 0 and <= MaximumCount;

    private const int MaximumIdLength = 128;
    private const int MaximumBytes = 64 << 10;

    // Sums of a thousand of them stay within 64 bits, and JSON's other readers keep it exactly.
    private const long MaximumCount = 1L << 50;
}

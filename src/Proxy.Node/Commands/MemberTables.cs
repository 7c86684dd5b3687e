using System.Globalization;
using Proxy.Node.Admin;
using Spectre.Console;

namespace Proxy.Node.Commands;

/// <summary>The members of a cluster for people.</summary>
internal static class MemberTables
{
    /// <returns>The exit code: failed where there is no cluster to show.</returns>
    public static int Print(NodeStatus status)
    {
        if (status.Cluster is not { } cluster)
        {
            Console.Error.WriteLine($"tcpproxy status: {status.Node.Name} is not part of a cluster; --cluster URL makes it so");
            return ExitCodes.Failed;
        }

        var news = cluster.Stale ? "the engine is away, this is what was known last" : $"revision {cluster.Revision}";
        Terminal.Out.MarkupLineInterpolated($"cluster [bold]{cluster.Name}[/] at {cluster.Engine}: {status.Members.Count} members, {news}");
        var table = new Table().AddColumns("member", "address", "status", "zone", "version", "streams", "tunnels", "MB/s", "CPU", "descriptors");
        foreach (var member in status.Members)
        {
            table.AddRow(Cells(
                member.Name, member.Address, member.Status, member.Zone, member.Version, member.Capacity > 0 ? $"{member.Load} of {member.Capacity}" : $"{member.Load}", member.Tunnels,
                Megabytes(member.BytesPerSecond), Percent(member.CpuPermille), member.Descriptors));
        }

        Terminal.Out.Write(table);
        PrintTalkers(status);
        if (cluster.Limits.Count > 0)
        {
            var limits = new Table().AddColumns("shared limit", "of all", "of this node", "now", "refused", "of each node");
            foreach (var limit in cluster.Limits)
            {
                limits.AddRow(Cells(limit.Name, limit.Limit, limit.Share, limit.Active, limit.Refused, SharesText(limit)));
            }

            Terminal.Out.Write(limits);
        }

        return ExitCodes.Done;
    }

    private static void PrintTalkers(NodeStatus status)
    {
        var talkers = status.Members.SelectMany(member => member.Talkers.Select(talker => (Member: member.Name, Talker: talker)))
            .OrderByDescending(row => row.Talker.BytesPerSecond).Take(MostTalkers).ToArray();
        if (talkers.Length > 0)
        {
            var table = new Table().AddColumns("busiest source", "at", "connections", "MB/s");
            foreach (var (member, talker) in talkers)
            {
                table.AddRow(Cells(talker.Name, member, talker.Streams, Megabytes(talker.BytesPerSecond)));
            }

            Terminal.Out.Write(table);
        }
    }

    private static string SharesText(SharedLimitStatus limit) =>
        limit.Shares is { } shares ? string.Join(", ", shares.Select(share => $"{share.Node} {share.Share}")) : "not known: the engine does not say";

    private static string Megabytes(long bytesPerSecond) => (bytesPerSecond / 1e6).ToString("0.0", CultureInfo.InvariantCulture);

    private static string Percent(long permille) => (permille / 10.0).ToString("0.0", CultureInfo.InvariantCulture) + " %";

    private static string[] Cells(params object[] values) => [.. values.Select(value => Markup.Escape(value.ToString() ?? ""))];

    private const int MostTalkers = 10;
}

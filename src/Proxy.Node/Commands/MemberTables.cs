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
        var table = new Table().AddColumns("member", "address", "status", "load");
        foreach (var member in status.Members)
        {
            table.AddRow(Markup.Escape(member.Name), Markup.Escape(member.Address), Markup.Escape(member.Status), $"{member.Load}");
        }

        Terminal.Out.Write(table);
        if (cluster.Limits.Count > 0)
        {
            var limits = new Table().AddColumns("shared limit", "of all", "of this node", "now", "refused");
            foreach (var limit in cluster.Limits)
            {
                limits.AddRow(Markup.Escape(limit.Name), $"{limit.Limit}", $"{limit.Share}", $"{limit.Active}", $"{limit.Refused}");
            }

            Terminal.Out.Write(limits);
        }

        return ExitCodes.Done;
    }
}

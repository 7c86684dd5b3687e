using System.CommandLine;
using System.Text.Json;
using Proxy.Actors;
using Proxy.Node.Admin;
using Proxy.Node.Reloading;
using Spectre.Console;

namespace Proxy.Node.Commands;

/// <summary><c>tcpproxy status</c>: asks a running node how it is.</summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        var admin = new Option<string>("--admin")
        {
            Description = "The node's admin address.",
            HelpName = "URL",
            DefaultValueFactory = _ => "http://127.0.0.1:9900",
        };
        var json = new Option<bool>("--json") { Description = "As JSON, for scripts." };
        var cluster = new Option<bool>("--cluster") { Description = "Only the members of the cluster, as this node sees them." };
        var command = new Command("status", "Shows tunnels, streams and frontends of a running node.") { admin, json, cluster };
        command.SetAction((parsed, cancellation) => RunAsync(parsed.GetValue(admin)!, parsed.GetValue(json), parsed.GetValue(cluster), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string admin, bool isJson, bool isCluster, CancellationToken cancellation)
    {
        var url = admin.Contains("://", StringComparison.Ordinal) ? admin : "http://" + admin;
        if (!Uri.TryCreate(new Uri(url, UriKind.RelativeOrAbsolute), isCluster ? "/status?cluster=true" : "/status", out var address))
        {
            throw new UsageException($"--admin '{admin}': a URL is expected, such as http://127.0.0.1:9900");
        }

        try
        {
            using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
            var text = await client.GetStringAsync(address, cancellation);
            if (isJson)
            {
                Console.Out.WriteLine(text);
            }
            else if (isCluster)
            {
                return MemberTables.Print(JsonSerializer.Deserialize(text, StatusJson.Default.NodeStatus)!);
            }
            else
            {
                Print(JsonSerializer.Deserialize(text, StatusJson.Default.NodeStatus)!);
            }

            return ExitCodes.Done;
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException or JsonException)
        {
            await Console.Error.WriteLineAsync($"tcpproxy status: no node answers at {url}: {failure.Message}");
            await Console.Error.WriteLineAsync("The address is the 'listening http://…' line that the node printed; give it with --admin.");
            return ExitCodes.Failed;
        }
    }

    private static void Print(NodeStatus status)
    {
        Terminal.Out.MarkupLineInterpolated(
            $"[bold]{status.Node.Name}[/] {status.Node.State}, {string.Join(" and ", status.Node.Roles)}, up {TimeSpan.FromSeconds(status.Node.UptimeS):g}, version {status.Node.Version}");
        Terminal.Out.MarkupLineInterpolated(
            $"connections {status.Connections.Active} now, {status.Connections.Total} in all; streams {status.Streams.Active} now, {status.Streams.Total} in all");
        PrintReload(status.Reload);
        foreach (var drain in status.Drains)
        {
            Terminal.Out.MarkupLineInterpolated(
                $"draining {drain.Subject}: {drain.Left} connections left, {drain.IdleClosed} idle ones closed{(drain.SecondsLeft is { } left ? $", {left} s to go" : "")}");
        }

        if (status.Frontends.Count > 0)
        {
            var table = new Table().AddColumns("frontend", "target", "state", "now", "in all", "waiting", "refused", "bytes up", "bytes down");
            foreach (var frontend in status.Frontends)
            {
                table.AddRow(Cells(
                    frontend.Listen, frontend.Target, frontend.State, frontend.Connections.Active, frontend.Connections.Total, frontend.Waiting, RefusedText(frontend),
                    frontend.BytesFromClients, frontend.BytesToClients));
            }

            Terminal.Out.Write(table);
        }

        if (status.Upstreams.Count > 0)
        {
            var table = new Table().AddColumns("upstream", "server", "state", "for", "weight", "now", "in all", "failed", "taken out", "last check");
            foreach (var upstream in status.Upstreams)
            {
                foreach (var server in upstream.Servers)
                {
                    table.AddRow(Cells(
                        upstream.Name, server.Name, server.Backup ? $"{server.State} (backup)" : server.State,
                        TimeSpan.FromSeconds(server.SinceS), server.Weight, server.Connections.Active, server.Connections.Total, server.Failures,
                        server.Ejections, server.Checks.Last));
                }
            }

            Terminal.Out.Write(table);
        }

        if (status.Tunnels.Count > 0)
        {
            TunnelTables.Print(status.Tunnels, status.TunnelTotals);
        }

        if (status.Cluster is not null)
        {
            MemberTables.Print(status);
        }

        if (status.Live.Count > 0)
        {
            PrintLive(status);
        }
    }

    private static void PrintReload(ReloadStatus reload)
    {
        if (reload.LastAt is { } at)
        {
            Terminal.Out.MarkupLineInterpolated($"settings {reload.Result} at {at:u} ({reload.Trigger}), generation {reload.Generation}");
        }

        foreach (var line in reload.Errors.Concat(reload.AwaitingRestart))
        {
            Terminal.Out.MarkupLineInterpolated($"  {line}");
        }
    }

    private static void PrintLive(NodeStatus status)
    {
        var table = new Table().AddColumns("connection", "frontend", "client", "server", "phase", "seconds", "bytes up", "bytes down");
        foreach (var connection in status.Live.OrderByDescending(connection => connection.DurationS).Take(MaximumShown))
        {
            table.AddRow(Cells(
                connection.Id, connection.Frontend, connection.Client, connection.Server ?? "-", connection.Phase, connection.DurationS,
                connection.BytesFromClient, connection.BytesFromUpstream));
        }

        Terminal.Out.Write(table);
        if (status.Connections.Active > MaximumShown)
        {
            Terminal.Out.MarkupLineInterpolated($"{MaximumShown} of {status.Connections.Active} connections are shown; --json has up to 100 of each frontend");
        }
    }

    private const int MaximumShown = 20;

    private static string RefusedText(FrontendStatus frontend)
    {
        var reasons = frontend.Refusals.Where(refusal => refusal.Count > 0).Select(refusal => $"{refusal.Reason} {refusal.Count}");
        return frontend.Refused == 0 ? "0" : $"{frontend.Refused} ({string.Join(", ", reasons)})";
    }

    private static string[] Cells(params object[] values) => [.. values.Select(value => Markup.Escape(value.ToString() ?? ""))];
}

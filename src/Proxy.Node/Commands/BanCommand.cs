using System.CommandLine;
using System.Net;
using System.Net.Http.Json;
using Proxy.Node.Admin;

namespace Proxy.Node.Commands;

/// <summary><c>tcpproxy ban</c> and <c>tcpproxy unban</c>: a source that the frontends of all nodes of the cluster turn away for a time.</summary>
internal static class BanCommand
{
    public static Command CreateBan()
    {
        var address = Address();
        var admin = Admin();
        var duration = new Option<string>("--for") { Description = "How long.", HelpName = "DURATION", DefaultValueFactory = _ => "1h" };
        var why = new Option<string>("--why") { Description = "A word for the log of each node.", HelpName = "TEXT", DefaultValueFactory = _ => "banned by hand" };
        var command = new Command("ban", "Turns a source away at the frontends of a node, and of all nodes of its cluster within a second.") { address, duration, why, admin };
        command.SetAction((parsed, cancellation) =>
        {
            var time = Values.Wait(parsed.GetRequiredValue(duration), "--for");
            return time.TotalSeconds is >= 1 and <= BanEndpoints.MostSeconds
                ? SendAsync("ban", parsed.GetRequiredValue(admin), parsed.GetRequiredValue(address), (long)time.TotalSeconds, parsed.GetRequiredValue(why), cancellation)
                : throw new UsageException("--for: 1s to 365d is expected");
        });
        return command;
    }

    public static Command CreateUnban()
    {
        var address = Address();
        var admin = Admin();
        var command = new Command("unban", "Ends a ban, at all nodes of the cluster.") { address, admin };
        command.SetAction((parsed, cancellation) => SendAsync("unban", parsed.GetRequiredValue(admin), parsed.GetRequiredValue(address), 0, "", cancellation));
        return command;
    }

    private static Argument<string> Address() => new("address") { Description = "IPv4, or any address of an IPv6 /64.", HelpName = "ADDRESS" };

    private static Option<string> Admin() => new("--admin")
    {
        Description = "The node's admin address, on this machine.",
        HelpName = "URL",
        DefaultValueFactory = _ => "http://127.0.0.1:9900",
    };

    private static async Task<int> SendAsync(string name, string admin, string address, long seconds, string why, CancellationToken cancellation)
    {
        if (!IPAddress.TryParse(address, out _))
        {
            throw new UsageException($"'{address}': an IP address is expected");
        }

        var url = admin.Contains("://", StringComparison.Ordinal) ? admin : "http://" + admin;
        if (!Uri.TryCreate(new Uri(url, UriKind.RelativeOrAbsolute), "/ban", out var endpoint))
        {
            throw new UsageException($"--admin '{admin}': a URL is expected, such as http://127.0.0.1:9900");
        }

        try
        {
            using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
            using var answer = await client.PostAsJsonAsync(endpoint, new BanOrder(address, seconds, why), BanJson.Default.BanOrder, cancellation);
            if (answer.IsSuccessStatusCode)
            {
                return ExitCodes.Done;
            }

            await Console.Error.WriteLineAsync($"tcpproxy {name}: the node at {url} says {(int)answer.StatusCode}: {(await answer.Content.ReadAsStringAsync(cancellation)).TrimEnd()}");
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException)
        {
            await Console.Error.WriteLineAsync($"tcpproxy {name}: no node answers at {url}: {failure.Message}");
        }

        return ExitCodes.Failed;
    }
}

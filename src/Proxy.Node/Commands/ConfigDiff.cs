using System.CommandLine;
using System.Net.Http.Json;
using System.Text.Json;
using Proxy.Node.Admin;
using Proxy.Node.Reloading;

namespace Proxy.Node.Commands;

/// <summary><c>tcpproxy config diff</c>: asks a running node what a reload with some files would change in it.</summary>
internal static class ConfigDiff
{
    public static Command Create()
    {
        var layers = new LayerOptions();
        var admin = new Option<string>("--admin")
        {
            Description = "The node's admin address, on this machine.",
            HelpName = "URL",
            DefaultValueFactory = _ => "http://127.0.0.1:9900",
        };
        var command = new Command("diff", "Shows what a reload with these files would change in the running node; nothing is changed.") { admin };
        layers.AddTo(command);
        command.SetAction((parsed, cancellation) => RunAsync(layers, parsed, parsed.GetRequiredValue(admin), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(LayerOptions layers, ParseResult parsed, string admin, CancellationToken cancellation)
    {
        var source = layers.Read(parsed);
        var result = (source with { IsCheckOnly = true }).Read();
        if (result.Settings is null)
        {
            await Console.Error.WriteLineAsync(result.Describe());
            return ExitCodes.Configuration;
        }

        var url = admin.Contains("://", StringComparison.Ordinal) ? admin : "http://" + admin;
        if (!Uri.TryCreate(new Uri(url, UriKind.RelativeOrAbsolute), "/plan", out var address))
        {
            throw new UsageException($"--admin '{admin}': a URL is expected, such as http://127.0.0.1:9900");
        }

        try
        {
            using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(30) };
            var request = new PlanRequest([.. source.Files.Select(Path.GetFullPath)], source.Overrides);
            using var answer = await client.PostAsJsonAsync(address, request, ReloadJson.Default.PlanRequest, cancellation);
            var outcome = await answer.Content.ReadFromJsonAsync(ReloadJson.Default.ReloadOutcome, cancellation);
            return Print(outcome ?? ReloadOutcome.Refused("the node's answer is empty"));
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException or JsonException)
        {
            await Console.Error.WriteLineAsync($"tcpproxy config diff: no node answers at {url}: {failure.Message}");
            return ExitCodes.Failed;
        }
    }

    private static int Print(ReloadOutcome outcome)
    {
        foreach (var error in outcome.Errors)
        {
            Console.Error.WriteLine(error);
        }

        foreach (var change in outcome.Changes)
        {
            Console.Out.WriteLine(change);
        }

        if (outcome is { IsDone: true, Changes.Count: 0 })
        {
            Console.Out.WriteLine("nothing would change");
        }

        return outcome.IsDone ? ExitCodes.Done : ExitCodes.Failed;
    }
}

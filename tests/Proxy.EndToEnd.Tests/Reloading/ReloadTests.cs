using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Reloading;

/// <summary>Settings that change under traffic.</summary>
public sealed class ReloadTests : EndToEndTest
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task No_connection_is_lost_while_every_kind_of_setting_changes_again_and_again()
    {
        using var directory = new WorkDirectory();
        await CommandResult.OfNodeAsync("keygen", "--out", directory.File("alice.key"));
        await using var first = TcpPeer.Echo();
        await using var second = TcpPeer.Echo();
        await using var third = TcpPeer.Echo();
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var random = new Random(5);
        var configuration = new ChangingConfiguration(random, directory, [first.Address, second.Address, third.Address]);
        var file = directory.File("node.conf");
        await File.WriteAllTextAsync(file, configuration.Next(), Limit);
        await using var node = await NodeProcess.StartAsync("run", "-c", file);
        await using var relayed = new SteadyLoad(configuration.Relayed, perSecond: Scale.Pick(30, 100), atOnce: 200, Limit);
        await using var tunnelled = new SteadyLoad(configuration.Tunnelled, perSecond: Scale.Pick(30, 100), atOnce: 200, Limit);
        relayed.Start();
        tunnelled.Start();
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var transfers = Enumerable.Range(0, Scale.Pick(10, 100)).Select(seed => Exchange.EchoAsync(
            seed % 2 == 0 ? configuration.Relayed : configuration.Tunnelled, new Content(seed, Scale.Pick(300_000, 3_000_000)), Limit, () => release.Task)).ToArray();

        var wrong = new List<string>();
        using var http = new HttpClient { BaseAddress = node.Admin, Timeout = Bound };
        for (var reload = 0; reload < Scale.Pick(20, 200); reload++)
        {
            var goal = relayed.Done + tunnelled.Done + random.Next(1, 60);
            await Wait.UntilAsync(() => relayed.Done + tunnelled.Done >= goal, Bound, () => $"connections have stopped after {reload} reloads");
            var isWrong = reload % 2 == 1;
            var (text, expected) = isWrong ? configuration.NextWrong((IPEndPoint)taken.LocalEndpoint) : (configuration.Next(), "");
            await File.WriteAllTextAsync(file, text, Limit);
            var answer = await ReloadAsync(http, Limit);
            Wrong(wrong, answer, isWrong, expected, file, text);
        }

        release.SetResult();
        await Task.WhenAll(transfers);
        await relayed.StopAsync();
        await tunnelled.StopAsync();

        Assert.Empty(wrong);
        Assert.Empty(relayed.Failures);
        Assert.Empty(tunnelled.Failures);
        Assert.True((await NodeStatus.OfAsync(node)).Root.GetProperty("reload").GetProperty("generation").GetInt64() >= Scale.Pick(10, 100));
        node.Send(Signal.Terminate);
        Assert.Equal(0, await node.ExitAsync(Bound));
    }

    private static async Task<(bool IsDone, string[] Changes, string[] Errors)> ReloadAsync(HttpClient http, CancellationToken limit)
    {
        using var answer = await http.PostAsync(new Uri("/reload", UriKind.Relative), null, limit);
        using var outcome = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(limit));
        return (
            answer.StatusCode == HttpStatusCode.OK,
            [.. outcome.RootElement.GetProperty("changes").EnumerateArray().Select(line => line.GetString()!)],
            [.. outcome.RootElement.GetProperty("errors").EnumerateArray().Select(line => line.GetString()!)]);
    }

    private static void Wrong(List<string> wrong, (bool IsDone, string[] Changes, string[] Errors) answer, bool isWrong, string expected, string file, string text)
    {
        var errors = string.Join('\n', answer.Errors);
        if (answer.IsDone == isWrong)
        {
            wrong.Add(isWrong ? $"was taken, and {expected} is wrong" : $"was not taken: {errors}\n{text}");
        }
        else if (isWrong && !(errors.Contains(expected, StringComparison.Ordinal) && (errors.Contains($"{file}:", StringComparison.Ordinal) || expected.StartsWith("cannot", StringComparison.Ordinal))))
        {
            wrong.Add($"no place, or not {expected}: {errors}");
        }
    }
}

using System.Net;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Reloading;

/// <summary>What makes a node read its settings again, and what is told of it.</summary>
[Collection(OnlyWaits.First)]
public sealed class ReloadTriggerTests : EndToEndTest
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_signal_reloads_and_a_mistake_is_logged_with_its_place_and_shown_by_status()
    {
        using var directory = new WorkDirectory();
        await using var echo = TcpPeer.Echo();
        var (file, added) = (directory.File("node.conf"), FreePort.ForTcp());
        await File.WriteAllTextAsync(file, Configuration(echo.Address), Limit);
        await using var node = await NodeProcess.StartAsync("run", "-c", file);

        await File.WriteAllTextAsync(file, Configuration(echo.Address) + $"\ntcpproxy.frontends.added {{ listen = \"tcp://{added}\", upstream = web }}", Limit);
        node.Send(Signal.HangUp);
        await node.LogsAsync($"SIGHUP: frontend added: added, at {added}", Bound);
        await Exchange.EchoAsync(added, new Content(1, 10_000), Limit);

        await File.WriteAllTextAsync(file, Configuration(echo.Address) + "\ntcpproxy.frontends.web.retrys = 3", Limit);
        node.Send(Signal.HangUp);
        await node.LogsAsync($"SIGHUP: nothing was changed: {file}:", Bound);
        var status = (await NodeStatus.OfAsync(node)).Root.GetProperty("reload");
        Assert.Equal(("rejected", 1), (status.GetProperty("result").GetString(), status.GetProperty("generation").GetInt64()));
        Assert.Contains("retrys", status.GetProperty("errors")[0].GetString(), StringComparison.Ordinal);
        await Exchange.EchoAsync(added, new Content(2, 10_000), Limit);
    }

    [Fact]
    public async Task A_file_that_is_written_is_noticed()
    {
        using var directory = new WorkDirectory();
        await using var echo = TcpPeer.Echo();
        var file = directory.File("node.conf");
        await File.WriteAllTextAsync(file, Configuration(echo.Address), Limit);
        await using var node = await NodeProcess.StartAsync("run", "-c", file);

        await File.WriteAllTextAsync(file, Configuration(echo.Address) + "\ntcpproxy.frontends.web.retries = 3", Limit);

        await node.LogsAsync("has changed: frontend web: retries 15 → 3", Bound);
    }

    [Fact]
    public async Task A_directory_that_is_swapped_behind_a_link_is_noticed_also_by_what_is_included()
    {
        using var directory = new WorkDirectory();
        await using var echo = TcpPeer.Echo();
        foreach (var (version, retries) in new[] { ("..1", 3), ("..2", 4) })
        {
            Directory.CreateDirectory(directory.File(version));
            await File.WriteAllTextAsync(Path.Combine(directory.File(version), "node.conf"), Configuration(echo.Address) + "\ninclude \"more.conf\"", Limit);
            await File.WriteAllTextAsync(Path.Combine(directory.File(version), "more.conf"), $"tcpproxy.frontends.web.retries = {retries}", Limit);
        }

        // As Kubernetes does: the file is a link through a link to a directory, and only that one is replaced.
        File.CreateSymbolicLink(directory.File("..data"), "..1");
        File.CreateSymbolicLink(directory.File("node.conf"), Path.Combine("..data", "node.conf"));
        File.CreateSymbolicLink(directory.File("more.conf"), Path.Combine("..data", "more.conf"));
        await using var node = await NodeProcess.StartAsync("run", "-c", directory.File("node.conf"));

        Directory.Delete(directory.File("..data"));
        File.CreateSymbolicLink(directory.File("..data"), "..2");

        await node.LogsAsync("has changed: frontend web: retries 3 → 4", Bound);
    }

    [Fact]
    public async Task A_difference_is_shown_before_it_is_made()
    {
        using var directory = new WorkDirectory();
        await using var echo = TcpPeer.Echo();
        var (file, other) = (directory.File("node.conf"), directory.File("other.conf"));
        await File.WriteAllTextAsync(file, Configuration(echo.Address), Limit);
        await File.WriteAllTextAsync(other, Configuration(echo.Address) + "\ntcpproxy { frontends.web.timeouts.idle = 7m, node.name = another, log.level = debug }", Limit);
        await using var node = await NodeProcess.StartAsync("run", "-c", file);

        var difference = await CommandResult.OfNodeAsync("config", "diff", "-c", other, "--admin", $"{node.Admin}");
        var none = await CommandResult.OfNodeAsync("config", "diff", "-c", file, "--admin", $"{node.Admin}");
        var wrong = await CommandResult.OfNodeAsync("config", "diff", "-c", file, "--set", "node.drain=soon", "--admin", $"{node.Admin}");

        Assert.Equal(0, difference.ExitCode);
        Assert.Contains("frontend web: timeouts idle 01:00:00 → 00:07:00 [for what is new", difference.Output, StringComparison.Ordinal);
        Assert.Contains("→ another [needs a restart]", difference.Output, StringComparison.Ordinal);
        Assert.Contains("log: level Info → Debug [at once]", difference.Output, StringComparison.Ordinal);
        Assert.Equal("nothing would change\n", none.Output);
        Assert.Equal(78, wrong.ExitCode);
        Assert.Equal("none", (await NodeStatus.OfAsync(node)).Root.GetProperty("reload").GetProperty("result").GetString());
    }

    private static string Configuration(IPEndPoint server) => $$"""
        tcpproxy {
          admin.listen = "127.0.0.1:0"
          upstreams.web.servers = ["{{server}}"]
          frontends.web { listen = "tcp://127.0.0.1:0", upstream = web }
        }
        """;
}

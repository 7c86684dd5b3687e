using System.Text.Json;
using Proxy.EndToEnd.Tests.Harness;

namespace Proxy.EndToEnd.Tests.Commands;

/// <summary><c>tcpproxy config</c>: checks and shows configuration without running it.</summary>
public sealed class ConfigTests : EndToEndTest
{
    private const int ConfigurationError = 78;
    private const string Correct = "tcpproxy { upstreams { web { servers = [\"127.0.0.1:80\"] } }, frontends { web { listen = \"tcp://127.0.0.1:8080\", upstream = web } } }";

    [Fact]
    public async Task A_correct_configuration_is_said_to_be_correct()
    {
        using var work = new WorkDirectory();
        var result = await CommandResult.OfNodeAsync("config", "check", "-c", await FileAsync(work, "a.conf", Correct));

        Assert.Equal((0, "correct: 1 frontend, 1 upstream\n", ""), (result.ExitCode, result.Output, result.Errors));
    }

    [Fact]
    public async Task All_errors_of_all_files_are_told_at_once_and_the_exit_code_is_78()
    {
        using var work = new WorkDirectory();
        var first = await FileAsync(work, "a.conf", Correct);
        var second = await FileAsync(work, "b.conf", "tcpproxy {\n  frontends { web { upstream = wep, timeouts { idel = 3s } } }\n}");

        var result = await CommandResult.OfNodeAsync("config", "check", "-c", first, "-c", second, "--set", "node.drain=soon");

        Assert.Equal(ConfigurationError, result.ExitCode);
        Assert.Empty(result.Output);
        Assert.Contains($"{second}:2:32: tcpproxy.frontends.web.upstream: there is no upstream 'wep' (is 'web' meant?)", result.Errors);
        Assert.Contains($"{second}:2:55: tcpproxy.frontends.web.timeouts.idel: there is no setting 'idel' here (is 'idle' meant?)", result.Errors);
        Assert.Contains("--set node.drain=soon: tcpproxy.node.drain: 'soon' cannot be read", result.Errors);
        Assert.EndsWith("3 errors\n", result.Errors);
    }

    [Fact]
    public async Task Run_refuses_a_wrong_configuration_with_78_and_its_place()
    {
        using var work = new WorkDirectory();
        var file = await FileAsync(work, "a.conf", "tcpproxy { frontends { web { listen = 8080 } } }");

        var result = await CommandResult.OfNodeAsync("run", "-c", file);

        Assert.Equal(ConfigurationError, result.ExitCode);
        Assert.DoesNotContain("ready", result.Output);
        Assert.Contains($"{file}:1:39: tcpproxy.frontends.web.listen: '8080': tcp://HOST:PORT is expected", result.Errors);
    }

    [Fact]
    public async Task Rendering_prints_files_as_JSON_with_everything_resolved()
    {
        using var work = new WorkDirectory();
        await FileAsync(work, "inner.conf", "b = ${a}\"!\"");
        var file = await FileAsync(work, "a.conf", "a = x, include \"inner.conf\"\nlist = [1, ${a}]\nabsent = ${?NO_SUCH_VARIABLE_HERE}");

        var result = await CommandResult.OfNodeAsync("config", "render", file);

        Assert.Equal(0, result.ExitCode);
        Assert.Equal("""{"a":"x","b":"x!","list":[1,"x"]}""", JsonSerializer.Serialize(JsonDocument.Parse(result.Output)));
    }

    [Fact]
    public async Task Rendering_tells_what_cannot_be_resolved_and_ends_with_78()
    {
        using var work = new WorkDirectory();
        var file = await FileAsync(work, "a.conf", "a = ${nowhere}");

        var result = await CommandResult.OfNodeAsync("config", "render", file);

        Assert.Equal(ConfigurationError, result.ExitCode);
        Assert.StartsWith($"{file}:1:5: a: ", result.Errors);
    }

    [Fact]
    public async Task The_default_configuration_is_one_that_can_be_rendered_and_lies_under_everything()
    {
        using var work = new WorkDirectory();
        var printed = await CommandResult.OfNodeAsync("config", "default");
        var defaults = await CommandResult.OfNodeAsync("config", "render", await FileAsync(work, "default.conf", printed.Output));
        var all = await CommandResult.OfNodeAsync("config", "render", "--all", await FileAsync(work, "empty.conf", ""));

        Assert.Equal(0, printed.ExitCode);
        Assert.Equal(defaults.Output, all.Output);
        Assert.Equal("30s", JsonDocument.Parse(all.Output).RootElement.GetProperty("tcpproxy").GetProperty("node").GetProperty("drain").GetString());
    }

    private static async Task<string> FileAsync(WorkDirectory work, string name, string text)
    {
        await File.WriteAllTextAsync(work.File(name), text);
        return work.File(name);
    }
}

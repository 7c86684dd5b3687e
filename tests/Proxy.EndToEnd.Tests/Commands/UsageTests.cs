using System.Text.RegularExpressions;
using Proxy.EndToEnd.Tests.Harness;

namespace Proxy.EndToEnd.Tests.Commands;

/// <summary>What the command line promises before anything runs: words, exit codes, refusals.</summary>
[Collection(OnlyWaits.First)]
public sealed partial class UsageTests : EndToEndTest
{
    private const int UsageError = 2;
    private const int ConfigurationError = 78;

    [Fact]
    public async Task Version_is_printed_and_nothing_else()
    {
        var result = await CommandResult.OfNodeAsync("--version");

        Assert.Equal(0, result.ExitCode);
        Assert.Matches(VersionLine(), result.Output.Trim());
    }

    [Fact]
    public async Task Help_names_every_command()
    {
        var result = await CommandResult.OfNodeAsync("--help");

        Assert.Equal(0, result.ExitCode);
        Assert.All(["relay", "server", "client", "status", "keygen", "demo"], command => Assert.Contains(command, result.Output));
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("relay --nonsense")]
    [InlineData("relay --listen 127.0.0.1:0")]
    [InlineData("relay --listen 127.0.0.1:99999 --to 127.0.0.1:1")]
    [InlineData("server --dialect vproxy")]
    [InlineData("server --dialect nonsense --listen kcp://127.0.0.1:0")]
    [InlineData("server --dialect vproxy --listen nonsense://127.0.0.1:0")]
    [InlineData("client --dialect vproxy --forward 127.0.0.1:0=127.0.0.1:1")]
    [InlineData("client --dialect vproxy --server kcp://127.0.0.1:1 --forward nonsense")]
    [InlineData("server --dialect vproxy --listen tcp://127.0.0.1:0")]
    [InlineData("server --listen tls://127.0.0.1:0")]
    [InlineData("server --listen tcp://127.0.0.1:0 --tls-cert nonsense.pem")]
    [InlineData("client --dialect vproxy --server tcp://127.0.0.1:1 --forward 127.0.0.1:0=-")]
    [InlineData("client --server tcp://127.0.0.1:1,tcp://127.0.0.1:1 --forward 127.0.0.1:0=-")]
    [InlineData("client --server kcp://127.0.0.1:1 --connections 0 --forward 127.0.0.1:0=-")]
    [InlineData("client --server kcp://127.0.0.1:1 --fec nonsense --forward 127.0.0.1:0=-")]
    [InlineData("server --listen kcp://127.0.0.1:0 --fec 65/2")]
    [InlineData("client --server kcp://127.0.0.1:1 --renew-after 0s --forward 127.0.0.1:0=-")]
    [InlineData("client --server kcp://127.0.0.1:1 --tls-ca nonsense.pem --forward 127.0.0.1:0=-")]
    public async Task A_usage_error_is_explained_on_stderr_and_ends_with_2(string commandLine)
    {
        var result = await CommandResult.OfNodeAsync(commandLine.Split(' '));

        Assert.Equal(UsageError, result.ExitCode);
        Assert.NotEmpty(result.Errors);
        Assert.DoesNotContain("   at ", result.Errors);
    }

    [Theory]
    [InlineData("kcp://0.0.0.0:0")]
    [InlineData("kcp://[::]:0")]
    public async Task An_unsealed_server_refuses_to_listen_beyond_loopback_and_says_why(string listen)
    {
        var result = await CommandResult.OfNodeAsync("server", "--dialect", "vproxy", "--listen", listen, "--admin", "127.0.0.1:0");

        Assert.Equal(ConfigurationError, result.ExitCode);
        Assert.Contains("--insecure", result.Errors);
        Assert.DoesNotContain("ready", result.Output);
    }

    [Theory]
    [InlineData("server --listen kcp://127.0.0.1:0 --admin 127.0.0.1:0")]
    [InlineData("client --server kcp://127.0.0.1:1 --forward 127.0.0.1:0=127.0.0.1:1 --admin 127.0.0.1:0")]
    public async Task A_sealed_tunnel_without_a_key_is_refused_and_told_how_to_make_one(string commandLine)
    {
        var result = await CommandResult.OfNodeAsync(commandLine.Split(' '));

        Assert.Equal(ConfigurationError, result.ExitCode);
        Assert.Contains("tcpproxy keygen --out FILE", result.Errors);
        Assert.DoesNotContain("ready", result.Output);
    }

    [Fact]
    public async Task A_sealed_server_may_listen_anywhere()
    {
        await using var server = await NodeProcess.StartAsync("server", "--listen", "kcp://0.0.0.0:0", "--admin", "127.0.0.1:0");

        Assert.Equal(System.Net.IPAddress.Any, server.Kcp.Address);
    }

    [Fact]
    public async Task A_port_that_is_taken_fails_with_1_and_names_the_address()
    {
        await using var first = await TunnelPair.StartServerAsync(port: 0);

        var second = await CommandResult.OfNodeAsync(
            "server", "--dialect", "vproxy", "--listen", $"kcp://{first.Kcp}", "--admin", "127.0.0.1:0");

        Assert.Equal(1, second.ExitCode);
        Assert.Contains(first.Kcp.ToString(), second.Errors);
        Assert.DoesNotContain("ready", second.Output);
    }

    [GeneratedRegex(@"^\d+\.\d+\.\d+$", RegexOptions.NonBacktracking)]
    private static partial Regex VersionLine();
}

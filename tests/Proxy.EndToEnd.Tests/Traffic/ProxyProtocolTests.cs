using System.Net;
using Proxy.EndToEnd.Tests.Harness;

namespace Proxy.EndToEnd.Tests.Traffic;

/// <summary>
/// PROXY headers spoken with real HAProxy and nginx, in both directions and both versions. The last hop answers with the client's address and port as
/// a header told it; they must be those that curl had at the first hop.
/// </summary>
[Collection(OnlyWaits.Second)]
public sealed class ProxyProtocolTests : EndToEndTest
{
    [Theory]
    [InlineData("send-proxy", "v1")]
    [InlineData("send-proxy", "v2")]
    [InlineData("send-proxy-v2", "v1")]
    [InlineData("send-proxy-v2", "v2")]
    public async Task From_haproxy_through_a_relay_to_nginx(string sends, string version)
    {
        using var work = new WorkDirectory();
        var (first, last) = (FreePort.ForTcp(), FreePort.ForTcp());
        await using var nginx = await NginxThatTellsAsync(work, last);
        await using var relay = await StartRelayAsync(work, last, "--proxy-protocol-in", "--proxy-protocol-out", version);
        await using var haproxy = await PeerProcess.HaproxyAsync(work, first, $"""
            listen first
              mode tcp
              bind {first}
              server relay {relay.Tcp} {sends}
            """);

        var (own, told) = await AskAsync(first);

        Assert.Equal(own, told);
        await AssertLoggedAsync(work, $" {own} by 127.0.0.1:");
    }

    [Theory]
    [InlineData("v1")]
    [InlineData("v2")]
    public async Task From_nginx_through_a_relay_to_haproxy(string version)
    {
        using var work = new WorkDirectory();
        var (first, last) = (FreePort.ForTcp(), FreePort.ForTcp());
        await using var haproxy = await PeerProcess.HaproxyAsync(work, last, $"""
            frontend last
              mode http
              bind {last} accept-proxy
              http-request return status 200 content-type text/plain lf-string "%[src]:%[src_port]"
            """);
        await using var relay = await StartRelayAsync(work, last, "--proxy-protocol-in", "--proxy-protocol-out", version);
        await using var nginx = await PeerProcess.NginxAsync(work, first, $$"""
            stream { server { listen {{first}}; proxy_pass {{relay.Tcp}}; proxy_protocol on; } }
            """);

        var (own, told) = await AskAsync(first);

        Assert.Equal(own, told);
        await AssertLoggedAsync(work, $" {own} by 127.0.0.1:");
    }

    [Fact]
    public async Task From_haproxy_through_a_tunnel_to_nginx()
    {
        using var work = new WorkDirectory();
        var (first, last) = (FreePort.ForTcp(), FreePort.ForTcp());
        await using var nginx = await NginxThatTellsAsync(work, last);
        await using var server = await NodeProcess.StartAsync(
            "server", "--dialect", "vproxy", "--listen", "kcp://127.0.0.1:0", "--admin", "127.0.0.1:0", "--allow-destination", $"127.0.0.0/8:{last.Port}",
            "--proxy-protocol-out", "v2", "--access-log", work.File("access.log"));
        await using var client = await NodeProcess.StartAsync(
            "client", "--dialect", "vproxy", "--server", $"kcp://{server.Kcp}", "--admin", "127.0.0.1:0", "--forward", $"127.0.0.1:0={last}",
            "--proxy-protocol-in", "--pass-source");
        await using var haproxy = await PeerProcess.HaproxyAsync(work, first, $"""
            listen first
              mode tcp
              bind {first}
              server relay {client.Tcp} send-proxy-v2
            """);

        var (own, told) = await AskAsync(first);

        Assert.Equal(own, told);
        await AssertLoggedAsync(work, $" {own} by 127.0.0.1:");
    }

    [Fact]
    public async Task Haproxys_health_checks_speak_for_themselves()
    {
        using var work = new WorkDirectory();
        var (first, last) = (FreePort.ForTcp(), FreePort.ForTcp());
        await using var nginx = await NginxThatTellsAsync(work, last);
        await using var relay = await StartRelayAsync(work, last, "--proxy-protocol-in", "--proxy-protocol-out", "v2");
        await using var haproxy = await PeerProcess.HaproxyAsync(work, first, $"""
            listen first
              mode http
              bind {first}
              option httpchk GET /
              server relay {relay.Tcp} send-proxy-v2 check check-send-proxy inter 200ms
            """);

        // With the server down HAProxy would answer 503 itself, so the answer says that its checks pass.
        await Wait.UntilAsync(
            () => Lines(work).Count(line => line.Contains(" end ", StringComparison.Ordinal) && line.Contains(" -- ", StringComparison.Ordinal)) >= 3,
            TimeSpan.FromSeconds(20), () => string.Join('\n', Lines(work)));
        var (own, told) = await AskAsync(first);

        Assert.Equal(own, told);
    }

    [Fact]
    public async Task The_server_is_told_the_name_that_a_tls_client_asked_for()
    {
        using var work = new WorkDirectory();
        using var certificates = new CertificateFiles(work);
        var last = FreePort.ForTcp();
        await using var haproxy = await PeerProcess.HaproxyAsync(work, last, $"""
            frontend last
              mode http
              bind {last} accept-proxy
              http-request return status 200 content-type text/plain lf-string "%[fc_pp_authority] %[src]:%[src_port]"
            """);
        await using var relay = await StartRelayAsync(
            work, last, "--proxy-protocol-out", "v2", "--tls-cert", certificates.Create("site.pem", "shop.example.org"));

        var answer = await CommandResult.OfAsync(
            Executables.RequirePeer("curl"),
            [
                "--silent", "--show-error", "--fail", "--cacert", certificates.Authority, "--connect-to", $"::{relay.Tcp}",
                "--write-out", " %{local_ip}:%{local_port}", "https://shop.example.org/",
            ]);

        Assert.True(answer.ExitCode == 0, answer.Errors);
        var parts = answer.Output.Split(' ');
        Assert.Equal(("shop.example.org", parts[2]), (parts[0], parts[1]));
    }

    [Fact]
    public async Task A_connection_without_the_header_that_is_expected_is_refused_and_logged_as_such()
    {
        using var work = new WorkDirectory();
        var last = FreePort.ForTcp();
        await using var nginx = await NginxThatTellsAsync(work, last);
        await using var relay = await StartRelayAsync(work, last, "--proxy-protocol-in");

        var answer = await CommandResult.OfAsync(Executables.RequirePeer("curl"), ["--silent", $"http://{relay.Tcp}/"]);

        Assert.NotEqual(0, answer.ExitCode);
        await AssertLoggedAsync(work, " PR ");
    }

    private static Task<PeerProcess> NginxThatTellsAsync(WorkDirectory work, IPEndPoint listens) => PeerProcess.NginxAsync(work, listens, $$"""
        http {
            access_log off;
            server {
                listen {{listens}} proxy_protocol;
                location / { default_type text/plain; return 200 "$proxy_protocol_addr:$proxy_protocol_port"; }
            }
        }
        """);

    private static Task<NodeProcess> StartRelayAsync(WorkDirectory work, IPEndPoint to, params string[] more) => NodeProcess.StartAsync(
        ["relay", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--to", $"{to}", "--access-log", work.File("access.log"), .. more]);

    /// <summary>The address and port that curl connected from, and those that the last hop was told.</summary>
    private static async Task<(string Own, string Told)> AskAsync(IPEndPoint first)
    {
        var answer = await CommandResult.OfAsync(
            Executables.RequirePeer("curl"), ["--silent", "--show-error", "--fail", "--write-out", "\n%{local_ip}:%{local_port}", $"http://{first}/"]);
        Assert.True(answer.ExitCode == 0, answer.Errors);
        var lines = answer.Output.Split('\n');
        return (lines[1], lines[0]);
    }

    private static Task AssertLoggedAsync(WorkDirectory work, string text) => Wait.UntilAsync(
        () => Lines(work).Any(line => line.Contains(text, StringComparison.Ordinal)), TimeSpan.FromSeconds(10), () => string.Join('\n', Lines(work)));

    private static string[] Lines(WorkDirectory work) => File.ReadAllLines(work.File("access.log"));
}

using System.Net;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Traffic;

/// <summary>TLS that passes through by server name, and TLS with the servers; openssl and curl at the ends.</summary>
[Collection(OnlyWaits.First)]
public sealed class TlsRoutingTests : EndToEndTest
{
    private const int UsageError = 2;
    private const int ConfigurationError = 78;
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);
    private readonly WorkDirectory _work = new();
    private readonly CertificateFiles _files;

    public TlsRoutingTests()
    {
        _files = new CertificateFiles(_work);
    }

    [Fact]
    public async Task Without_decrypting_each_name_reaches_its_own_server_and_others_none()
    {
        await using var first = await OpensslServer.StartAsync(_files.Create("first.pem", "first.example"));
        await using var second = await OpensslServer.StartAsync(_files.Create("second.pem", "www.second.example"));
        await using var relay = await StartAsync("--sni-route", $"first.example={first.Address}", "--sni-route", $"*.second.example={second.Address}");

        // Each name is verified against the certificate of the server behind: nobody in between could have shown it.
        Assert.Equal(0, (await CurlAsync("https", "first.example", relay.Tcp)).ExitCode);
        Assert.Equal(0, (await CurlAsync("https", "www.second.example", relay.Tcp)).ExitCode);
        Assert.NotEqual(0, (await CurlAsync("https", "third.example", relay.Tcp)).ExitCode);
        await relay.LogsAsync("not allowed (no route for the server name third.example), fault: client", Bound);
    }

    [Fact]
    public async Task Who_fits_no_route_goes_to_the_default_and_who_speaks_no_TLS_nowhere()
    {
        await using var first = await OpensslServer.StartAsync(_files.Create("first.pem", "first.example"));
        await using var other = await OpensslServer.StartAsync(_files.Create("other.pem", "other.example"));
        await using var relay = await StartAsync("--sni-route", $"first.example={first.Address}", "--to", other.Address.ToString());

        Assert.Equal(0, (await CurlAsync("https", "first.example", relay.Tcp)).ExitCode);
        Assert.Equal(0, (await CurlAsync("https", "other.example", relay.Tcp)).ExitCode);
        Assert.NotEqual(0, (await CurlAsync("http", "first.example", relay.Tcp)).ExitCode);
        await relay.LogsAsync("bad header (TLS ClientHello: NotTls), fault: client", Bound);
    }

    [Fact]
    public async Task TLS_that_ends_here_is_routed_by_name_too()
    {
        await using var first = TcpPeer.Sending(new Content(Seed: 1, 1000));
        await using var second = TcpPeer.Sending(new Content(Seed: 2, 2000));
        await using var relay = await StartAsync(
            "--tls-cert", _files.Create("both.pem", "first.example", "second.example"),
            "--sni-route", $"first.example={first.Address}", "--sni-route", $"second.example={second.Address}");

        await OpensslClient.HandshakeAsync(relay.Tcp, "-servername", "second.example");
        await Wait.UntilAsync(() => second.Accepted == 1, Bound, () => "the second server has nobody");

        Assert.Equal(0, first.Accepted);
    }

    [Fact]
    public async Task A_server_is_verified_by_its_address_or_by_the_name_that_is_given()
    {
        await using var server = await OpensslServer.StartAsync(_files.Create("server.pem", "127.0.0.1", "web.example"));
        string[] common = ["--to", server.Address.ToString(), "--to-tls", "--to-tls-ca", _files.Authority];
        await using var byAddress = await StartAsync(common);
        await using var byName = await StartAsync([.. common, "--to-tls-name", "web.example", "--check", "tcp", "--check-interval", "100ms"]);

        Assert.Equal(0, (await CurlAsync("http", "any.example", byAddress.Tcp)).ExitCode);
        Assert.Equal(0, (await CurlAsync("http", "any.example", byName.Tcp)).ExitCode);
    }

    [Fact]
    public async Task A_server_of_another_name_is_refused_and_its_checks_fail_unless_nobody_wants_to_know()
    {
        await using var server = await OpensslServer.StartAsync(_files.Create("server.pem", "wrong.example"));
        string[] common = ["--to", server.Address.ToString(), "--to-tls", "--to-tls-name", "right.example"];
        string[] strict = [.. common, "--to-tls-ca", _files.Authority];
        await using var verifying = await StartAsync(strict);
        await using var checking = await StartAsync([.. strict, "--check", "tcp", "--check-interval", "100ms"]);
        await using var trusting = await StartAsync([.. common, "--to-tls-insecure"]);

        Assert.NotEqual(0, (await CurlAsync("http", "any.example", verifying.Tcp)).ExitCode);
        await verifying.LogsAsync("TLS with upstream failed (TLS: the server's certificate: it is not for right.example but for CN=wrong.example", Bound);
        await verifying.LogsAsync("fault: upstream", Bound);
        await checking.LogsAsync("is down: TLS: the server's certificate: it is not for right.example", Bound);
        Assert.Equal(0, (await CurlAsync("http", "any.example", trusting.Tcp)).ExitCode);
        var tls = (await NodeStatus.OfAsync(verifying)).Root.GetProperty("tls")[0];
        Assert.Equal(1, tls.GetProperty("upstream_failed").GetInt32());
    }

    [Fact]
    public async Task A_server_of_an_unknown_authority_is_refused()
    {
        using var strangers = new CertificateFiles(_work, "strangers");
        await using var server = await OpensslServer.StartAsync(strangers.Create("server.pem", "127.0.0.1"));
        await using var relay = await StartAsync("--to", server.Address.ToString(), "--to-tls", "--to-tls-ca", _files.Authority);

        Assert.NotEqual(0, (await CurlAsync("http", "any.example", relay.Tcp)).ExitCode);
        await relay.LogsAsync("TLS with upstream failed", Bound);
    }

    [Fact]
    public async Task A_server_that_asks_who_we_are_is_told()
    {
        await using var server = await OpensslServer.StartAsync(
            _files.Create("server.pem", "127.0.0.1"), "-Verify", "1", "-verify_return_error", "-CAfile", _files.Authority);
        string[] common = ["--to", server.Address.ToString(), "--to-tls", "--to-tls-ca", _files.Authority];
        await using var named = await StartAsync([.. common, "--to-tls-cert", _files.Create("relay.pem", "relay")]);
        await using var nameless = await StartAsync(common);

        Assert.Equal(0, (await CurlAsync("http", "any.example", named.Tcp)).ExitCode);
        Assert.NotEqual(0, (await CurlAsync("http", "any.example", nameless.Tcp)).ExitCode);
    }

    [Fact]
    public async Task Files_that_are_wrong_are_errors_of_the_configuration()
    {
        var (good, other) = (_files.Create("good.pem", "a.example"), _files.Create("other.pem", "b.example"));
        var empty = _work.File("empty.pem");
        await File.WriteAllTextAsync(empty, "", Limit);

        await IsWrongAsync(ConfigurationError, "nowhere.pem: cannot be read", "--tls-cert", _work.File("nowhere.pem"));
        await IsWrongAsync(ConfigurationError, "empty.pem: there is no key in it", "--tls-cert", empty);
        await IsWrongAsync(ConfigurationError, "other.pem: the key does not go with the certificate", "--tls-cert", $"{good},key={other}");
        await IsWrongAsync(ConfigurationError, "empty.pem: there is no certificate in it", "--tls-cert", good, "--tls-client-ca", empty);
        await IsWrongAsync(ConfigurationError, "empty.pem: there is no certificate in it", "--to-tls", "--to-tls-ca", empty);
        await IsWrongAsync(UsageError, "--tls-alpn goes with --tls-cert", "--tls-alpn", "h2");
        await IsWrongAsync(UsageError, "--to-tls-insecure goes with --to-tls", "--to-tls-insecure");
        await IsWrongAsync(UsageError, "--sni-route 'a b=127.0.0.1:1'", "--sni-route", "a b=127.0.0.1:1");
    }

    protected override void Dispose(bool disposing)
    {
        _files.Dispose();
        _work.Dispose();
        base.Dispose(disposing);
    }

    private static async Task IsWrongAsync(int code, string text, params string[] options)
    {
        var result = await CommandResult.OfNodeAsync(["relay", "--listen", "127.0.0.1:0", "--to", "127.0.0.1:1", .. options]);

        Assert.Equal(code, result.ExitCode);
        Assert.Contains(text, result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Errors, StringComparison.Ordinal);
    }

    private static Task<NodeProcess> StartAsync(params string[] options) => NodeProcess.StartAsync(
        ["relay", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", .. options]);

    private Task<CommandResult> CurlAsync(string scheme, string name, IPEndPoint at) => CommandResult.OfAsync(
        Executables.RequirePeer("curl"),
        ["--silent", "--show-error", "--fail", "--cacert", _files.Authority, "--resolve", $"{name}:{at.Port}:127.0.0.1", $"{scheme}://{name}:{at.Port}/"]);
}

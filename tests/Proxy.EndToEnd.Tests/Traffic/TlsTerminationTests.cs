using System.Net;
using System.Security.Cryptography;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Traffic;

/// <summary>TLS that ends at the relay, spoken by openssl and curl.</summary>
[Collection(OnlyWaits.Second)]
public sealed class TlsTerminationTests : EndToEndTest
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);
    private readonly WorkDirectory _work = new();
    private readonly CertificateFiles _files;

    public TlsTerminationTests()
    {
        _files = new CertificateFiles(_work);
    }

    [Theory]
    [InlineData("a.example", "a.example")]
    [InlineData("b.example", "b.example")]
    [InlineData("www.wild.example", "*.wild.example")]
    [InlineData("nobody.example", "a.example")]
    public async Task The_certificate_follows_the_name_that_is_asked_for(string name, string subject)
    {
        await using var echo = TcpPeer.Echo();
        await using var relay = await StartAsync(
            echo.Address, "--tls-cert", _files.Create("a.pem", "a.example"), "--tls-cert", _files.Create("b.pem", "b.example", "*.wild.example"));

        var text = await OpensslClient.HandshakeAsync(relay.Tcp, "-servername", name, "-CAfile", _files.Authority);

        Assert.Contains(subject == "*.wild.example" ? "subject=CN = b.example" : $"subject=CN = {subject}", text, StringComparison.Ordinal);
        Assert.Contains("Verification: OK", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("h2,http/1.1", "ALPN protocol: h2")]
    [InlineData("http/1.1", "ALPN protocol: http/1.1")]
    public async Task The_application_protocol_is_agreed_on(string offered, string agreed)
    {
        await using var echo = TcpPeer.Echo();
        await using var relay = await StartAsync(echo.Address, "--tls-cert", _files.Create("a.pem", "a.example"), "--tls-alpn", "h2,http/1.1");

        Assert.Contains(agreed, await OpensslClient.HandshakeAsync(relay.Tcp, "-alpn", offered), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-tls1_2", "TLSv1.2")]
    [InlineData("-tls1_3", "TLSv1.3")]
    public async Task A_conversation_goes_both_ways_and_over_a_change_of_keys(string option, string version)
    {
        await using var echo = TcpPeer.Echo();
        await using var relay = await StartAsync(echo.Address, "--tls-cert", _files.Create("a.pem", "a.example"));
        await using var client = OpensslClient.Start(relay.Tcp, option, "-servername", "a.example");

        await client.SayAsync("good morning");
        await client.HearsAsync("good morning");
        if (version == "TLSv1.3")
        {
            // The letter alone makes s_client renew its keys, and ask the other end to renew its own.
            await client.SayAsync("K");
            await client.HearsAsync("KEYUPDATE");
        }

        await client.SayAsync("good evening");
        await client.HearsAsync("good evening");
        Assert.Contains(version, client.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_curl_downloads_from_nginx_is_the_same_behind_TLS()
    {
        var content = new Content(Seed: 31, 8 << 20);
        await using var nginx = await NginxServer.StartAsync(_work);
        await content.WriteToAsync(Path.Combine(nginx.Files, "file"));
        await using var relay = await StartAsync(nginx.Address, "--tls-cert", _files.Create("a.pem", "a.example"));
        var received = _work.File("received");

        var result = await CurlAsync("a.example", relay.Tcp, "/file", "--output", received);

        Assert.True(result.ExitCode == 0, result.Errors);
        await using var stream = File.OpenRead(received);
        Assert.Equal(content.Sha256(), await SHA256.HashDataAsync(stream, Limit));
    }

    [Fact]
    public async Task A_client_is_asked_who_it_is_and_refused_when_it_does_not_say()
    {
        await using var nginx = await NginxServer.StartAsync(_work);
        await File.WriteAllTextAsync(Path.Combine(nginx.Files, "file"), "hello", Limit);
        using var strangers = new CertificateFiles(_work, "strangers");
        await using var relay = await StartAsync(
            nginx.Address, "--tls-cert", _files.Create("a.pem", "a.example"), "--tls-client-ca", _files.Authority, "--log-level", "debug");
        var (alice, mallory) = (_files.Create("alice.pem", "alice"), strangers.Create("mallory.pem", "mallory"));

        var known = await CurlAsync("a.example", relay.Tcp, "/file", "--cert", alice);
        var nobody = await CurlAsync("a.example", relay.Tcp, "/file");
        var stranger = await CurlAsync("a.example", relay.Tcp, "/file", "--cert", mallory);

        Assert.Equal((0, "hello"), (known.ExitCode, known.Output));
        Assert.NotEqual(0, nobody.ExitCode);
        Assert.NotEqual(0, stranger.ExitCode);
        await relay.LogsAsync("TLS with client failed (TLS: the client's certificate: none was given), fault: client", Bound);
        await relay.LogsAsync("the client's certificate: CN=mallory", Bound);
        await relay.LogsAsync("peer=CN=alice", Bound);
        var tls = (await NodeStatus.OfAsync(relay)).Root.GetProperty("tls")[0];
        Assert.Equal((1, 2), (tls.GetProperty("client_done").GetInt32(), tls.GetProperty("client_failed").GetInt32()));
    }

    [Fact]
    public async Task Where_it_is_optional_a_client_may_stay_unknown()
    {
        await using var nginx = await NginxServer.StartAsync(_work);
        await File.WriteAllTextAsync(Path.Combine(nginx.Files, "file"), "hello", Limit);
        await using var relay = await StartAsync(
            nginx.Address, "--tls-cert", _files.Create("a.pem", "a.example"), "--tls-client-ca", _files.Authority, "--tls-client-auth", "optional");

        var nobody = await CurlAsync("a.example", relay.Tcp, "/file");

        Assert.Equal((0, "hello"), (nobody.ExitCode, nobody.Output));
    }

    [Fact]
    public async Task A_renewed_file_is_taken_up_and_a_broken_one_is_not()
    {
        await using var echo = TcpPeer.Echo();
        var file = _files.Create("a.pem", "first.example");
        await using var relay = await StartAsync(echo.Address, "--tls-cert", file, "--tls-reload", "100ms");
        Assert.Contains("CN = first.example", await OpensslClient.HandshakeAsync(relay.Tcp), StringComparison.Ordinal);

        await File.WriteAllTextAsync(file, "not a certificate", Limit);
        await relay.LogsAsync("the certificates stay as they are", Bound);
        Assert.Contains("CN = first.example", await OpensslClient.HandshakeAsync(relay.Tcp), StringComparison.Ordinal);

        _files.Create("a.pem", "second.example");
        await relay.LogsAsync("new certificate in force", Bound);
        Assert.Contains("CN = second.example", await OpensslClient.HandshakeAsync(relay.Tcp), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_speaks_no_TLS_is_refused_and_logged()
    {
        await using var echo = TcpPeer.Echo();
        await using var relay = await StartAsync(echo.Address, "--tls-cert", _files.Create("a.pem", "a.example"));

        var result = await CommandResult.OfAsync(Executables.RequirePeer("curl"), ["--silent", $"http://{relay.Tcp}/"]);

        Assert.NotEqual(0, result.ExitCode);
        await relay.LogsAsync("TLS with client failed", Bound);
        Assert.Equal(0, echo.Accepted);
    }

    protected override void Dispose(bool disposing)
    {
        _files.Dispose();
        _work.Dispose();
        base.Dispose(disposing);
    }

    private static Task<NodeProcess> StartAsync(IPEndPoint target, params string[] options) => NodeProcess.StartAsync(
        ["relay", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--to", target.ToString(), .. options]);

    private Task<CommandResult> CurlAsync(string name, IPEndPoint at, string path, params string[] options) => CommandResult.OfAsync(
        Executables.RequirePeer("curl"),
        ["--silent", "--show-error", "--fail", "--cacert", _files.Authority, "--resolve", $"{name}:{at.Port}:127.0.0.1", $"https://{name}:{at.Port}{path}", .. options]);
}

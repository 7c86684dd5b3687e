using Proxy.TestKit;

namespace Proxy.Node.Tests.Settings;

/// <summary>TLS in settings: what files are named, and what is wrong with them.</summary>
public sealed class CertificateTests : IDisposable
{
    private readonly SettingsText _texts = new();
    private readonly TestCertificates _authority = new();

    public CertificateTests()
    {
        using var certificate = _authority.Create("web.example");
        _texts.File("web.pem", TestCertificates.Pem(certificate));
        _texts.File("ca.pem", _authority.AuthorityPem);
    }

    public void Dispose()
    {
        _texts.Dispose();
        _authority.Dispose();
    }

    [Fact]
    public void A_frontend_ends_TLS_with_its_certificates_and_an_upstream_begins_it()
    {
        var result = _texts.Read("""
            tcpproxy {
              upstreams.web { servers = "127.0.0.1:443", tls { enabled = on, ca = "ca.pem", certificate = "web.pem", alpn = [h2] } }
              frontends.web {
                listen = "tcp://127.0.0.1:0", upstream = web
                tls { certificates = ["web.pem", { file = "web.pem", key = "web.pem" }], alpn = [h2, "http/1.1"], client-ca = "ca.pem", client-auth = optional, reload = 0 }
              }
            }
            """);

        Assert.True(result.Settings is not null, result.Describe());
        var tls = result.Settings.Node.Frontends[0].Tls!.Settings;
        Assert.Equal([null, "web.pem"], tls.Certificates.Select(file => Path.GetFileName(file.KeyPath)));
        Assert.Equal(["h2", "http/1.1"], tls.ApplicationProtocols);
        Assert.Equal(("ca.pem", false, TimeSpan.Zero), (Path.GetFileName(tls.ClientAuthoritiesPath), tls.IsClientCertificateRequired, tls.ReloadInterval));
        var upstream = result.Settings.Node.Upstreams[0].Tls!.Client;
        Assert.Single(upstream.Authorities!);
        Assert.NotNull(upstream.Certificate);
        Assert.Equal(["ca.pem", "test.conf", "web.pem"], result.Files.Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_server_of_tls_needs_a_certificate_and_has_it()
    {
        _texts.Key("own.key", 1);
        const string Text = "tcpproxy { key.file = \"own.key\", servers.s { listen = \"tls://127.0.0.1:0\" } }";

        Assert.Contains("tls:// needs a certificate", Assert.Single(_texts.Errors(Text)));
        Assert.NotNull(Assert.Single(_texts.Load(Text, $"servers.s.tls.certificates={_texts.File("s.pem", File.ReadAllText(_texts.Path("web.pem")))}").Node.Servers).Tls);
    }

    [Theory]
    [InlineData("certificates = \"nowhere.pem\"", "nowhere.pem: cannot be read")]
    [InlineData("certificates = \"ca.pem\"", "ca.pem: ")]
    [InlineData("certificates = [{ key = \"web.pem\" }]", "a certificate without its file")]
    [InlineData("certificates = \"web.pem\", client-ca = \"nowhere.pem\"", "nowhere.pem: cannot be read")]
    [InlineData("certificates = \"web.pem\", alpn = [\"\"]", "names of protocols are expected")]
    public void A_file_that_is_not_what_it_should_be_is_told(string tls, string expected)
    {
        var error = Assert.Single(_texts.Errors(
            $"tcpproxy {{ upstreams.w.servers = \"127.0.0.1:1\", frontends.a {{ listen = \"tcp://127.0.0.1:0\", upstream = w, tls {{ {tls} }} }} }}"));

        Assert.Contains(expected, error);
        Assert.StartsWith("test.conf:1:", error);
    }

    [Theory]
    [InlineData("ca = \"ca.pem\"", "TLS is off, so nothing in here has an effect (set enabled = on)")]
    [InlineData("enabled = on, ca = \"ca.pem\", insecure = on", "tls.insecure verifies nothing, and tls.ca says how to")]
    [InlineData("enabled = on, key = \"web.pem\"", "tls.key is the key of no certificate")]
    [InlineData("enabled = on, ca = \"nowhere.pem\"", "nowhere.pem: cannot be read")]
    public void TLS_with_servers_that_makes_no_sense_is_told(string tls, string expected)
    {
        var error = Assert.Single(_texts.Errors(
            $"tcpproxy {{ upstreams.w {{ servers = \"127.0.0.1:1\", tls {{ {tls} }} }}, frontends.a {{ listen = \"tcp://127.0.0.1:0\", upstream = w }} }}"));

        Assert.Contains(expected, error);
    }
}

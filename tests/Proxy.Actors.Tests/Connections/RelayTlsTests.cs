using Proxy.Kernel;
using Proxy.Policy.Rules;
using Proxy.TestKit;
using Proxy.Transport;
using Proxy.Transport.Tls;

namespace Proxy.Actors.Tests;

/// <summary>Connections of a relay that looks at TLS, or ends it.</summary>
public sealed class RelayTlsTests : IDisposable
{
    private readonly TestCertificates _authority = new();
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("tcpproxy-tls-");
    private RelayRig _rig = null!;

    public void Dispose()
    {
        _authority.Dispose();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public void A_hello_that_comes_a_byte_at_a_time_is_passed_on_whole_to_the_server_of_its_name()
    {
        var rig = Routing();
        var (first, second) = (rig.StartTarget(0), rig.StartTarget(1));
        var hello = Hello("b.example");
        var application = rig.Connect();
        for (var index = 0; index < hello.Length; index++)
        {
            application.Send([hello[index]]);
        }

        rig.Until(() => second.Sockets is [var socket] && socket.Received.Count == hello.Length);

        Assert.Equal(hello, second.Sockets[0].Received);
        Assert.Empty(first.Sockets);
        application.Reset();
        rig.EndWell();
    }

    [Fact]
    public void A_hello_that_stops_half_way_has_a_deadline()
    {
        var rig = Routing();
        var application = rig.Connect();
        application.Send(Hello("b.example")[..20]);

        rig.Until(() => application.WasReset, 6);

        Assert.True(rig.Node.HasLine("header timeout (the TLS ClientHello did not come in time), fault: client"), rig.Node.LastLines());
        rig.EndWell();
    }

    [Fact]
    public void A_client_that_ends_within_its_hello_is_refused()
    {
        var rig = Routing();
        var application = rig.Connect();
        application.Send(Hello("b.example")[..20]);
        application.Finish();

        rig.Until(() => application.WasReset, 1);

        Assert.True(rig.Node.HasLine("bad header (the client closed before its TLS ClientHello was complete)"), rig.Node.LastLines());
        rig.EndWell();
    }

    [Theory]
    [InlineData("c.example", "not allowed (no route for the server name c.example)")]
    [InlineData(null, "not allowed (no route for a client that names no server)")]
    public void A_name_without_a_route_is_refused(string? name, string line)
    {
        var rig = Routing();
        var application = rig.Connect();
        application.Send(Hello(name));

        rig.Until(() => application.WasReset, 1);

        Assert.True(rig.Node.HasLine(line), rig.Node.LastLines());
        rig.EndWell();
    }

    [Fact]
    public void What_TLS_brings_goes_to_the_server_in_the_clear_and_back()
    {
        var rig = Ending();
        var target = rig.StartTarget(0);
        var application = TlsApplication.Connect(rig, Client());
        application.Send("question");
        application.Finish();
        rig.Until(() => target.Sockets is [{ Text: "question", HasSeenEnd: true }]);
        target.Sockets[0].Send("answer");
        target.Sockets[0].Finish();

        rig.Until(() => application is { Text: "answer", HasSeenEnd: true });

        application.Close();
        target.Sockets[0].Close();
        rig.Until(() => rig.Node.HasLine("completed, 8 B up, 6 B down", "TLS: TLS 1.3", "sni=a.example"));
        rig.EndWell();
    }

    [Fact]
    public void A_PROXY_header_comes_before_TLS()
    {
        CidrSetBuilder trusted = new();
        trusted.Add("10.0.0.0/8", "test", line: 1);
        var rig = Ending(settings => settings with { ProxyProtocol = new ProxyProtocolSettings { TrustedSenders = trusted.Build(), Out = ProxyHeaderVersion.V1 } });
        var target = rig.StartTarget(0);
        const string header = "PROXY TCP4 192.0.2.7 198.51.100.1 50000 443\r\n";
        var application = TlsApplication.Connect(rig, Client(), header);
        application.Send("hello");

        rig.Until(() => target.Sockets is [{ Text: header + "hello" }]);

        application.Close();
        rig.Until(() => target.Sockets[0].HasSeenEnd);
        target.Sockets[0].Close();
        rig.EndWell();
    }

    [Fact]
    public void A_client_that_says_nothing_is_reset_at_the_deadline_of_the_handshake()
    {
        var rig = Ending();
        var application = rig.Connect();

        rig.Until(() => application.WasReset, 11);

        Assert.True(rig.Node.HasLine("header timeout (no TLS handshake within 10 s), fault: client"), rig.Node.LastLines());
        Assert.Equal(new TlsStatus("web", 0, 1, 0, 0), Assert.Single(rig.Node.Status().Tls));
        rig.EndWell();
    }

    [Fact]
    public void A_server_that_speaks_no_TLS_is_passed_over_for_one_that_was_asked_in_vain_too()
    {
        var rig = Make(settings => settings with
        {
            Targets = [RelayRig.To("10.0.0.4:80"), RelayRig.To("10.0.0.5:80")],
            UpstreamTls = new UpstreamTlsSettings { Client = new TlsClientSettings { Authorities = _authority.Authorities }, Handshake = Settings },
        });
        var (first, second) = (rig.StartTarget(0), rig.StartTarget(1));
        var application = rig.Connect();
        rig.Until(() => first.Sockets.Count == 1 && first.Sockets[0].Received.Count > 0);
        first.Sockets[0].Send("HTTP/1.1 400 Bad Request\r\n\r\n");

        // The second one says nothing at all.
        rig.Until(() => second.Sockets.Count == 1);
        rig.Until(() => application.WasReset, 6);

        Assert.Equal(2, Assert.Single(rig.Node.Status().Tls).UpstreamFailed);
        Assert.True(rig.Node.HasLine("fault: upstream"), rig.Node.LastLines());
        first.Sockets[0].Close();
        rig.EndWell();
    }

    private TlsSettings Settings => TlsSettings.Default with { Offload = work => _rig.Node.Loops[0].Post(work) };

    private RelayRig Make(Func<RelayPlan, RelayPlan> configure) => _rig = new RelayRig(configure);

    private RelayRig Routing() => Make(settings => settings with
    {
        Targets = [],
        Routes = [("a.example", [RelayRig.To("10.0.0.4:80")]), ("b.example", [RelayRig.To("10.0.0.5:80")])],
    });

    private RelayRig Ending(Func<RelayPlan, RelayPlan>? configure = null)
    {
        var file = Path.Combine(_directory.FullName, "a.pem");
        File.WriteAllText(file, TestCertificates.Pem(_authority.Create("a.example")));
        var termination = TlsTermination.Read(new TlsTerminationSettings
        {
            Certificates = [new CertificateFile(file, null)],
            ReloadInterval = TimeSpan.Zero,
            Handshake = Settings,
        });
        return Make(settings =>
        {
            settings = settings with { Targets = [RelayRig.To("10.0.0.4:80")], Tls = termination };
            return configure?.Invoke(settings) ?? settings;
        });
    }

    private TlsClient Client() => new("a.example", new TlsClientSettings { Authorities = _authority.Authorities });

    /// <summary>A hand-made ClientHello that names one server, or none.</summary>
    private static byte[] Hello(string? name)
    {
        byte[] bytes = name is null ? [] : [.. name.Select(letter => (byte)letter)];
        byte[] extensions = name is null
            ? []
            : [0, 0, 0, (byte)(bytes.Length + 5), 0, (byte)(bytes.Length + 3), 0, 0, (byte)bytes.Length, .. bytes];
        byte[] body = [3, 3, .. new byte[32], 0, 0, 2, 0x13, 1, 1, 0, 0, (byte)extensions.Length, .. extensions];
        return [22, 3, 1, 0, (byte)(body.Length + 4), 1, 0, 0, (byte)body.Length, .. body];
    }
}

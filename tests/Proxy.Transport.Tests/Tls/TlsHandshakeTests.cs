using Proxy.TestKit;
using Proxy.Transport.Tls;

namespace Proxy.Transport.Tests.Tls;

public sealed class TlsHandshakeTests : IDisposable
{
    private readonly TlsPair _pair = new();

    public void Dispose() => _pair.Dispose();

    [Fact]
    public void Both_ends_learn_what_was_agreed_on()
    {
        var context = _pair.ContextOf("example.org");
        var server = new TlsServer(_ => context, new TlsServerSettings { ApplicationProtocols = ["h2", "http/1.1"] });
        _pair.Connect(_pair.ClientTo("example.org", null, "http/1.1", "h2"), server);
        _pair.UntilReady();

        var (client, served) = (((TlsChannel)_pair.Client).Session!, ((TlsChannel)_pair.Server).Session!);
        Assert.Equal(("TLS 1.3", "h2", "example.org", "CN=example.org"), (client.Version, client.ApplicationProtocol, client.ServerName, client.PeerName));
        Assert.Equal(("TLS 1.3", "h2", "example.org", null), (served.Version, served.ApplicationProtocol, served.ServerName, served.PeerName));
        Assert.Equal("connected", _pair.ClientEvents.Calls);
        Assert.Equal("connected", _pair.ServerEvents.Calls);
    }

    [Fact]
    public void The_certificate_follows_the_name_that_the_client_asks_for()
    {
        var (first, second) = (_pair.ContextOf("a.org"), _pair.ContextOf("b.org"));
        _pair.Connect(_pair.ClientTo("b.org"), new TlsServer(name => name == "b.org" ? second : first, new TlsServerSettings()));
        _pair.UntilReady();

        Assert.Equal("CN=b.org", ((TlsChannel)_pair.Client).Session!.PeerName);
    }

    [Fact]
    public void An_international_name_is_looked_for_as_it_is_sent()
    {
        string? asked = null;
        var context = _pair.ContextOf("xn--bcher-kva.example");
        _pair.Connect(_pair.ClientTo("xn--bcher-kva.example"), new TlsServer(
            name =>
            {
                asked = name;
                return context;
            },
            new TlsServerSettings()));
        _pair.UntilReady();

        Assert.Equal("xn--bcher-kva.example", asked);
    }

    [Fact]
    public void Work_of_the_handshake_is_done_off_the_loop()
    {
        var onLoop = 0;
        var works = 0;
        _pair.ServerSettings = TlsSettings.Default with
        {
            Offload = work => ThreadPool.UnsafeQueueUserWorkItem(
                _ =>
                {
                    onLoop += _pair.ServerLoop.IsCurrent ? 1 : 0;
                    Interlocked.Increment(ref works);
                    work.Execute();
                },
                null),
        };
        var context = _pair.ContextOf("example.org");
        _pair.Connect(_pair.ClientTo("example.org"), new TlsServer(
            _ =>
            {
                onLoop += _pair.ServerLoop.IsCurrent ? 1 : 0;
                return context;
            },
            new TlsServerSettings()));
        _pair.UntilReady();

        Assert.Equal(0, onLoop);
        Assert.True(works > 0, "The handshake was not handed to workers.");
    }

    [Fact]
    public void A_certificate_for_another_name_is_refused_by_name()
    {
        _pair.Connect(_pair.ClientTo("right.org"), _pair.ServerFor("wrong.org"));

        // The server has done its part when the client looks at the certificate, and reads of the refusal like any other bytes.
        _pair.OnServer(channel => channel.ResumeReceive());
        _pair.Until(() => _pair.ClientEvents.Fault is not null && _pair.ServerEvents.Fault is not null, "both are told");

        Assert.Equal(TransportFaultKind.Tls, _pair.ClientEvents.Fault!.Value.Kind);
        Assert.Contains("not for right.org but for CN=wrong.org", _pair.ClientEvents.Fault.Value.Text, StringComparison.Ordinal);
        _pair.UntilNothingIsOpen();
    }

    [Fact]
    public void A_certificate_of_an_unknown_authority_is_refused()
    {
        using var other = new TestCertificates("Somebody Else");
        var client = new TlsClient("example.org", new TlsClientSettings { Authorities = other.Authorities });
        _pair.Connect(client, _pair.ServerFor("example.org"));
        _pair.Until(() => _pair.ClientEvents.Fault is not null, "the client is told");

        Assert.Contains("CN=example.org", _pair.ClientEvents.Fault!.Value.Text, StringComparison.Ordinal);
        Assert.Equal("failed:Tls", _pair.ClientEvents.Calls);
    }

    [Fact]
    public void Who_asks_for_it_gets_an_unverified_server()
    {
        _pair.Connect(new TlsClient("right.org", new TlsClientSettings { IsUnverified = true }), _pair.ServerFor("wrong.org"));
        _pair.UntilReady();

        Assert.Null(((TlsChannel)_pair.Client).Session!.PeerName);
    }

    [Fact]
    public void A_client_with_a_certificate_is_known_by_its_subject()
    {
        _pair.Connect(_pair.ClientTo("example.org", _pair.Authority.Create("alice")), Demanding(isRequired: true));
        _pair.UntilReady();

        Assert.Equal("CN=alice", ((TlsChannel)_pair.Server).Session!.PeerName);
    }

    [Fact]
    public void A_client_without_a_certificate_is_refused_where_one_is_required()
    {
        _pair.Connect(_pair.ClientTo("example.org"), Demanding(isRequired: true));
        _pair.Until(() => _pair.ServerEvents.Fault is not null, "the server is told");

        Assert.Equal("TLS: the client's certificate: none was given", _pair.ServerEvents.Fault!.Value.Text);
    }

    [Fact]
    public void A_client_without_a_certificate_is_served_where_one_is_optional()
    {
        _pair.Connect(_pair.ClientTo("example.org"), Demanding(isRequired: false));
        _pair.UntilReady();

        Assert.Null(((TlsChannel)_pair.Server).Session!.PeerName);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_client_with_a_strangers_certificate_is_refused_always(bool isRequired)
    {
        using var other = new TestCertificates("Somebody Else");
        _pair.Connect(_pair.ClientTo("example.org", other.Create("mallory")), Demanding(isRequired));
        _pair.Until(() => _pair.ServerEvents.Fault is not null, "the server is told");

        Assert.Contains("the client's certificate: CN=mallory", _pair.ServerEvents.Fault!.Value.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_client_that_offers_other_protocols_is_refused()
    {
        var context = _pair.ContextOf("example.org");
        _pair.Connect(_pair.ClientTo("example.org", null, "smtp"), new TlsServer(_ => context, new TlsServerSettings { ApplicationProtocols = ["h2"] }));
        _pair.Until(() => _pair.ServerEvents.Fault is not null && _pair.ClientEvents.Fault is not null, "both are told");

        Assert.Equal("failed:Tls", _pair.ServerEvents.Calls);
    }

    [Fact]
    public void A_client_that_says_nothing_has_a_deadline()
    {
        _pair.ServerSettings = TlsSettings.Default with { HandshakeTimeout = TimeSpan.FromMilliseconds(20) };
        _pair.Connect(client: null, _pair.ServerFor("example.org"));
        _pair.OnClient(channel => channel.ResumeReceive());
        _pair.Until(() => _pair.ServerEvents.Fault is not null && _pair.ClientEvents.Fault is not null, "both are told");

        Assert.Equal("no TLS handshake within 0.02 s", _pair.ServerEvents.Fault!.Value.Text);
        Assert.Equal("failed:TimedOut", _pair.ServerEvents.Calls);
        Assert.Equal(TransportFaultKind.Reset, _pair.ClientEvents.Fault!.Value.Kind);
        _pair.UntilNothingIsOpen();
    }

    [Fact]
    public void Who_speaks_something_else_is_refused_at_once()
    {
        _pair.Connect(client: null, _pair.ServerFor("example.org"));
        _pair.OnClient(channel => channel.Send("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"u8));
        _pair.Until(() => _pair.ServerEvents.Fault is not null, "the server is told");

        Assert.Equal("failed:Tls", _pair.ServerEvents.Calls);
        _pair.OnClient(channel => channel.Close());
        _pair.UntilNothingIsOpen();
    }

    [Fact]
    public void A_handshake_has_a_limit_of_bytes()
    {
        _pair.ServerSettings = TlsSettings.Default with { HandshakeBytes = 100 };
        _pair.Connect(_pair.ClientTo("example.org"), _pair.ServerFor("example.org"));
        _pair.Until(() => _pair.ServerEvents.Fault is not null, "the server is told");

        Assert.Equal("TLS: the handshake is longer than 100 bytes", _pair.ServerEvents.Fault!.Value.Text);
    }

    [Fact]
    public void A_client_that_goes_away_meanwhile_leaves_nothing_behind()
    {
        _pair.Connect(client: null, _pair.ServerFor("example.org"));
        _pair.OnClient(channel =>
        {
            channel.Send([22, 3, 1]);
            channel.Close();
        });
        _pair.Until(() => _pair.ServerEvents.Fault is not null, "the server is told");

        Assert.Equal("failed:Tls", _pair.ServerEvents.Calls);
        _pair.UntilNothingIsOpen();
    }

    [Fact]
    public void Bytes_that_were_read_before_are_given_back()
    {
        _pair.Connect(_pair.ClientTo("example.org"), _pair.ServerFor("example.org"), unread: 1);
        _pair.UntilReady();
        _pair.OnClient(channel => channel.Send("hello"u8));
        _pair.OnServer(channel => channel.ResumeReceive());
        _pair.Until(() => _pair.ServerEvents.ReceivedBytes == 5, "the bytes have come");

        Assert.Throws<InvalidOperationException>(() => ((TlsChannel)_pair.Server).Unread("more"u8));
    }

    private TlsServer Demanding(bool isRequired)
    {
        var context = _pair.ContextOf("example.org");
        return new TlsServer(
            _ => context, new TlsServerSettings { ClientAuthorities = _pair.Authority.Authorities, IsClientCertificateRequired = isRequired });
    }
}

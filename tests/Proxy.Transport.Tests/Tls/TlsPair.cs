using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Proxy.TestKit;
using Proxy.Transport.Tests.Contract;
using Proxy.Transport.Tls;

namespace Proxy.Transport.Tests.Tls;

/// <summary>A client on the first loop and a server on the second, and TLS between them, or at one end of them.</summary>
internal sealed class TlsPair : IDisposable
{
    private readonly LoopbackEnvironment _environment = new(LoopBackendKind.Auto, IPAddress.Loopback);

    public TestCertificates Authority { get; } = new();

    public RecordingChannelHandler ClientEvents { get; } = new();

    public RecordingChannelHandler ServerEvents { get; } = new();

    public IChannel Client { get; private set; } = null!;

    public IChannel Server { get; private set; } = null!;

    /// <summary>What the server's end is under TLS.</summary>
    public IChannel RawServer { get; private set; } = null!;

    /// <summary>What the client's end is under TLS.</summary>
    public IChannel RawClient { get; private set; } = null!;

    public TlsSettings ServerSettings { get; set; } = TlsSettings.Default;

    public IIoLoop ServerLoop => _environment.Second;

    public SslStreamCertificateContext ContextOf(params string[] names) => SslStreamCertificateContext.Create(Authority.Create(names), null, offline: true);

    public TlsServer ServerFor(params string[] names)
    {
        var context = ContextOf(names);
        return new TlsServer(_ => context, new TlsServerSettings());
    }

    public TlsClient ClientTo(string name, SslProtocols versions) => new(name, new TlsClientSettings
    {
        Authorities = Authority.Authorities,
        Versions = versions,
    });

    public TlsClient ClientTo(string name, X509Certificate2? certificate = null, params string[] protocols) => new(name, new TlsClientSettings
    {
        Authorities = Authority.Authorities,
        Certificate = certificate is null ? null : SslStreamCertificateContext.Create(certificate, null, offline: true),
        ApplicationProtocols = protocols,
    });

    /// <summary>Connects; an end without a role is plain TCP. Bytes in <paramref name="unread"/> are taken off the wire before TLS has it.</summary>
    public void Connect(ITlsRole? client, ITlsRole? server, int unread = 0)
    {
        var accepting = new RecordingAcceptHandler();
        var connected = new RecordingChannelHandler();
        var (first, second) = (_environment.First, _environment.Second);
        var listener = _environment.Run(second, () =>
        {
            Assert.True(second.TryListen(new IPEndPoint(IPAddress.Loopback, 0), TcpOptions.Default, accepting, out var made, out var fault), fault.Text);
            return made;
        });
        Client = _environment.Run(first, () =>
        {
            RawClient = first.Connect(listener.LocalEndPoint, TcpOptions.Default, client is null ? ClientEvents : connected);
            return client is null ? RawClient : new TlsChannel(first, RawClient, client, TlsSettings.Default, ClientEvents);
        });
        _environment.Until(() => accepting.Accepted.Count == 1, "the connection is accepted");
        var early = new RecordingChannelHandler { WhenReceived = channel => channel.PauseReceive() };
        if (unread > 0)
        {
            RawServer = _environment.Run(second, () => second.Adopt(accepting.Accepted[0], early));
            OnRaw(channel => channel.ResumeReceive());
            _environment.Until(() => early.ReceivedBytes > 0, "the first bytes have come");
        }

        Server = _environment.Run(second, () =>
        {
            listener.Close();
            RawServer = unread > 0 ? RawServer : second.Adopt(accepting.Accepted[0], ServerEvents);
            if (server is null)
            {
                return RawServer;
            }

            var channel = new TlsChannel(second, RawServer, server, ServerSettings, ServerEvents);
            channel.Unread(early.Received);
            channel.Start();
            return channel;
        });
    }

    public void UntilReady() => Until(() => ((TlsChannel)Client).Session is not null && ((TlsChannel)Server).Session is not null, "hands are shaken");

    public void OnClient(Action<IChannel> action) => _environment.Run(_environment.First, () => action(Client));

    public void OnServer(Action<IChannel> action) => _environment.Run(_environment.Second, () => action(Server));

    public void OnRaw(Action<IChannel> action) => _environment.Run(_environment.Second, () => action(RawServer));

    public void Until(Func<bool> condition, string what) => _environment.Until(condition, what);

    public void Settle() => _environment.Settle();

    public void UntilNothingIsOpen() => Until(
        () => _environment.CountersOf(_environment.First).OpenChannels + _environment.CountersOf(_environment.Second).OpenChannels == 0, "nothing is open");

    public void Dispose()
    {
        _environment.Dispose();
        Authority.Dispose();
    }
}

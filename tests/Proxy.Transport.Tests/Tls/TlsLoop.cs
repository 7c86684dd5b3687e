using System.Net;
using System.Net.Security;
using Proxy.TestKit;
using Proxy.Transport.Tls;

namespace Proxy.Transport.Tests.Tls;

/// <summary>
/// Another loop whose every connection is TLS, so that what is promised of channels can be asked of these. A channel counts as connected when
/// the one below is, for a test makes both ends one after the other; an accepted one does not tell that it is connected.
/// </summary>
internal sealed class TlsLoop(IIoLoop loop, TlsSettings settings) : IIoLoop
{
    private static readonly TestCertificates Authority = new();
    private static readonly SslStreamCertificateContext Certificate = SslStreamCertificateContext.Create(Authority.Create("localhost"), null, offline: true);
    private static readonly TlsServer Server = new(_ => Certificate, new TlsServerSettings());
    private static readonly TlsClient Client = new("localhost", new TlsClientSettings { Authorities = Authority.Authorities });

    public IIoLoop Inner => loop;

    public string Name => loop.Name;

    public bool IsCurrent => loop.IsCurrent;

    public long NowMicroseconds => loop.NowMicroseconds;

    public void Post(IThreadPoolWorkItem work) => loop.Post(work);

    public IDeadline CreateDeadline(Action callback) => loop.CreateDeadline(callback);

    public bool TryListen(IPEndPoint localEndPoint, TcpOptions options, IAcceptHandler handler, out IListener listener, out TransportFault fault) =>
        loop.TryListen(localEndPoint, options, handler, out listener, out fault);

    public bool TryOpenUdp(
        IPEndPoint localEndPoint, IPEndPoint? remoteEndPoint, UdpOptions options, IUdpHandler handler, out IUdpEndpoint endpoint, out TransportFault fault) =>
        loop.TryOpenUdp(localEndPoint, remoteEndPoint, options, handler, out endpoint, out fault);

    public IChannel Connect(IPEndPoint remoteEndPoint, TcpOptions options, IChannelHandler handler)
    {
        var raw = loop.Connect(remoteEndPoint, options, handler);
        var channel = new TlsChannel(loop, raw, Client, settings, new Quiet(handler));
        raw.Handler = new Early(raw.Handler, () => handler.OnConnected(channel));
        return channel;
    }

    public IChannel Adopt(IAcceptedConnection connection, IChannelHandler handler)
    {
        var channel = new TlsChannel(loop, loop.Adopt(connection, handler), Server, settings, new Quiet(handler));
        channel.Start();
        return channel;
    }

    /// <summary>Passes everything on but that the channel is connected.</summary>
    private sealed class Quiet(IChannelHandler handler) : IChannelHandler
    {
        public void OnConnected(IChannel channel)
        {
            // Told earlier, or not expected.
        }

        public void OnReceived(IChannel channel, ReadOnlySpan<byte> bytes) => handler.OnReceived(channel, bytes);

        public void OnEndOfStream(IChannel channel) => handler.OnEndOfStream(channel);

        public void OnSendDrained(IChannel channel) => handler.OnSendDrained(channel);

        public void OnFailed(IChannel channel, TransportFault fault) => handler.OnFailed(channel, fault);
    }

    /// <summary>Tells the owner that the channel below is connected.</summary>
    private sealed class Early(IChannelHandler tls, Action whenConnected) : IChannelHandler
    {
        public void OnConnected(IChannel channel)
        {
            tls.OnConnected(channel);
            whenConnected();
        }

        public void OnReceived(IChannel channel, ReadOnlySpan<byte> bytes) => tls.OnReceived(channel, bytes);

        public void OnEndOfStream(IChannel channel) => tls.OnEndOfStream(channel);

        public void OnSendDrained(IChannel channel) => tls.OnSendDrained(channel);

        public void OnFailed(IChannel channel, TransportFault fault) => tls.OnFailed(channel, fault);
    }
}

using System.Buffers;
using System.Net;
using Proxy.Protocol.Announcements;
using Proxy.Protocol.Chains;
using Proxy.Protocol.Ends;
using Proxy.Protocol.Tunnels;
using Proxy.TestKit;
using Proxy.Transport;
using Proxy.Tunnel;

namespace Proxy.Actors.Tests;

/// <summary>
/// A tunnel's end without a node around it: as a client it opens streams and writes into them what it likes, as a server it takes the streams
/// that come and answers what it likes.
/// </summary>
internal sealed class BareTunnel : ITunnelLinkOwner, IUdpHandler
{
    private readonly SimulatedLoop _loop;
    private readonly TunnelRole _role;
    private readonly TunnelSettings _settings;
    private readonly List<StreamEnd> _opened = [];
    private IUdpEndpoint _endpoint = null!;

    private BareTunnel(SimulatedLoop loop, TunnelRole role, TunnelSettings settings)
    {
        (_loop, _role, _settings) = (loop, role, settings);
    }

    public TunnelLink? Link { get; private set; }

    public bool IsReady { get; private set; }

    public EndReason End { get; private set; }

    /// <summary>Streams that the peer opened.</summary>
    public IReadOnlyList<StreamEnd> Opened => _opened;

    public static BareTunnel ToServer(SimulatedLoop loop, IPEndPoint server, TunnelSettings? settings = null)
    {
        var tunnel = new BareTunnel(loop, TunnelRole.Client, settings ?? TunnelSettings.Default);
        loop.Run(() => tunnel.Open(new IPEndPoint(IPAddress.Any, 0), server));
        return tunnel;
    }

    public static BareTunnel Listen(SimulatedLoop loop, IPEndPoint at, TunnelSettings? settings = null)
    {
        var tunnel = new BareTunnel(loop, TunnelRole.Server, settings ?? TunnelSettings.Default);
        loop.Run(() => tunnel.Open(at, null));
        return tunnel;
    }

    public StreamEnd OpenStream(params byte[] first)
    {
        var end = new StreamEnd(_loop);
        _loop.Run(() =>
        {
            end.Channel = Link!.OpenStream(end);
            end.Channel.ResumeReceive();
            end.Channel.Send(first);
        });
        return end;
    }

    /// <summary>Both leave in one datagram.</summary>
    public void OpenAndReset() => _loop.Run(() => Link!.OpenStream(new StreamEnd(_loop)).Abort());

    public StreamEnd OpenStream(ChainRequest request) => OpenStream(Bytes(request));

    public static byte[] Bytes(ChainRequest request)
    {
        var bytes = new byte[request.LengthBytes];
        request.Write(bytes);
        return bytes;
    }

    public static byte[] Bytes(ChainResponse response)
    {
        var bytes = new byte[response.LengthBytes];
        response.Write(bytes);
        return bytes;
    }

    public void Close() => _loop.Run(() => Link!.Close(EndReason.KilledLocally));

    void ITunnelLinkOwner.OnReady() => IsReady = true;

    void ITunnelLinkOwner.OnStreamOpened(TunnelStreamChannel channel)
    {
        var end = new StreamEnd(_loop) { Channel = channel };
        channel.Handler = end;
        channel.ResumeReceive();
        _opened.Add(end);
    }

    void ITunnelLinkOwner.OnSuspected(string why)
    {
        // The native dialect's.
    }

    void ITunnelLinkOwner.OnTrusted()
    {
        // The native dialect's.
    }

    void ITunnelLinkOwner.OnNews(TunnelNews news, string text)
    {
        // Nobody reads a log here.
    }

    void ITunnelLinkOwner.OnPinged()
    {
        // The answer is the engine's.
    }

    void ITunnelLinkOwner.OnAnnounced(TunnelAnnouncement announcement) => Assert.Fail("this dialect announces nothing");

    void ITunnelLinkOwner.OnClosed(EndReason reason, string text) => End = reason;

    void ITunnelLinkOwner.OnSilent()
    {
        // Its tests end it themselves.
    }

    void IUdpHandler.OnDatagrams(IUdpEndpoint endpoint, Span<byte> datagrams, int segmentSizeBytes, in UdpAddress from)
    {
        if (Link is null)
        {
            Link = NewLink();
            Link.Start(endpoint, from);
        }

        Link.HandleDatagrams(datagrams, segmentSizeBytes, from);
    }

    void IUdpHandler.OnReceiveTurnEnded(IUdpEndpoint endpoint)
    {
        // The link has asked for its turn.
    }

    void IUdpHandler.OnSendRefused(IUdpEndpoint endpoint, TransportFault fault) => Link!.HandleRefused();

    private void Open(IPEndPoint local, IPEndPoint? server)
    {
        if (!_loop.TryOpenUdp(local, server, UdpOptions.Default, this, out _endpoint, out var fault))
        {
            throw new InvalidOperationException(fault.Text);
        }

        if (server is not null)
        {
            Link = NewLink();
            Link.Start(_endpoint, UdpAddress.From(server));
        }
    }

    private TunnelLink NewLink() => new(_loop, _role, _settings, ArrayPool<byte>.Shared, this);
}

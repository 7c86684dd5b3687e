using Proxy.Protocol.Sealing.Handshakes;
using Proxy.Protocol.Tunnels;
using Proxy.Transport;
using Proxy.Tunnel;
using Proxy.Tunnel.Native;

namespace Proxy.Actors;

/// <summary>
/// A tunnel at a server, from the answered hello on. Half open until something authentic came through it; then an engine, which already takes
/// datagrams; then a link, which has the engine. For the loop's thread only.
/// </summary>
internal sealed class SealedTunnel : IDisposable
{
    private readonly EstablishedTunnel _established;
    private NativeTunnelEngine? _engine;
    private TunnelLink? _link;

    /// <param name="established">Owned from here on.</param>
    /// <param name="from">Where its hello came from.</param>
    /// <param name="expiresMicroseconds">Until when it may be half open.</param>
    public SealedTunnel(EstablishedTunnel established, in UdpAddress from, long expiresMicroseconds)
    {
        _established = established;
        From = from;
        ExpiresMicroseconds = expiresMicroseconds;
        Seal = new SessionSeal(established.Session);
    }

    public ulong Id => _established.Session.Identity.OwnTunnelId;

    /// <summary>The name of the client's key.</summary>
    public string Principal => _established.Session.Identity.Principal;

    /// <summary>What seals it, for the log.</summary>
    public string CipherName => _established.Session.CipherName;

    public UdpAddress From { get; }

    public long ExpiresMicroseconds { get; }

    public SessionSeal Seal { get; }

    /// <summary>Whether nothing authentic has come yet.</summary>
    public bool IsHalfOpen => !_established.Session.IsConfirmed;

    public TunnelLink? Link => _link;

    /// <summary>Takes datagrams while there is no link. The engine is made with the first.</summary>
    public void HandleEarly(Span<byte> datagrams, int segmentSizeBytes, in UdpAddress from, Func<SealedTunnel, NativeTunnelEngine> makeEngine, long nowMicroseconds)
    {
        if (_engine is null)
        {
            _engine = makeEngine(this);
            _engine.Start();
        }

        var path = TunnelLink.PathOf(from);
        while (!datagrams.IsEmpty)
        {
            var datagram = datagrams[..Math.Min(segmentSizeBytes, datagrams.Length)];
            _engine.HandleDatagram(datagram, path, nowMicroseconds);
            datagrams = datagrams[datagram.Length..];
        }
    }

    /// <summary>Makes the link, which owns engine and seal from then on.</summary>
    public TunnelLink OpenLink(IIoLoop loop, ITunnelLinkOwner owner) => _link = new TunnelLink(loop, _engine!, owner, Seal);

    public NativeTunnelSettings Agree(NativeTunnelSettings own) => HandshakeTerms.Agree(own, _established.PeerSettings);

    /// <summary>Gives back what no link owns.</summary>
    public void Dispose()
    {
        if (_link is null)
        {
            _engine?.Dispose();
            Seal.Dispose();
        }
    }
}

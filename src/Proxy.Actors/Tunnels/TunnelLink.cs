using System.Buffers;
using Proxy.Protocol.Announcements;
using Proxy.Protocol.Ends;
using Proxy.Protocol.Tunnels;
using Proxy.Transport;
using Proxy.Tunnel;
using Proxy.Tunnel.Native;

namespace Proxy.Actors;

/// <summary>
/// Drives one tunnel engine on its loop: datagrams and deadlines in, events to the streams' handlers and to the owner, datagrams out in
/// batches. It steers nothing: states and decisions are the owner's. For the loop's thread only.
/// </summary>
/// <remarks>
/// One turn takes everything that the engine has to say and to send. A turn is asked for by whatever gave the engine something, and asked
/// for once however many did: what arrives within one turn of the loop leaves in the same batches.
/// </remarks>
internal sealed class TunnelLink : IThreadPoolWorkItem, IDisposable
{
    private readonly IIoLoop _loop;
    private readonly ITunnelEngine _engine;
    private readonly IDisposable? _seal;
    private readonly ITunnelLinkOwner _owner;
    private readonly IDeadline _deadline;
    private readonly Dictionary<int, TunnelStreamChannel> _channels = [];
    private IUdpEndpoint? _endpoint;
    private UdpAddress _peer;
    private PathAddress _path;                    // of the peer, as the engine calls it
    private long _sendFailureDueMicroseconds;     // not told again before
    private bool _isTurnRequested;
    private bool _isInTurn;
    private bool _isSilenceTold;
    private bool _isDisposed;

    /// <summary>A link in the dialect of vproxy.</summary>
    public TunnelLink(IIoLoop loop, TunnelRole role, TunnelSettings settings, ArrayPool<byte> pool, ITunnelLinkOwner owner)
        : this(loop, new TunnelEngine(role, settings, pool, loop.NowMicroseconds), owner, seal: null)
    {
    }

    /// <param name="loop">Where everything of the link happens.</param>
    /// <param name="engine">Owned by the link.</param>
    /// <param name="owner">Who hears of the tunnel.</param>
    /// <param name="seal">The engine's, owned by the link; null where it has none.</param>
    public TunnelLink(IIoLoop loop, ITunnelEngine engine, ITunnelLinkOwner owner, IDisposable? seal)
    {
        _loop = loop;
        _engine = engine;
        _owner = owner;
        _seal = seal;
        _deadline = loop.CreateDeadline(HandleDeadline);
    }

    public IIoLoop Loop => _loop;

    /// <summary>What only tunnels of the native dialect have.</summary>
    public NativeTunnelEngine? Native => _engine as NativeTunnelEngine;

    /// <summary>Where the peer is now.</summary>
    public UdpAddress Peer => Native is { } native ? AddressOf(native.Path) : _peer;

    public TunnelState State => _engine.State;

    public bool CanOpen => _engine.CanOpen;

    public int ActiveStreams => _engine.ActiveStreams;

    public int RoundTripMilliseconds => _engine.RoundTripMilliseconds;

    public long ReceivedBytesWaiting => _engine.ReceivedBytesWaiting;

    public ref readonly TunnelStatistics Statistics => ref _engine.Statistics;

    /// <summary>Stands still as long as the peer is silent.</summary>
    public long HeardCount => _engine.HeardCount;

    public TunnelCounters Counters => _engine.Counters;

    /// <summary>Whether the peer has answered from where it says it is.</summary>
    public bool IsPeerConfirmed => _engine.IsPeerConfirmed;

    /// <summary>Begins, over that endpoint to that peer.</summary>
    public void Start(IUdpEndpoint endpoint, in UdpAddress peer)
    {
        _endpoint = endpoint;
        _peer = peer;
        _path = PathOf(peer);
        if (_engine.State == TunnelState.Init)
        {
            _engine.Start();
        }

        RequestTurn();
    }

    /// <summary>
    /// Datagrams from one address, back to back; they may be changed in place. The answer goes out with the turn that this asks for.
    /// </summary>
    public void HandleDatagrams(Span<byte> datagrams, int segmentSizeBytes, in UdpAddress from)
    {
        var path = PathOf(from);
        while (!datagrams.IsEmpty)
        {
            var datagram = datagrams[..Math.Min(segmentSizeBytes, datagrams.Length)];
            _engine.HandleDatagram(datagram, path, _loop.NowMicroseconds);
            datagrams = datagrams[datagram.Length..];
        }

        RequestTurn();
    }

    /// <summary>What to do when the system itself does not send: no route, or an address that is gone. At most five times a second; on the loop, in a turn.</summary>
    public Action? OnSendFailed { get; set; }

    /// <summary>Client: from now on by another socket, perhaps from another address. Native dialect only.</summary>
    public void MoveTo(IUdpEndpoint endpoint)
    {
        _endpoint = endpoint;
        Native?.HandleOwnAddressChanged(_loop.NowMicroseconds);
        RequestTurn();
    }

    /// <summary>The peer has proved that it does not know this tunnel any more. Native dialect only.</summary>
    public void HandlePeerLost()
    {
        Native?.HandlePeerLost(_loop.NowMicroseconds);
        RequestTurn();
    }

    /// <summary>Something we sent was answered by "port unreachable".</summary>
    public void HandleRefused()
    {
        _engine.HandleRefused(_loop.NowMicroseconds);
        RequestTurn();
    }

    /// <summary>Opens a stream; its handler hears <see cref="IChannelHandler.OnConnected"/> when the peer has accepted it. Only while <see cref="CanOpen"/>.</summary>
    public TunnelStreamChannel OpenStream(IChannelHandler handler)
    {
        var channel = new TunnelStreamChannel(this, _engine, _engine.OpenStream(), handler);
        _channels.Add(channel.StreamId, channel);
        RequestTurn();
        return channel;
    }

    /// <summary>Server: tells the client something beside the streams, if the dialect can and not too much waits.</summary>
    public void Announce(TunnelAnnouncement announcement)
    {
        if (_engine.Announce(announcement))
        {
            RequestTurn();
        }
    }

    /// <summary>Opens and takes nothing more, and ends with the last stream.</summary>
    public void Drain()
    {
        _engine.Drain();
        RequestTurn();
    }

    /// <summary>Ends the tunnel and its streams now and tells the peer.</summary>
    public void Close(EndReason reason)
    {
        _engine.Close(reason);
        RequestTurn();
    }

    /// <summary>
    /// Gives everything back; the endpoint is not the link's to close. A tunnel that lives still is closed first, and what it has to say about
    /// that leaves at once: its peer need not find out by silence.
    /// </summary>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _engine.Close(EndReason.KilledLocally);
        SendDatagrams();
        _isDisposed = true;
        _deadline.Cancel();
        _endpoint = null;
        _engine.Dispose();
        _seal?.Dispose();
    }

    /// <summary>Asks for a turn after what the loop has in hand now.</summary>
    public void RequestTurn()
    {
        if (!_isTurnRequested && !_isInTurn)
        {
            _isTurnRequested = true;
            _loop.Post(this);
        }
    }

    public void Execute()
    {
        _isTurnRequested = false;
        if (_isDisposed)
        {
            return;
        }

        _isInTurn = true;
        try
        {
            do
            {
                DispatchEvents();
                SendDatagrams();
            }
            while (!_isDisposed && _engine.HasEvents);

            SetDeadline();
            TellSilence();
        }
        finally
        {
            _isInTurn = false;
        }
    }

    internal void Forget(TunnelStreamChannel channel) => _channels.Remove(channel.StreamId);

    private void HandleDeadline()
    {
        _engine.HandleDeadline(_loop.NowMicroseconds);
        Execute();
    }

    private void TellSilence()
    {
        if (!_isSilenceTold && _engine.State == TunnelState.Closed && !_engine.HasUnacknowledged && !_engine.HasEvents)
        {
            _isSilenceTold = true;
            _owner.OnSilent();
        }
    }

    private void SetDeadline()
    {
        if (_endpoint is not null && _engine.NextDeadlineMicroseconds(_loop.NowMicroseconds) is { } due)
        {
            _deadline.Set(due);
        }
        else
        {
            _deadline.Cancel();
        }
    }

    private void DispatchEvents()
    {
        while (_engine.TryGetEvent(_loop.NowMicroseconds, out var next))
        {
            switch (next.Kind)
            {
                case TunnelEventKind.Ready:
                    _owner.OnReady();
                    break;
                case TunnelEventKind.StreamOpened:
                    var opened = new TunnelStreamChannel(this, _engine, next.StreamId, TunnelStreamChannel.Nobody);
                    _channels.Add(next.StreamId, opened);
                    _owner.OnStreamOpened(opened);
                    break;
                case TunnelEventKind.Suspected:
                    _owner.OnSuspected(next.Text);
                    break;
                case TunnelEventKind.Trusted:
                    _owner.OnTrusted();
                    break;
                case TunnelEventKind.AddressChanged:
                    _owner.OnNews(TunnelNews.AddressChanged, $"{Peer}");
                    break;
                case TunnelEventKind.SizeChanged:
                    _owner.OnNews(TunnelNews.SizeChanged, next.Text);
                    break;
                case TunnelEventKind.Worn:
                    _owner.OnNews(TunnelNews.Worn, next.Text);
                    break;
                case TunnelEventKind.Draining:
                    _owner.OnNews(TunnelNews.Draining, next.Text);
                    break;
                case TunnelEventKind.Pinged:
                    _owner.OnPinged();
                    break;
                case TunnelEventKind.Announced:
                    _owner.OnAnnounced(next.Announcement!);
                    break;
                case TunnelEventKind.Closed:
                    FailChannels(next.Reason, next.Text);
                    _owner.OnClosed(next.Reason, next.Text);
                    break;
                default:
                    if (_channels.TryGetValue(next.StreamId, out var channel))
                    {
                        Deliver(channel, next);
                    }

                    break;
            }
        }
    }

    /// <summary>A handler that throws costs its own stream: what it did not take is gone, and nobody may take the rest for whole.</summary>
    private void Deliver(TunnelStreamChannel channel, in TunnelEvent next)
    {
        try
        {
            channel.Handle(next);
        }
        catch (Exception)
        {
            channel.Break();

            // The loop counts and logs it; what else there is to dispatch has another turn.
            _isInTurn = false;
            RequestTurn();
            throw;
        }
    }

    private void FailChannels(EndReason reason, string text)
    {
        foreach (var channel in _channels.Values.ToArray())
        {
            channel.Fail(reason, text);
        }

        _channels.Clear();
    }

    /// <summary>Datagrams of one length, the last perhaps shorter, leave in one call: the kernel can cut them itself where it knows how.</summary>
    private void SendDatagrams()
    {
        if (_endpoint is null)
        {
            return;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(BatchBytes);
        while (_engine.TryGetDatagrams(_loop.NowMicroseconds, buffer.AsSpan(0, BatchBytes), out var batch))
        {
            switch (_endpoint.Send(buffer.AsSpan(0, batch.Bytes), batch.DatagramBytes, AddressOf(batch.Path)))
            {
                case UdpSendStatus.Refused:
                    _engine.HandleRefused(_loop.NowMicroseconds);
                    break;
                case UdpSendStatus.Unreachable or UdpSendStatus.Failed:
                    TellSendFailed();
                    break;
            }
        }

        ArrayPool<byte>.Shared.Return(buffer);
    }

    private void TellSendFailed()
    {
        if (OnSendFailed is not null && _loop.NowMicroseconds >= _sendFailureDueMicroseconds)
        {
            _sendFailureDueMicroseconds = _loop.NowMicroseconds + SendFailureMicroseconds;
            OnSendFailed();
        }
    }

    /// <summary>An address as engines call it.</summary>
    public static PathAddress PathOf(in UdpAddress address) => new(address.Host, (ushort)address.Port);

    /// <summary>An engine that does not know addresses sends to where the tunnel began.</summary>
    private UdpAddress AddressOf(PathAddress path) => path == default || path == _path ? _peer : _peer.With(path.Host, path.Port);

    private const long SendFailureMicroseconds = 200_000;

    // As much as one segmented send can carry.
    private const int BatchBytes = 64 * 1024 - 512;
}

using System.Buffers;
using Proxy.Protocol.Ends;
using Proxy.Protocol.Tunnels;
using Proxy.Transport;
using Proxy.Tunnel;

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
    private readonly TunnelEngine _engine;
    private readonly ITunnelLinkOwner _owner;
    private readonly IDeadline _deadline;
    private readonly Dictionary<int, TunnelStreamChannel> _channels = [];
    private IUdpEndpoint? _endpoint;
    private UdpAddress _peer;
    private bool _isTurnRequested;
    private bool _isInTurn;
    private bool _isSilenceTold;
    private bool _isDisposed;

    public TunnelLink(IIoLoop loop, TunnelRole role, TunnelSettings settings, ArrayPool<byte> pool, ITunnelLinkOwner owner)
    {
        _loop = loop;
        _owner = owner;
        _engine = new TunnelEngine(role, settings, pool, loop.NowMicroseconds);
        _deadline = loop.CreateDeadline(HandleDeadline);
    }

    public IIoLoop Loop => _loop;

    public TunnelState State => _engine.State;

    public bool CanOpen => _engine.CanOpen;

    public int ActiveStreams => _engine.ActiveStreams;

    public int RoundTripMilliseconds => _engine.RoundTripMilliseconds;

    public long ReceivedBytesWaiting => _engine.ReceivedBytesWaiting;

    public ref readonly TunnelStatistics Statistics => ref _engine.Statistics;

    public long SegmentsSent => _engine.SegmentsSent;

    public long SegmentsResent => _engine.SegmentsResent;

    /// <summary>Whether the peer has answered from where it says it is.</summary>
    public bool IsPeerConfirmed => _engine.IsPeerConfirmed;

    /// <summary>Begins, over that endpoint to that peer.</summary>
    public void Start(IUdpEndpoint endpoint, in UdpAddress peer)
    {
        _endpoint = endpoint;
        _peer = peer;
        _engine.Start();
        RequestTurn();
    }

    /// <summary>Datagrams of the peer, back to back. The answer goes out with the turn that this asks for.</summary>
    public void HandleDatagrams(ReadOnlySpan<byte> datagrams, int segmentSizeBytes)
    {
        while (!datagrams.IsEmpty)
        {
            var datagram = datagrams[..Math.Min(segmentSizeBytes, datagrams.Length)];
            _engine.HandleDatagram(datagram, _loop.NowMicroseconds);
            datagrams = datagrams[datagram.Length..];
        }

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
                case TunnelEventKind.Closed:
                    FailChannels(next.Reason, next.Text);
                    _owner.OnClosed(next.Reason, next.Text);
                    break;
                default:
                    if (_channels.TryGetValue(next.StreamId, out var channel))
                    {
                        channel.Handle(next);
                    }

                    break;
            }
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

        var batch = ArrayPool<byte>.Shared.Rent(BatchBytes);
        try
        {
            var filled = 0;
            var segmentBytes = 0;
            while (_engine.TryGetDatagram(_loop.NowMicroseconds, batch.AsSpan(filled, _engine.DatagramBytes), out var length))
            {
                if (filled > 0 && length > segmentBytes)
                {
                    // Longer than the first of the batch: it begins the next one.
                    Send(batch.AsSpan(0, filled), segmentBytes);
                    batch.AsSpan(filled, length).CopyTo(batch);
                    filled = 0;
                }

                segmentBytes = filled == 0 ? length : segmentBytes;
                filled += length;
                if (length < segmentBytes || filled + _engine.DatagramBytes > BatchBytes)
                {
                    Send(batch.AsSpan(0, filled), segmentBytes);
                    filled = 0;
                }
            }

            if (filled > 0)
            {
                Send(batch.AsSpan(0, filled), segmentBytes);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(batch);
        }
    }

    private void Send(ReadOnlySpan<byte> datagrams, int segmentBytes)
    {
        if (_endpoint?.Send(datagrams, segmentBytes, _peer) == UdpSendStatus.Refused)
        {
            _engine.HandleRefused(_loop.NowMicroseconds);
        }
    }

    // As much as one segmented send can carry.
    private const int BatchBytes = 64 * 1024 - 512;
}

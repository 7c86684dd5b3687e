using System.Net;
using Proxy.Protocol.Ends;
using Proxy.Transport;
using Proxy.Transport.Relays;
using Proxy.Tunnel;

namespace Proxy.Actors;

/// <summary>
/// A stream of a tunnel as a channel, so that one pump serves sockets and streams alike. <see cref="IChannelHandler.OnConnected"/> says that
/// the peer accepted a stream that we opened. For the loop's thread only.
/// </summary>
internal sealed class TunnelStreamChannel : IPacketChannel, IEndForesight
{
    public static readonly IChannelHandler Nobody = new IgnoringHandler();

    private readonly TunnelLink _link;
    private readonly ITunnelEngine _engine;
    private bool _isGone;
    private IDeadline? _lingerDeadline;
    private IPacketHandler? _packetHandler;
    private EarlyPackets? _early;

    public TunnelStreamChannel(TunnelLink link, ITunnelEngine engine, int streamId, IChannelHandler handler)
    {
        _link = link;
        _engine = engine;
        StreamId = streamId;
        Handler = handler;
    }

    public int StreamId { get; }

    public IIoLoop Loop => _link.Loop;

    /// <summary>Where the other end of the tunnel is now.</summary>
    public UdpAddress Peer => _link.Peer;

    public IChannelHandler Handler { get; set; }

    /// <summary>Why the stream ended under its owner; <see cref="EndReason.None"/> while it has not.</summary>
    public EndReason End { get; private set; }

    /// <summary>
    /// When the peer reset the stream: how many tunnels lie behind the peer to whoever saw the failure. Null: the stream lives, or its tunnel ended.
    /// </summary>
    public byte? ResetDistance { get; private set; }

    /// <summary>
    /// What a reset from here says: how many tunnels lie behind this node to whoever saw the failure. Null: this node itself.
    /// </summary>
    public Func<byte>? DistanceBehind { get; set; }

    /// <summary>Whether its tunnel's dialect has packets.</summary>
    public bool CarriesPackets => _engine.MaximumPacketBytes > 0;

    public EndPoint? RemoteEndPoint => null;

    public EndPoint? LocalEndPoint => null;

    public bool IsMoreAtHand { get; private set; }

    public bool HasUnsent => !_isGone && _engine.HasUnsent(StreamId);

    private bool IsLingering => _lingerDeadline is not null;

    public IPacketHandler? PacketHandler
    {
        get => _packetHandler;
        set
        {
            _packetHandler = value;
            while (!_isGone && value is not null && _early is { } early && early.TryTake(out var packet))
            {
                value.OnPacket(this, packet);
            }
        }
    }

    public UdpSendStatus SendPacket(ReadOnlySpan<byte> packet)
    {
        if (_isGone)
        {
            return UdpSendStatus.Failed;
        }

        var fate = _engine.SendPacket(StreamId, packet, _link.Loop.NowMicroseconds);
        _link.RequestTurn();
        return fate switch
        {
            PacketFate.Queued => UdpSendStatus.Sent,
            PacketFate.QueueFull => UdpSendStatus.WouldBlock,
            PacketFate.TooLarge => UdpSendStatus.TooLarge,
            _ => UdpSendStatus.Failed,
        };
    }

    public bool Send(ReadOnlySpan<byte> bytes)
    {
        if (_isGone)
        {
            return true;
        }

        var isSent = _engine.Send(StreamId, bytes);
        _link.RequestTurn();
        return isSent;
    }

    public void ShutdownSend()
    {
        if (!_isGone)
        {
            _engine.FinishSending(StreamId);
            _link.RequestTurn();
        }
    }

    public void ResumeReceive() => SetReceiving(true);

    public void PauseReceive() => SetReceiving(false);

    public void Abort()
    {
        if (!_isGone)
        {
            _engine.ResetStream(StreamId, EndReason.KilledLocally, DistanceBehind?.Invoke() ?? 0);
            Leave();
        }
    }

    /// <summary>
    /// Where the peer still sends, its bytes are read and dropped for a while first: a reset at once would overtake, at the far end, the
    /// last words that were sent before it.
    /// </summary>
    public void Close()
    {
        if (_isGone || IsLingering)
        {
            return;
        }

        _engine.FinishSending(StreamId);
        if (_engine.IsOver(StreamId))
        {
            Release();
            return;
        }

        Handler = Nobody;
        _packetHandler = null;
        _lingerDeadline = _link.Loop.CreateDeadline(Release);
        _lingerDeadline.Set(_link.Loop.NowMicroseconds + LingerMicroseconds);
        SetReceiving(true);
    }

    /// <summary>An event of this stream.</summary>
    internal void Handle(in TunnelEvent next)
    {
        switch (next.Kind)
        {
            case TunnelEventKind.StreamEstablished:
                Handler.OnConnected(this);
                break;
            case TunnelEventKind.Data:
                IsMoreAtHand = next.IsLast;
                Handler.OnReceived(this, next.Bytes);
                break;
            case TunnelEventKind.Packet when _packetHandler is { } handler:
                handler.OnPacket(this, next.Bytes);
                break;
            case TunnelEventKind.Packet when !IsLingering:
                (_early ??= new EarlyPackets()).TryAdd(next.Bytes);
                break;
            case TunnelEventKind.EndOfStream when IsLingering:
                Release();
                break;
            case TunnelEventKind.EndOfStream:
                Handler.OnEndOfStream(this);
                break;
            case TunnelEventKind.SendDrained:
                Handler.OnSendDrained(this);
                break;
            case TunnelEventKind.StreamReset:
                _engine.ReleaseStream(StreamId);
                ResetDistance = next.Distance;
                Fail(next.Reason, next.Reason.Text());
                break;
        }
    }

    /// <summary>The stream is gone from under its owner.</summary>
    internal void Fail(EndReason reason, string text)
    {
        if (_isGone)
        {
            return;
        }

        End = reason;
        Leave();
        Handler.OnFailed(this, new TransportFault(TransportFaultKind.Reset, text));
    }

    /// <summary>Its handler has failed: the peer sees a reset, and the handler is told.</summary>
    internal void Break()
    {
        if (!_isGone)
        {
            _engine.ResetStream(StreamId, EndReason.KilledLocally);
            Fail(EndReason.KilledLocally, "the handler of this stream has failed");
        }
    }

    private void SetReceiving(bool isReceiving)
    {
        if (!_isGone)
        {
            _engine.SetReceiving(StreamId, isReceiving);
            _link.RequestTurn();
        }
    }

    private void Release()
    {
        if (!_isGone)
        {
            _engine.ReleaseStream(StreamId);
            Leave();
        }
    }

    private void Leave()
    {
        _isGone = true;
        _packetHandler = null;
        _early = null;
        _lingerDeadline?.Cancel();
        _link.Forget(this);
        _link.RequestTurn();
    }

    // As for a refused chain on a bare connection: the answer has this long to be read.
    private const long LingerMicroseconds = 2_000_000;

    private sealed class IgnoringHandler : IChannelHandler
    {
        public void OnConnected(IChannel channel)
        {
        }

        public void OnReceived(IChannel channel, ReadOnlySpan<byte> bytes)
        {
        }

        public void OnEndOfStream(IChannel channel)
        {
        }

        public void OnSendDrained(IChannel channel)
        {
        }

        public void OnFailed(IChannel channel, TransportFault fault)
        {
        }
    }
}

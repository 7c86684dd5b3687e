using System.Buffers;
using System.Net;
using Proxy.Protocol.Chains;
using Proxy.Protocol.Chains.Datagrams;
using Proxy.Protocol.Ends;
using Proxy.Transport;
using Proxy.Transport.Relays;

namespace Proxy.Actors;

/// <summary>Whom an <see cref="OutboundLeg"/> tells how it gets on, on the loop's thread.</summary>
internal interface IOutboundLegOwner
{
    /// <summary>The way to the destination is open.</summary>
    void OnOpened();

    /// <summary>The stream ended before its peer had accepted it: nothing was processed, it may be opened again on another tunnel.</summary>
    void OnStreamLost(EndReason reason);

    /// <summary>A hop did not go on, or did not answer. The leg is gone.</summary>
    void OnRefused(ChainFailure failure);
}

/// <summary>
/// The client's way out through a tunnel or a chain, as one channel that the relay can use from the first moment: before there is a first hop
/// it keeps what the application sends, then it writes the headers and those bytes together without waiting for a round trip, and takes the
/// hops' answers off the front of what comes back. For the loop's thread only.
/// </summary>
/// <remarks>What was sent is kept until the first hop has accepted the stream, at most about the first 16 KiB; then reading stops.</remarks>
internal sealed partial class OutboundLeg(IOutboundLegOwner owner, IChannelHandler handler)
    : IPacketChannel, IChannelHandler, IPacketHandler, IEndForesight
{
    private readonly ArrayBufferWriter<byte> _early = new();
    private EarlyPackets? _earlyPackets;
    private IChannel? _stream;
    private ChainPath? _path;
    private ChainCall? _call;
    private bool _isAccepted;
    private bool _isGone;
    private bool _isFinished;
    private bool _wantsReceive;
    private bool _owesDrained;

    public IChannelHandler Handler { get; set; } = handler;

    /// <summary>Why the leg ended under its owner; <see cref="EndReason.None"/> while it has not.</summary>
    public EndReason End { get; private set; }

    /// <summary>Where the leg failed, when it did so in a chain; null: it did not, or it is not known.</summary>
    public ChainFailure? Failure { get; private set; }

    public EndPoint? RemoteEndPoint => null;

    public EndPoint? LocalEndPoint => null;

    public bool IsMoreAtHand => _stream is IEndForesight { IsMoreAtHand: true };

    public bool HasUnsent => !_isGone && (_isAccepted ? _stream!.HasUnsent : _early.WrittenCount > 0);

    private bool AwaitsAnswers => _call is { IsOpen: false };

    /// <summary>Opens a stream on that tunnel, which can open one now, and sends what waits.</summary>
    /// <param name="path">Null: no header is sent, and no answer awaited.</param>
    /// <param name="call">Made for this attempt; null without a path. It is the leg's from now on.</param>
    /// <returns>Null: the leg is gone.</returns>
    public TunnelStreamChannel? Attach(TunnelLink link, ChainPath? path, ChainCall? call)
    {
        if (_isGone)
        {
            return null;
        }

        var stream = link.OpenStream(this);
        Begin(stream, path, call);
        return stream;
    }

    /// <summary>The same on a connection to the first hop, or to the destination itself, which is there already.</summary>
    public void Attach(IChannel connected, ChainPath? path, ChainCall? call)
    {
        if (_isGone)
        {
            connected.Abort();
            return;
        }

        connected.Handler = this;
        if (path is not null)
        {
            connected.ResetOnCrash();
        }

        Begin(connected, path, call);
        HandleAccepted();
    }

    public IPacketHandler? PacketHandler { get; set; }

    /// <summary>Where hops are reached over UDP: what each packet has in front of it. The leg's from then on; before <see cref="Attach(IChannel, ChainPath?, ChainCall?)"/>.</summary>
    public DatagramCall? Datagrams { get; set; }

    /// <summary>What comes before there is a way is sent with the headers.</summary>
    public UdpSendStatus SendPacket(ReadOnlySpan<byte> packet)
    {
        if (_isGone)
        {
            return UdpSendStatus.Failed;
        }

        if (_stream is IPacketChannel stream)
        {
            return Datagrams is null ? stream.SendPacket(packet) : SendWithHeaders(stream, packet);
        }

        return _stream is null && (_earlyPackets ??= new EarlyPackets()).TryAdd(packet) ? UdpSendStatus.Sent : UdpSendStatus.WouldBlock;
    }

    void IPacketHandler.OnPacket(IPacketChannel channel, ReadOnlySpan<byte> packet)
    {
        if (_isGone)
        {
            return;
        }

        if (Datagrams is { } call && !call.TryTake(ref packet))
        {
            if (call.Failure is { } failure)
            {
                Failure = failure;
                End = failure.Reason;
                Close();
                Handler.OnFailed(this, new TransportFault(TransportFaultKind.Reset, failure.Text));
            }

            return;
        }

        PacketHandler?.OnPacket(this, packet);
    }

    public bool Send(ReadOnlySpan<byte> bytes)
    {
        if (_isGone)
        {
            return true;
        }

        if (_isAccepted)
        {
            return _stream!.Send(bytes);
        }

        _early.Write(bytes);
        _stream?.Send(bytes);
        _owesDrained = _early.WrittenCount >= EarlyBytes;
        return !_owesDrained;
    }

    public void ShutdownSend()
    {
        _isFinished = true;
        _stream?.ShutdownSend();
    }

    public void ResumeReceive()
    {
        _wantsReceive = true;
        SetReceiving();
    }

    public void PauseReceive()
    {
        _wantsReceive = false;
        SetReceiving();
    }

    public void Abort()
    {
        Leave();
        _stream?.Abort();
    }

    public void Close()
    {
        Leave();
        _stream?.Close();
    }

    void IChannelHandler.OnConnected(IChannel channel) => HandleAccepted();

    void IChannelHandler.OnReceived(IChannel channel, ReadOnlySpan<byte> bytes)
    {
        if (AwaitsAnswers)
        {
            bytes = TakeAnswers(bytes);
        }

        if (!bytes.IsEmpty && !_isGone)
        {
            Handler.OnReceived(this, bytes);
        }
    }

    void IChannelHandler.OnEndOfStream(IChannel channel)
    {
        if (AwaitsAnswers)
        {
            _call!.HandleEnded("the stream ended before its answer");
            Refuse();
        }
        else
        {
            Handler.OnEndOfStream(this);
        }
    }

    void IChannelHandler.OnSendDrained(IChannel channel)
    {
        if (_isAccepted)
        {
            _owesDrained = true;
            TellDrained();
        }
    }

    void IChannelHandler.OnFailed(IChannel channel, TransportFault fault)
    {
        var stream = channel as TunnelStreamChannel;
        if (!_isAccepted)
        {
            _stream = null;
            _call?.Dispose();
            owner.OnStreamLost(stream!.End);
            return;
        }

        // A tunnel that ended is the first hop's own failure, whatever the others have said.
        var isTunnelLost = stream is { ResetDistance: null };
        if (AwaitsAnswers && !isTunnelLost)
        {
            _call!.HandleEnded("the stream was reset before its answer");
            Refuse();
            return;
        }

        Leave();
        Failure = Blame(stream, isTunnelLost);
        End = Failure?.Reason ?? stream?.End ?? EndReason.ResetByUpstream;
        Handler.OnFailed(this, Failure is { } failure ? fault with { Text = failure.Text } : fault);
    }

    private void Begin(IChannel stream, ChainPath? path, ChainCall? call)
    {
        (_stream, _path, _call) = (stream, path, call);
        if (call is not null)
        {
            stream.Send(call.Headers.Span);
        }

        if (_early.WrittenCount > 0)
        {
            stream.Send(_early.WrittenSpan);
        }

        if (stream is IPacketChannel packets)
        {
            packets.PacketHandler = this;
            while (_earlyPackets is { } early && early.TryTake(out var packet))
            {
                SendPacket(packet);
            }
        }

        if (_isFinished)
        {
            stream.ShutdownSend();
        }

        SetReceiving();
    }

    private void HandleAccepted()
    {
        _isAccepted = true;

        // Whoever saw bytes kept here before it began to read waits to hear that they have gone.
        _owesDrained |= _early.WrittenCount > 0;
        _early.ResetWrittenCount();
        if (!AwaitsAnswers)
        {
            owner.OnOpened();
        }

        if (!_stream!.HasUnsent)
        {
            TellDrained();
        }
    }

    private void TellDrained()
    {
        if (_owesDrained)
        {
            _owesDrained = false;
            Handler.OnSendDrained(this);
        }
    }

    // The answers are wanted whatever the relay thinks; only behind them does its back-pressure count.
    private void SetReceiving()
    {
        if (AwaitsAnswers || _wantsReceive)
        {
            _stream?.ResumeReceive();
        }
        else
        {
            _stream?.PauseReceive();
        }
    }

    /// <summary>Takes what belongs to the answers off <paramref name="bytes"/> and returns the rest.</summary>
    private ReadOnlySpan<byte> TakeAnswers(ReadOnlySpan<byte> bytes)
    {
        var rest = _call!.Take(bytes);
        if (_call.Failure is not null)
        {
            Refuse();
        }
        else if (_call.IsOpen)
        {
            owner.OnOpened();
            SetReceiving();
        }

        return rest;
    }

    private void Refuse()
    {
        Failure = _call!.Failure!;
        End = Failure.Reason;
        Close();
        owner.OnRefused(Failure);
    }

    private ChainFailure? Blame(TunnelStreamChannel? stream, bool isTunnelLost) => (_path, isTunnelLost) switch
    {
        (null, _) => null,
        ({ Hops.Count: 1 }, _) when stream is not null => null,
        (_, true) => new ChainFailure(1, stream!.End, $"{_path!.NameOf(1)}: {stream.End.Text()}"),
        _ => _path!.ResetAfterAnswers(stream?.ResetDistance),
    };

    private void Leave()
    {
        _isGone = true;
        _call?.Dispose();
        Datagrams?.Dispose();
    }

    // The initial window of the native dialect, which may be used before the peer's answer too.
    private const int EarlyBytes = 16 * 1024;
}

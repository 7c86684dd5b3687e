using System.Buffers;
using System.Net;
using Proxy.Protocol;
using Proxy.Protocol.Chains;
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

    /// <summary>A hop answered that it could not go on. The leg is gone.</summary>
    void OnRefused(ChainResponse response);
}

/// <summary>
/// The client's way out through a tunnel, as one channel that the relay can use from the first moment: before there is a tunnel it keeps what
/// the application sends, then it opens a stream, writes the chain header and those bytes together without waiting for a round trip, and takes
/// the chain's response off the front of what comes back. For the loop's thread only.
/// </summary>
/// <remarks>What was sent is kept until the peer has accepted the stream, at most about the first 16 KiB; then reading stops.</remarks>
internal sealed class OutboundLeg : IChannel, IChannelHandler, IEndForesight
{
    private readonly byte[] _header;
    private readonly IOutboundLegOwner _owner;
    private readonly ArrayBufferWriter<byte> _early = new();
    private TunnelStreamChannel? _stream;
    private byte[] _response = [];
    private bool _awaitsResponse;
    private bool _isAccepted;
    private bool _isGone;
    private bool _isFinished;
    private bool _wantsReceive;
    private bool _owesDrained;

    /// <summary>A leg without a tunnel yet.</summary>
    /// <param name="header">What the stream begins with; empty: no header, and no response either.</param>
    public OutboundLeg(byte[] header, IOutboundLegOwner owner, IChannelHandler handler)
    {
        _header = header;
        _owner = owner;
        Handler = handler;
        _awaitsResponse = header.Length > 0;
    }

    public IChannelHandler Handler { get; set; }

    /// <summary>Why the leg ended under its owner; <see cref="EndReason.None"/> while it has not.</summary>
    public EndReason End { get; private set; }

    public EndPoint? RemoteEndPoint => null;

    public EndPoint? LocalEndPoint => null;

    public bool IsMoreAtHand => _stream is { IsMoreAtHand: true };

    public bool HasUnsent => !_isGone && (_isAccepted ? _stream!.HasUnsent : _early.WrittenCount > 0);

    /// <summary>Opens a stream on that tunnel, which can open one now, and sends what waits.</summary>
    public void Attach(TunnelLink link)
    {
        if (_isGone)
        {
            return;
        }

        var stream = link.OpenStream(this);
        _stream = stream;
        if (_header.Length > 0)
        {
            stream.Send(_header);
        }

        if (_early.WrittenCount > 0)
        {
            stream.Send(_early.WrittenSpan);
        }

        if (_isFinished)
        {
            stream.ShutdownSend();
        }

        SetReceiving();
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
        _isGone = true;
        _stream?.Abort();
    }

    public void Close()
    {
        _isGone = true;
        _stream?.Close();
    }

    void IChannelHandler.OnConnected(IChannel channel)
    {
        _isAccepted = true;
        _early.ResetWrittenCount();
        if (!_awaitsResponse)
        {
            _owner.OnOpened();
        }

        if (!_stream!.HasUnsent)
        {
            TellDrained();
        }
    }

    void IChannelHandler.OnReceived(IChannel channel, ReadOnlySpan<byte> bytes)
    {
        if (_awaitsResponse)
        {
            bytes = TakeResponse(bytes);
        }

        if (!bytes.IsEmpty && !_isGone)
        {
            Handler.OnReceived(this, bytes);
        }
    }

    void IChannelHandler.OnEndOfStream(IChannel channel)
    {
        if (_awaitsResponse)
        {
            Fail(EndReason.Malformed, "the server closed the stream without a response");
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
        var reason = _stream!.End;
        if (!_isAccepted)
        {
            _stream = null;
            _response = [];
            _owner.OnStreamLost(reason);
            return;
        }

        _isGone = true;
        End = reason;
        Handler.OnFailed(this, fault);
    }

    private void TellDrained()
    {
        if (_owesDrained)
        {
            _owesDrained = false;
            Handler.OnSendDrained(this);
        }
    }

    // The response is wanted whatever the relay thinks; only behind it does its back-pressure count.
    private void SetReceiving()
    {
        if (_awaitsResponse || _wantsReceive)
        {
            _stream?.ResumeReceive();
        }
        else
        {
            _stream?.PauseReceive();
        }
    }

    /// <summary>Takes what belongs to the response off <paramref name="bytes"/> and returns the rest.</summary>
    private ReadOnlySpan<byte> TakeResponse(ReadOnlySpan<byte> bytes)
    {
        var before = _response.Length;
        _response = [.. _response, .. bytes[..Math.Min(bytes.Length, ChainResponse.MaxLengthBytes)]];
        switch (ChainResponse.TryRead(_response, out var consumed, out var response, out var broken))
        {
            case ReadStatus.NeedMore:
                return default;
            case ReadStatus.Malformed:
                Fail(EndReason.Malformed, $"the chain's response is malformed: {broken}");
                return default;
        }

        _awaitsResponse = false;
        _response = [];
        if (response!.Status == ChainStatus.Ok)
        {
            _owner.OnOpened();
            SetReceiving();
            return bytes[(consumed - before)..];
        }

        End = response.Status.ToEndReason();
        Close();
        _owner.OnRefused(response);
        return default;
    }

    private void Fail(EndReason reason, string text)
    {
        End = reason;
        Abort();
        Handler.OnFailed(this, new TransportFault(TransportFaultKind.Other, text));
    }

    // The initial window of the native dialect, which may be used before the peer's answer too.
    private const int EarlyBytes = 16 * 1024;
}

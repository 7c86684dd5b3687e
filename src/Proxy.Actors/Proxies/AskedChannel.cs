using System.Net;
using Proxy.Protocol.Ends;
using Proxy.Transport;
using Proxy.Transport.Relays;

namespace Proxy.Actors;

/// <summary>The words that a client is answered with.</summary>
internal interface IAskedAnswers
{
    /// <summary>Empty: there are none.</summary>
    byte[] Granted();

    /// <summary>Empty: a reset has to say it.</summary>
    byte[] Refused(EndReason reason, string text);
}

/// <summary>For clients that know nothing of a proxy.</summary>
internal sealed class NoAnswers : IAskedAnswers
{
    public static readonly NoAnswers Instance = new();

    public byte[] Granted() => [];

    public byte[] Refused(EndReason reason, string text) => [];
}

/// <summary>A client's socket from its wish on: everything passes, and an end before the way was open is told in the client's own protocol.</summary>
internal sealed class AskedChannel : IAskedClient, IChannelHandler, IEndForesight
{
    private readonly IIoLoop _loop;
    private readonly IChannel _inner;
    private readonly IAskedAnswers _answers;
    private byte[]? _lastWords;
    private bool _isGranted;

    /// <summary>From now on the channel is this one's.</summary>
    public AskedChannel(IIoLoop loop, IChannel inner, IAskedAnswers answers)
    {
        (_loop, _inner, _answers) = (loop, inner, answers);
        inner.Handler = this;
    }

    public IChannelHandler Handler { get; set; } = TunnelStreamChannel.Nobody;

    public TransportFault? Fault { get; private set; }

    public EndPoint? RemoteEndPoint => _inner.RemoteEndPoint;

    public EndPoint? LocalEndPoint => _inner.LocalEndPoint;

    public bool HasUnsent => _inner.HasUnsent;

    public bool IsMoreAtHand => _inner is IEndForesight { IsMoreAtHand: true };

    public void Grant()
    {
        if (!_isGranted)
        {
            _isGranted = true;
            Say(_answers.Granted());
        }
    }

    public void Refuse(EndReason reason, string text) => _lastWords ??= _answers.Refused(reason, text);

    public bool Send(ReadOnlySpan<byte> bytes) => _inner.Send(bytes);

    public void ShutdownSend() => _inner.ShutdownSend();

    public void ResumeReceive() => _inner.ResumeReceive();

    public void PauseReceive() => _inner.PauseReceive();

    public void Abort()
    {
        if (_isGranted || Fault is not null)
        {
            _inner.Abort();
            return;
        }

        _isGranted = true;
        var words = _lastWords ?? _answers.Refused(EndReason.TunnelLost, "the way was lost before it was open");
        if (words.Length == 0)
        {
            _inner.Abort();
            return;
        }

        Say(words);
        Farewell.Say(_loop, _inner);
    }

    public void Close() => _inner.Close();

    private void Say(byte[] words)
    {
        if (words.Length > 0)
        {
            _inner.Send(words);
        }
    }

    void IChannelHandler.OnConnected(IChannel channel)
    {
        // It was connected before.
    }

    void IChannelHandler.OnReceived(IChannel channel, ReadOnlySpan<byte> bytes) => Handler.OnReceived(this, bytes);

    void IChannelHandler.OnEndOfStream(IChannel channel) => Handler.OnEndOfStream(this);

    void IChannelHandler.OnSendDrained(IChannel channel) => Handler.OnSendDrained(this);

    void IChannelHandler.OnFailed(IChannel channel, TransportFault fault)
    {
        Fault = fault;
        Handler.OnFailed(this, fault);
    }
}

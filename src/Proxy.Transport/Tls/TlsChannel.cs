using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Security;

namespace Proxy.Transport.Tls;

/// <summary>
/// TLS over another channel, which it owns. It keeps every promise of <see cref="IChannel"/>: it is connecting until hands are shaken
/// (<see cref="IChannelHandler.OnConnected"/>, also where the channel below was accepted), and what is sent before is kept. The files beside
/// this one hold the handshake, the two directions and the end. For the loop's thread only.
/// </summary>
/// <remarks>
/// Signing and verifying is done by workers; records are encrypted and decrypted on the loop, in the turn in which bytes come or go, and an
/// idle channel holds no buffer. The end of our direction is a close_notify and then the FIN. The peer's close_notify is its end of stream;
/// a FIN without it is a truncation, told as a reset, unless our own close_notify has gone before: then the peer may have nothing more to say.
/// Tickets and key updates pass unseen; renegotiation is refused.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "A channel ends by Close, Abort or a failure, and each disposes of what it holds.")]
public sealed partial class TlsChannel : IChannel
{
    private readonly IIoLoop _loop;
    private readonly IChannel _raw;
    private readonly ITlsRole _role;
    private readonly TlsSettings _settings;
    private readonly TlsStream _stream;
    private readonly SslStream _tls;
    private readonly Turn _turn;
    private readonly IDeadline _deadline;
    private Phase _phase;
    private bool _isTurnPosted;

    // Found inside a call into the channel, told in the next turn.
    private TransportFault? _untoldFault;

    /// <summary>
    /// Over <paramref name="raw"/>, which has its handler here from now on. One that connects still is followed by the handshake as soon as it is
    /// connected; over one that is connected or was accepted, <see cref="Start"/> begins it.
    /// </summary>
    public TlsChannel(IIoLoop loop, IChannel raw, ITlsRole role, TlsSettings settings, IChannelHandler handler)
    {
        ArgumentNullException.ThrowIfNull(loop);
        ArgumentNullException.ThrowIfNull(raw);
        ArgumentNullException.ThrowIfNull(settings);
        (_loop, _raw, _role, _settings, Handler) = (loop, raw, role, settings, handler);
        _stream = new TlsStream(new Owner(this), settings.HandshakeBytes);
        _tls = new SslStream(_stream);
        _turn = new Turn(this);
        _deadline = loop.CreateDeadline(HandleDeadline);
        raw.Handler = new RawEvents(this);
    }

    public IChannelHandler Handler { get; set; }

    public EndPoint? RemoteEndPoint => _raw.RemoteEndPoint;

    public EndPoint? LocalEndPoint => _raw.LocalEndPoint;

    /// <summary>What was agreed on; null until the channel is connected.</summary>
    public TlsSession? Session { get; private set; }

    /// <summary>Gives back bytes that were read from the channel below before; they come before everything else. Only before <see cref="Start"/>.</summary>
    public void Unread(ReadOnlySpan<byte> bytes)
    {
        if (_phase != Phase.Waiting)
        {
            throw new InvalidOperationException("The handshake has begun.");
        }

        _stream.Append(bytes);
    }

    private void PostTurn()
    {
        if (!_isTurnPosted)
        {
            _isTurnPosted = true;
            _loop.Post(_turn);
        }
    }

    private void HandleTurn()
    {
        _isTurnPosted = false;
        if (_phase == Phase.Gone)
        {
            return;
        }

        if (_untoldFault is { } fault)
        {
            Fail(fault);
        }
        else if (_phase == Phase.Open)
        {
            ReceiveOn();
        }
    }

    /// <summary>Runs what may call the handler, outside of any call of the channel below.</summary>
    private void Guarded(Action<TlsChannel> work)
    {
        try
        {
            work(this);
        }
        catch (Exception failure)
        {
            FailForHandler(failure);
            throw;
        }
    }

    private enum Phase
    {
        /// <summary>The channel below connects, or the owner has not started yet.</summary>
        Waiting,

        Handshaking,

        Open,

        Gone,
    }

    /// <summary>A turn that was asked for by a command.</summary>
    private sealed class Turn(TlsChannel channel) : IThreadPoolWorkItem
    {
        public void Execute() => channel.Guarded(static channel => channel.HandleTurn());
    }

    /// <summary>What the channel below tells.</summary>
    private sealed class RawEvents(TlsChannel channel) : IChannelHandler
    {
        public void OnConnected(IChannel raw) => channel.Start();

        public void OnReceived(IChannel raw, ReadOnlySpan<byte> bytes) => channel.HandleRaw(bytes);

        public void OnEndOfStream(IChannel raw) => channel.HandleRawEnd();

        public void OnSendDrained(IChannel raw) => channel.HandleRawDrained();

        public void OnFailed(IChannel raw, TransportFault fault) => channel.HandleRawFailed(fault);
    }
}

using System.Net;

namespace Proxy.Transport.Dials;

/// <summary>Whom a dial tells its result, on the loop's thread, once, never from inside a call into the dialer.</summary>
public interface IDialHandler
{
    /// <summary>
    /// The first channel that connected; receiving is paused. Whoever owns it from now on puts its own <see cref="IChannel.Handler"/> on it
    /// during this call: then no call of the channel is lost.
    /// </summary>
    void OnDialed(Dialer dialer, IChannel channel);

    /// <summary>An attempt on one address failed; others may be under way or follow.</summary>
    void OnAttemptFailed(IPEndPoint endPoint, TransportFault fault);

    void OnDialFailed(Dialer dialer, DialFailure failure);
}

/// <summary>
/// Connects to whichever of several addresses of one name answers first: the shell of <see cref="HappyEyeballs"/> on a loop. For the loop's
/// thread only.
/// </summary>
public sealed class Dialer : IThreadPoolWorkItem
{
    private readonly IIoLoop _loop;
    private readonly TcpOptions _options;
    private readonly IDialHandler _handler;
    private readonly bool _isUdp;
    private readonly SourceAddresses _sources;
    private readonly HappyEyeballs _engine;
    private readonly IDeadline _deadline;
    private readonly List<Attempt> _attempts = [];
    private bool _isOver;

    private Dialer(IIoLoop loop, IEnumerable<IPEndPoint> endPoints, TcpOptions options, DialSettings settings, IDialHandler handler)
    {
        (_loop, _options, _handler, _isUdp, _sources) = (loop, options, handler, settings.IsUdp, settings.Sources);
        _engine = new HappyEyeballs(endPoints, settings, loop.NowMicroseconds);
        _deadline = loop.CreateDeadline(Advance);
    }

    /// <summary>Begins; the result comes to <paramref name="handler"/> in a later turn, whatever it is.</summary>
    public static Dialer Start(IIoLoop loop, IEnumerable<IPEndPoint> endPoints, TcpOptions options, DialSettings settings, IDialHandler handler)
    {
        ArgumentNullException.ThrowIfNull(loop);
        var dialer = new Dialer(loop, endPoints, options, settings, handler);
        loop.Post(dialer);
        return dialer;
    }

    /// <summary>Gives up. No handler call comes after it.</summary>
    public void Cancel() => End(winner: null);

    void IThreadPoolWorkItem.Execute() => Advance();

    private void Advance()
    {
        if (_isOver)
        {
            return;
        }

        while (_engine.TryTakeAttempt(_loop.NowMicroseconds, out var endPoint))
        {
            _attempts.Add(new Attempt(this, endPoint));
        }

        if (_engine.HasFailed(_loop.NowMicroseconds))
        {
            End(winner: null);
            _handler.OnDialFailed(this, _engine.Failure());
        }
        else
        {
            _deadline.Set(_engine.DueMicroseconds);
        }
    }

    private void HandleConnected(IChannel channel)
    {
        End(winner: channel);
        _handler.OnDialed(this, channel);
    }

    private void HandleFailed(Attempt attempt, TransportFault fault)
    {
        if (!_isOver)
        {
            _attempts.Remove(attempt);
            _engine.HandleFailed(attempt.EndPoint, fault, _loop.NowMicroseconds);
            _handler.OnAttemptFailed(attempt.EndPoint, fault);
            Advance();
        }
    }

    private void End(IChannel? winner)
    {
        if (_isOver)
        {
            return;
        }

        _isOver = true;
        _deadline.Cancel();
        foreach (var attempt in _attempts)
        {
            if (attempt.Channel != winner)
            {
                attempt.Channel.Abort();
            }
        }

        _attempts.Clear();
    }

    private sealed class Attempt : IChannelHandler
    {
        private readonly Dialer _dialer;

        public Attempt(Dialer dialer, IPEndPoint endPoint)
        {
            (_dialer, EndPoint) = (dialer, endPoint);
            var source = dialer._sources.For(endPoint.Address);
            Channel = dialer._isUdp ? UdpConnection.Connect(dialer._loop, endPoint, source, this)
                : dialer._loop.Connect(endPoint, source is null ? dialer._options : dialer._options with { Source = source }, this);
        }

        public IPEndPoint EndPoint { get; }

        public IChannel Channel { get; }

        public void OnConnected(IChannel channel) => _dialer.HandleConnected(channel);

        public void OnFailed(IChannel channel, TransportFault fault) => _dialer.HandleFailed(this, fault);

        public void OnReceived(IChannel channel, ReadOnlySpan<byte> bytes) => throw NotOurs();

        public void OnEndOfStream(IChannel channel) => throw NotOurs();

        public void OnSendDrained(IChannel channel) => throw NotOurs();

        // Receiving is paused and nothing is sent, so only an owner that did not put its own handler on the channel brings these about.
        private static InvalidOperationException NotOurs() => new("A dialed channel is used, but still has the dialer's handler.");
    }
}

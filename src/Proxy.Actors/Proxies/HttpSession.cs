using Proxy.Kernel;
using Proxy.Protocol;
using Proxy.Protocol.Chains;
using Proxy.Protocol.Ends;
using Proxy.Protocol.Http;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>
/// A client that speaks HTTP to a forward proxy: reads its requests one after the other, passes each to a connection to its destination
/// (<see cref="HttpLeg"/>), which is used again as long as the destination stays the same, and passes the response back. One request is on its
/// way at a time; what a client sends ahead waits unread. For the loop's thread only; the owner hears of it in messages.
/// </summary>
internal sealed partial class HttpSession : IChannelHandler
{
    private readonly IIoLoop _loop;
    private readonly IChannel _client;
    private readonly IActorRef _owner;
    private readonly ForwardProxy _proxy;
    private readonly ForwardProxy.Guard _guard;
    private readonly ConnectionTimeouts _timeouts;
    private readonly IDeadline _deadline;
    private byte[] _unread = [];
    private Exchange? _exchange;                  // null between two requests
    private HttpLeg? _leg;
    private bool _isClientFinished;

    public HttpSession(IIoLoop loop, IChannel client, IActorRef owner, ForwardProxy proxy, ForwardProxy.Guard guard, ConnectionTimeouts timeouts)
    {
        (_loop, _client, _owner, _proxy, _guard, _timeouts) = (loop, client, owner, proxy, guard, timeouts);
        _deadline = loop.CreateDeadline(HandleDeadline);
    }

    /// <summary>A connection is wanted for a leg, which begins with these bytes.</summary>
    internal sealed record Wants(HttpLeg Leg, string? User, byte[] Early);

    /// <summary>The client asked for a tunnel of bytes; its channel is nobody's now.</summary>
    internal sealed record Tunnel(Destination Destination, string? User, byte[] Unread);

    /// <summary>Nothing more comes of this client, and its channel is nobody's.</summary>
    /// <param name="Reason"><see cref="EndReason.Completed"/>: there is nothing to say.</param>
    internal sealed record Over(EndReason Reason, string Detail);

    /// <summary>The client failed; null: it did not.</summary>
    public TransportFault? Fault { get; private set; }

    /// <summary>Whether the channel is not the session's any more.</summary>
    public bool IsOver { get; private set; }

    /// <summary>From now on the channel is the session's.</summary>
    /// <param name="unread">What the client has sent.</param>
    /// <param name="dueMicroseconds">When the first request has to be complete.</param>
    public void Begin(byte[] unread, long dueMicroseconds)
    {
        _client.Handler = this;
        _deadline.Set(dueMicroseconds);
        ReadRequest(unread);
        SetReceiving();
    }

    /// <summary>The owner ends.</summary>
    public void Abort()
    {
        if (!IsOver)
        {
            End(EndReason.KilledLocally, "");
            _client.Abort();
        }
    }

    public bool HasUnsentOf(HttpLeg leg) => leg == _leg && !IsOver && _client.HasUnsent;

    public void SetReceiving()
    {
        if (IsOver)
        {
            return;
        }

        if (_exchange is null || (_leg is { WantsReceive: true } && _unread.Length == 0))
        {
            _client.ResumeReceive();
        }
        else
        {
            _client.PauseReceive();
        }
    }

    void IChannelHandler.OnConnected(IChannel channel)
    {
        // It was connected before.
    }

    void IChannelHandler.OnReceived(IChannel channel, ReadOnlySpan<byte> bytes)
    {
        if (IsOver)
        {
            // A tunnel was asked for a moment ago, and receiving was paused.
            return;
        }

        if (_exchange is { } exchange)
        {
            PassBody(exchange, bytes);
        }
        else
        {
            ReadRequest([.. _unread, .. bytes]);
        }

        SetReceiving();
    }

    void IChannelHandler.OnEndOfStream(IChannel channel)
    {
        _isClientFinished = true;
        if (_exchange is null)
        {
            EndAtRest();
        }
        else if (!_exchange.Request.IsComplete)
        {
            EndWithReset(EndReason.ResetByClient, "the client closed before its request was complete");
        }
    }

    void IChannelHandler.OnSendDrained(IChannel channel) => _leg?.TellDrained();

    void IChannelHandler.OnFailed(IChannel channel, TransportFault fault)
    {
        Fault = fault;
        if (!IsOver)
        {
            End(_exchange is null && _unread.Length == 0 ? EndReason.Completed : EndReason.ResetByClient, fault.Text);
        }
    }

    private void ReadRequest(byte[] bytes)
    {
        _unread = bytes;
        switch (HttpRequestHead.TryRead(bytes, out var consumed, out var head, out var broken))
        {
            case ReadStatus.Malformed:
                Refuse(HttpAnswers.StatusOf(broken), $"HTTP: {broken}", EndReason.BadHeader);
                break;
            case ReadStatus.Done:
                _deadline.Cancel();
                HandleRequest(head!, bytes.AsSpan(consumed));
                break;
            case var _ when _isClientFinished:
                EndAtRest();
                break;
        }
    }

    private void HandleRequest(HttpRequestHead head, ReadOnlySpan<byte> rest)
    {
        string? user = null;
        if (_proxy.AsksWho && !IsKnown(head.Credentials, out user))
        {
            Refuse(HttpAnswers.AuthenticationRequired, _guard.Problem, EndReason.Unauthenticated, head.Method);
            return;
        }

        if (head.IsConnect)
        {
            _client.PauseReceive();
            LeaveLeg();
            IsOver = true;
            _owner.Tell(new Tunnel(head.Destination, user, rest.ToArray()), ActorRefs.NoSender);
            return;
        }

        var exchange = new Exchange(head, user);
        var count = exchange.Request.Take(rest);
        if (exchange.Request.BrokenRule != HttpRule.None)
        {
            Refuse(HttpAnswers.StatusOf(exchange.Request.BrokenRule), $"HTTP: {exchange.Request.BrokenRule}", EndReason.BadHeader);
            return;
        }

        exchange.Early = [.. head.ToOrigin(_proxy.Via), .. rest[..count]];
        _exchange = exchange;
        _unread = rest[count..].ToArray();
        if (_leg is { IsGone: false } leg && leg.Destination == head.Destination)
        {
            leg.IsReused = true;
            leg.Pass(exchange.Early);
            return;
        }

        LeaveLeg();
        OpenLeg(exchange);
    }

    private bool IsKnown(byte[]? credentials, out string? user)
    {
        user = null;
        var colon = credentials is null ? -1 : credentials.AsSpan().IndexOf((byte)':');
        if (colon < 0)
        {
            _guard.NoteUnasked();
            return false;
        }

        user = WireText.Read(credentials.AsSpan(0, colon));
        return _guard.IsRight(credentials.AsSpan(0, colon), credentials.AsSpan(colon + 1));
    }

    private void OpenLeg(Exchange exchange)
    {
        _leg = new HttpLeg(_loop, this, exchange.Head.Destination);
        _owner.Tell(new Wants(_leg, exchange.User, exchange.Early), ActorRefs.NoSender);
    }

    private void PassBody(Exchange exchange, ReadOnlySpan<byte> bytes)
    {
        var count = exchange.Request.Take(bytes);
        if (exchange.Request.BrokenRule != HttpRule.None)
        {
            Refuse(HttpAnswers.StatusOf(exchange.Request.BrokenRule), $"HTTP: {exchange.Request.BrokenRule}", EndReason.BadHeader);
            return;
        }

        _unread = [.. _unread, .. bytes[count..]];
        exchange.HasBodyFollowed |= count > 0;
        _leg!.Pass(bytes[..count]);
    }

    private void HandleDeadline()
    {
        if (_unread.Length > 0)
        {
            Refuse(HttpAnswers.RequestTimeout, "the request did not come in time", EndReason.HeaderTimeout);
        }
        else
        {
            EndAtRest();
        }
    }
}

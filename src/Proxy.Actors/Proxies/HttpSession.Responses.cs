using Proxy.Protocol;
using Proxy.Protocol.Ends;
using Proxy.Protocol.Http;

namespace Proxy.Actors;

// What comes back from a destination.
internal sealed partial class HttpSession
{
    /// <summary>Bytes for the client; false: it has not taken all.</summary>
    public bool TakeResponse(HttpLeg leg, ReadOnlySpan<byte> bytes)
    {
        if (leg != _leg || IsOver)
        {
            return true;
        }

        if (_exchange is not { } exchange)
        {
            // Nobody has asked for these: what follows could be taken for an answer.
            LeaveLeg();
            return true;
        }

        if (exchange.Response is null)
        {
            bytes = (byte[])[.. exchange.ResponseUnread, .. bytes];
            if (!TryReadHead(exchange, ref bytes))
            {
                return IsOver || !_client.HasUnsent;
            }
        }

        var count = exchange.Response!.Take(bytes);
        var isTaken = count == 0 ? !_client.HasUnsent : _client.Send(bytes[..count]);
        if (exchange.Response.BrokenRule != HttpRule.None)
        {
            EndWithReset(EndReason.ResetByUpstream, $"HTTP: the response breaks {exchange.Response.BrokenRule}");
        }
        else if (exchange.Response.IsComplete)
        {
            exchange.IsLegKept &= count == bytes.Length;
            FinishExchange(exchange);
        }

        return IsOver || isTaken;
    }

    /// <summary>The destination has finished sending, or the connection there is over.</summary>
    public void HandleLegEnded(HttpLeg leg)
    {
        if (leg != _leg || IsOver)
        {
            return;
        }

        var exchange = _exchange;
        if (exchange is null)
        {
            LeaveLeg();
        }
        else if (exchange.Response is null)
        {
            HandleUnanswered(exchange, leg);
        }
        else if (exchange.IsUntilClose && !leg.IsGone)
        {
            exchange.IsLegKept = false;
            FinishExchange(exchange);
        }
        else
        {
            EndWithReset(EndReason.ResetByUpstream, "the response ended before it was complete");
        }
    }

    /// <summary>False: it is not complete, or no response.</summary>
    private bool TryReadHead(Exchange exchange, ref ReadOnlySpan<byte> bytes)
    {
        while (true)
        {
            switch (HttpResponseHead.TryRead(bytes, exchange.Head.Method, out var consumed, out var head, out var broken))
            {
                case ReadStatus.NeedMore:
                    exchange.ResponseUnread = bytes.ToArray();
                    return false;
                case ReadStatus.Malformed:
                    Refuse(HttpAnswers.BadGateway, $"HTTP: the response of {exchange.Head.Destination} breaks {broken}", EndReason.ResetByUpstream);
                    return false;
            }

            bytes = bytes[consumed..];
            if (head!.IsInterim)
            {
                if (!exchange.Head.IsVersion10)
                {
                    exchange.HasInterimGone = true;
                    _client.Send(head.ToClient(isLast: false, _proxy.Via));
                }

                continue;
            }

            if (head.Status == SwitchingProtocols)
            {
                Refuse(HttpAnswers.BadGateway, $"HTTP: {exchange.Head.Destination} switches to a protocol that it was not asked for", EndReason.ResetByUpstream);
                return false;
            }

            var isRequestSent = exchange.Request.IsComplete;
            exchange.IsUntilClose = head.Body.Kind == HttpBodyKind.UntilClose;
            exchange.IsLast = !isRequestSent || exchange.IsUntilClose || exchange.Head.IsVersion10 || !exchange.Head.IsPersistent || _isClientFinished;
            exchange.IsLegKept = isRequestSent && head.IsPersistent;
            exchange.Response = new HttpBodyReader(head.Body);
            _client.Send(head.ToClient(exchange.IsLast, _proxy.Via));
            return true;
        }
    }

    private void HandleUnanswered(Exchange exchange, HttpLeg leg)
    {
        if (leg is { IsReused: true, Reason: EndReason.None } && exchange is { HasBodyFollowed: false, ResponseUnread.Length: 0, HasInterimGone: false })
        {
            // The destination had closed what it had kept open, before it saw this request.
            LeaveLeg();
            OpenLeg(exchange);
            return;
        }

        var isTold = leg.Reason != EndReason.None;
        Refuse(
            isTold ? HttpAnswers.StatusOf(leg.Reason) : HttpAnswers.BadGateway,
            isTold ? leg.ReasonText : $"{exchange.Head.Destination} closed the connection without a response",
            isTold ? EndReason.Completed : EndReason.ResetByUpstream);
    }

    private void FinishExchange(Exchange exchange)
    {
        _exchange = null;
        if (!exchange.IsLegKept)
        {
            LeaveLeg();
        }

        if (exchange.IsLast || _isClientFinished)
        {
            _unread = [];
            End(EndReason.Completed, "");
            if (exchange.Request.IsComplete)
            {
                _client.Close();
            }
            else
            {
                Farewell.Say(_loop, _client);
            }

            return;
        }

        _deadline.Set(_loop.NowMicroseconds + (long)(_unread.Length > 0 ? _timeouts.Header : KeepAlive).TotalMicroseconds);
        _loop.Post(new HttpLeg.Turn(GoOn));
    }

    /// <summary>What the client has sent ahead; in a turn of its own, as it may call back into the leg that has just given the response.</summary>
    private void GoOn()
    {
        if (_exchange is not null || IsOver)
        {
            return;
        }

        if (_unread.Length > 0)
        {
            ReadRequest(_unread);
        }

        SetReceiving();
    }

    private const int SwitchingProtocols = 101;

    // Between two requests a client's connection is held as long as browsers expect.
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(60);
}

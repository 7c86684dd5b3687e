namespace Proxy.Transport;

internal abstract partial class TcpChannel
{
    // Whether the owner closed it while it was connecting, with bytes kept: it connects, sends and lingers.
    private bool _isClosing;
    private IDeadline? _lingerEnd;

    /// <summary>Whether the owner has let go of it, or it is gone by itself: nobody is told anything, and commands do nothing.</summary>
    private bool IsClosed => _isClosing || Phase == ChannelPhase.Gone;

    public void Abort()
    {
        if (!IsClosed)
        {
            Release(withReset: true);
        }
    }

    // After the peer's end of stream the socket is closed at once, and the kernel sends what it has. Before that, closing would make the kernel
    // answer unread bytes with a reset that overtakes our own last bytes; so what still comes is read and dropped until the peer ends too,
    // or the linger time is over.
    public void Close()
    {
        if (IsClosed)
        {
            return;
        }

        _isClosing = true;
        OnHandlerLeaves();
        OnLastBytesGiven();
        if (Phase == ChannelPhase.Open)
        {
            BeginLinger();
        }
        else if (IsAllSent)
        {
            Release(withReset: false);
        }

        if (Phase != ChannelPhase.Gone)
        {
            _lingerEnd = _loop.CreateDeadline(() => Release(withReset: true));
            _lingerEnd.Set(_loop.NowMicroseconds + (long)_loop.Settings.Linger.TotalMicroseconds);
        }
    }

    /// <summary>The loop ends: nobody will send the rest of this stream, and a reset is the word for that.</summary>
    public void Dispose() => Release(withReset: true);

    /// <summary>Closes the socket and lets go of everything; the channel is gone.</summary>
    protected abstract void CloseSocket(bool withReset);

    private void BeginLinger()
    {
        Phase = ChannelPhase.Lingering;
        if (HasPeerEnded && IsAllSent)
        {
            Release(withReset: false);
            return;
        }

        _isShutdownAsked = true;
        ShutdownWhenSent();
        PostTurn();
    }

    private void EndLingerWhenDone()
    {
        if (HasPeerEnded && IsAllSent)
        {
            Release(withReset: false);
        }
    }

    protected void FailInNextTurn(TransportFault fault)
    {
        _untoldFault ??= fault;
        PostTurn();
    }

    /// <summary>
    /// A fault was found by sending, and what the peer sent before it may not have been read yet: it is the handler's still, as far as that
    /// wants it now. May find the fault too.
    /// </summary>
    protected virtual void ReadRest()
    {
    }

    /// <summary>Does nothing when it is gone already.</summary>
    protected void Fail(TransportFault fault)
    {
        if (Phase == ChannelPhase.Gone)
        {
            return;
        }

        var isOwned = !IsClosed;
        Release(withReset: false);
        if (isOwned)
        {
            Handler.OnFailed(this, fault);
        }
    }

    /// <summary>A handler threw: the channel is reset, and its owner is told, unless it had let go of the channel before it threw.</summary>
    protected void FailForHandler(Exception failure)
    {
        _loop.ReportFailure(failure);
        if (IsClosed)
        {
            return;
        }

        Release(withReset: true);
        try
        {
            Handler.OnFailed(this, new TransportFault(TransportFaultKind.Other, "a handler failed: " + failure.Message));
        }
        catch (Exception second)
        {
            _loop.ReportFailure(second);
        }
    }

    private void Release(bool withReset)
    {
        if (Phase == ChannelPhase.Gone)
        {
            return;
        }

        Phase = ChannelPhase.Gone;
        _lingerEnd?.Cancel();
        _loop.Counters.OpenChannels--;
        CloseSocket(withReset);
    }
}

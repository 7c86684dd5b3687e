namespace Proxy.Transport.Tls;

public sealed partial class TlsChannel
{
    // Whether the owner closed it before hands were shaken, with bytes kept: it shakes hands, sends and closes.
    private bool _isClosing;

    /// <summary>Whether the owner has let go of it, or it is gone by itself: nobody is told anything, and commands do nothing.</summary>
    private bool IsClosed => _isClosing || _phase == Phase.Gone;

    public void Abort()
    {
        if (!IsClosed)
        {
            Release();
            _raw.Abort();
        }
    }

    public void Close()
    {
        if (IsClosed)
        {
            return;
        }

        if (_phase == Phase.Open)
        {
            Finish();
        }
        else if (_kept.IsEmpty)
        {
            Release();
            _raw.Close();
        }
        else
        {
            _isClosing = true;
            SetDeadline();
        }
    }

    /// <summary>Says the last word, if it was not said, and leaves the rest to the channel below.</summary>
    private void Finish()
    {
        if (!_isEndSent)
        {
            SendEnd();
        }

        Release();
        _raw.Close();
    }

    private void HandleRawFailed(TransportFault fault)
    {
        var isOwned = !IsClosed;
        Release();
        if (isOwned)
        {
            Handler.OnFailed(this, fault);
        }
    }

    private void FailInNextTurn(TransportFault fault)
    {
        _untoldFault ??= fault;
        PostTurn();
    }

    /// <summary>Ends it with a reset, for a peer that is not to be trusted any more.</summary>
    private void Fail(TransportFault fault)
    {
        var isOwned = !IsClosed;
        Release();
        _raw.Abort();
        if (isOwned)
        {
            Handler.OnFailed(this, fault);
        }
    }

    /// <summary>Ends it so that the peer still gets the alert that says why.</summary>
    private void FailInOrder(TransportFault fault)
    {
        var isOwned = !IsClosed;
        Release();
        _raw.Close();
        if (isOwned)
        {
            Handler.OnFailed(this, fault);
        }
    }

    private void FailForHandler(Exception failure)
    {
        if (!IsClosed)
        {
            Fail(new TransportFault(TransportFaultKind.Other, "a handler failed: " + failure.Message));
        }
    }

    private void Release()
    {
        var phase = _phase;
        _phase = Phase.Gone;
        _deadline.Cancel();
        _kept.Clear();
        _stream.Fail("the channel is gone");
        _stream.Wake();
        if (phase is Phase.Waiting or Phase.Open || _isHandshakeDone)
        {
            _tls.Dispose();
        }
    }
}

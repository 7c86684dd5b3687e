namespace Proxy.Transport;

internal abstract partial class TcpChannel
{
    private bool _isShutdownAsked;
    private bool _isShutdownDone;

    public bool HasUnsent => !IsClosed && !IsAllSent;

    protected KeptBytes Kept { get; }

    /// <summary>Whether the owner has ended our direction.</summary>
    protected bool IsShutdownAsked => _isShutdownAsked;

    /// <summary>Whether the kernel has taken all that was to be sent.</summary>
    protected virtual bool IsAllSent => Kept.IsEmpty;

    public bool Send(ReadOnlySpan<byte> bytes) => Send(bytes, isMoreAtHand: false);

    /// <summary>As <see cref="IChannel.Send"/>; with more at hand, a backend may let the last of the bytes wait for it.</summary>
    protected bool Send(ReadOnlySpan<byte> bytes, bool isMoreAtHand)
    {
        if (IsClosed)
        {
            return true;
        }

        if (_isShutdownAsked)
        {
            throw new InvalidOperationException("Bytes were sent after the end of the stream.");
        }

        if (HasUntoldFault)
        {
            return false;
        }

        if (Phase == ChannelPhase.Open && IsAllSent)
        {
            bytes = bytes[SendNow(bytes, isMoreAtHand)..];
            if (bytes.IsEmpty || HasUntoldFault)
            {
                return !HasUntoldFault;
            }
        }

        Kept.Append(bytes);
        OnKept();
        return false;
    }

    public void ShutdownSend()
    {
        if (IsClosed || _isShutdownAsked)
        {
            return;
        }

        _isShutdownAsked = true;
        OnLastBytesGiven();
        ShutdownWhenSent();
    }

    /// <summary>Sends what goes at once and gives how many bytes did; an error is told in the next turn.</summary>
    protected abstract int SendNow(ReadOnlySpan<byte> bytes, bool isMoreAtHand);

    /// <summary>Ends our direction of the socket (FIN). Null: it is done.</summary>
    protected abstract TransportFault? ShutdownSocket();

    /// <summary>There are kept bytes to be sent as soon as the socket takes them.</summary>
    protected virtual void OnKept()
    {
    }

    /// <summary>Nothing is to be sent but what is on its way.</summary>
    protected virtual void OnLastBytesGiven()
    {
    }

    /// <summary>The last of the kept bytes has gone.</summary>
    protected void HandleAllSent()
    {
        ShutdownWhenSent();
        if (Phase == ChannelPhase.Lingering)
        {
            EndLingerWhenDone();
        }
        else
        {
            Handler.OnSendDrained(this);
        }
    }

    private void ShutdownWhenSent()
    {
        if (!_isShutdownAsked || _isShutdownDone || Phase == ChannelPhase.Connecting || !IsAllSent)
        {
            return;
        }

        _isShutdownDone = true;
        if (ShutdownSocket() is { } fault)
        {
            FailInNextTurn(fault);
        }
    }
}

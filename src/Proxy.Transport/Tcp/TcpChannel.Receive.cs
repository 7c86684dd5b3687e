namespace Proxy.Transport;

internal abstract partial class TcpChannel
{
    // Fairness: 2 × 256 KiB of one connection, received and sent again, are about 0.3 ms; then the others' turn.
    private const int ReadsPerTurn = 2;
    private bool _isPaused = true;

    /// <summary>Whether a read may find something: the socket has said so, and no read has emptied it since.</summary>
    protected bool IsReadable { get; set; }

    /// <summary>Whether the end of the peer's direction was read.</summary>
    protected bool HasPeerEnded { get; private set; }

    protected bool MayRead => Phase == ChannelPhase.Lingering || (Phase == ChannelPhase.Open && !_isPaused);

    public void ResumeReceive()
    {
        _isPaused = false;
        if (Phase == ChannelPhase.Open && IsReadable)
        {
            PostTurn();
        }
    }

    public void PauseReceive() => _isPaused = true;

    /// <summary>Reads once, from a socket that may have something. False: there is a reason to leave the rest for later.</summary>
    protected abstract bool TryReadOnce();

    /// <summary>Reads what may be read.</summary>
    protected virtual void ReadTurn()
    {
        for (var reads = 0; IsReadable && MayRead; reads++)
        {
            if (reads == ReadsPerTurn)
            {
                PostTurn();
                return;
            }

            if (!TryReadOnce())
            {
                return;
            }
        }
    }

    /// <summary>Bytes were read. While lingering they are dropped.</summary>
    protected void HandleReceived(ReadOnlySpan<byte> bytes)
    {
        if (Phase == ChannelPhase.Open)
        {
            Handler.OnReceived(this, bytes);
        }
    }

    protected void HandleEndOfStream()
    {
        IsReadable = false;
        HasPeerEnded = true;
        if (Phase == ChannelPhase.Lingering)
        {
            EndLingerWhenDone();
        }
        else
        {
            Handler.OnEndOfStream(this);
        }
    }
}

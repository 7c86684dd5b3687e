using static Proxy.Transport.Epoll.LinuxConstants;

namespace Proxy.Transport.Epoll;

internal sealed partial class EpollChannel
{
    // Fairness: 2 × 256 KiB of one connection, received and sent again, are about 0.3 ms; then the others' turn.
    private const int ReadsPerTurn = 2;
    private bool _isPaused = true;

    // Whether a read may find something: an edge has come, and no read has emptied the socket since.
    private bool _isReadable;

    // Whether an edge has told of an end (FIN or reset), which may lie right behind the bytes. No other edge comes for it, so a short read
    // does not mean that nothing is left, and reading goes on until the end is found.
    private bool _isEndNear;

    // Whether an edge has told of an error that nobody has taken off the socket yet.
    private bool _hasError;
    private bool _hasPeerEnded;

    private bool MayRead => _phase == Phase.Lingering || (_phase == Phase.Open && !_isPaused);

    public void ResumeReceive()
    {
        _isPaused = false;
        if (_phase == Phase.Open && _isReadable)
        {
            PostTurn();
        }
    }

    public void PauseReceive() => _isPaused = true;

    private void NoteReadiness(uint events)
    {
        var isEnd = (events & (EpollPeerHangUp | EpollHangUp | EpollError)) != 0;
        _isEndNear |= isEnd;
        _hasError |= (events & EpollError) != 0;
        _isReadable |= !_hasPeerEnded && (isEnd || (events & EpollIn) != 0);
    }

    private void ReadOrDiscard()
    {
        for (var reads = 0; _isReadable && MayRead; reads++)
        {
            if (reads == ReadsPerTurn)
            {
                PostTurn();
                return;
            }

            if (!IsSplicing())
            {
                ReadOnce();
            }
            else if (_spliceSink!.IsAllSent)
            {
                SpliceOnce();
            }
            else
            {
                // The sink has told that it keeps bytes, and its drain brings us back.
                return;
            }
        }
    }

    private unsafe void ReadOnce()
    {
        var buffer = _loop.ReadBuffer;
        nint count;
        fixed (byte* start = buffer)
        {
            count = Libc.Receive(_descriptor, start, (nuint)buffer.Length, 0);
        }

        if (count > 0)
        {
            _isReadable = count == buffer.Length || _isEndNear;
            NoteRead((int)count);
            if (_phase == Phase.Open)
            {
                _handler.OnReceived(this, buffer.AsSpan(0, (int)count));
            }
        }
        else if (count == 0)
        {
            HandleEndOfStream();
        }
        else
        {
            HandleReadError(Errno.Last);
        }
    }

    private void HandleReadError(int error)
    {
        if (error == Errno.Again)
        {
            _isReadable = false;
        }
        else if (error != Errno.Interrupted)
        {
            Fail(Errno.ToFault(error));
        }
    }

    private void HandleEndOfStream()
    {
        _isReadable = false;
        _hasPeerEnded = true;
        if (_phase == Phase.Lingering)
        {
            EndLingerWhenDone();
        }
        else
        {
            _handler.OnEndOfStream(this);
        }
    }

    private void FailIfReset()
    {
        _hasError = false;
        var error = EpollSockets.TakeError(_descriptor);
        if (error != 0)
        {
            Fail(Errno.ToFault(error));
        }
    }
}

using static Proxy.Transport.Epoll.LinuxConstants;

namespace Proxy.Transport.Epoll;

internal sealed partial class EpollChannel
{
    // Whether an edge has told of an end (FIN or reset), which may lie right behind the bytes. No other edge comes for it, so a short read
    // does not mean that nothing is left, and reading goes on until the end is found.
    private bool _isEndNear;

    // Whether an edge has told of an error that nobody has taken off the socket yet.
    private bool _hasError;

    // Whether a send has taken the reset off the socket: then a read says end of stream where there was none.
    private bool _isResetTaken;

    // Behind an end that the kernel has told of there is at least that end; a full buffer alone may have been all.
    public bool IsMoreAtHand => _isEndNear && IsReadable;

    private void NoteReadiness(uint events)
    {
        var isEnd = (events & (EpollPeerHangUp | EpollHangUp | EpollError)) != 0;
        _isEndNear |= isEnd;
        _hasError |= (events & EpollError) != 0;
        IsReadable |= !HasPeerEnded && (isEnd || (events & EpollIn) != 0);
    }

    protected override bool TryReadOnce()
    {
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
            return false;
        }

        return true;
    }

    protected override void ReadRest()
    {
        _isEndNear = true;
        IsReadable = !HasPeerEnded;
        for (var reads = 0; IsReadable && MayRead && reads < MostReadsOfRest && _outPipe is null; reads++)
        {
            ReadOnce();
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
            IsReadable = count == buffer.Length || _isEndNear;
            NoteRead((int)count);
            HandleReceived(buffer.AsSpan(0, (int)count));
        }
        else if (count == 0 && _isResetTaken)
        {
            IsReadable = false;
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
            IsReadable = false;
        }
        else if (error != Errno.Interrupted)
        {
            Fail(Errno.ToFault(error));
        }
    }

    // A whole receive buffer of the kernel, by our own buffer, is less than that; nothing comes after a fault.
    private const int MostReadsOfRest = 64;

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

using static Proxy.Transport.Epoll.LinuxConstants;

namespace Proxy.Transport.Epoll;

internal sealed partial class EpollChannel
{
    // Whether an edge has told of an end (FIN or reset), which may lie right behind the bytes. No other edge comes for it, so a short read
    // does not mean that nothing is left, and reading goes on until the end is found.
    private bool _isEndNear;

    // Whether an edge has told of an error that nobody has taken off the socket yet.
    private bool _hasError;

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

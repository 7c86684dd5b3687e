using System.Net.Sockets;

namespace Proxy.Transport.Portable;

internal sealed partial class PortableChannel
{
    // Fairness: 4 × 64 KiB of one connection, then the others' turn.
    private const int ReadsPerTurn = 4;
    private bool _isPaused = true;

    // Whether a read may find something: the wait has ended and no read has come up short since.
    private bool _isReadable;
    private bool _hasPeerEnded;

    public void ResumeReceive()
    {
        _isPaused = false;
        if (_phase == Phase.Open && _isReadable)
        {
            PostTurn();
        }
    }

    public void PauseReceive() => _isPaused = true;

    private void AwaitReadable()
    {
        _isReadable = false;
        if (!_receive.IsPending)
        {
            _receive.WaitReadable(_socket!);
        }
    }

    private void OnReadable()
    {
        try
        {
            if (_phase == Phase.Gone)
            {
                return;
            }

            if (_receive.SocketError != SocketError.Success)
            {
                Fail(SocketFaults.From(_receive.SocketError));
                return;
            }

            _isReadable = true;
            if (MayRead)
            {
                ReadOrDiscard();
            }
            else
            {
                FailIfReset();
            }
        }
        catch (Exception failure)
        {
            FailForHandler(failure);
        }
    }

    // A wait without a buffer ends well even for a reset; while paused, nobody else would look.
    private void FailIfReset()
    {
        _socket!.Receive(_loop.ReadBuffer.AsSpan(0, 1), SocketFlags.Peek, out var error);
        if (error is not (SocketError.Success or SocketError.WouldBlock))
        {
            Fail(SocketFaults.From(error));
        }
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

            ReadOnce();
        }
    }

    private bool MayRead => _phase == Phase.Lingering || (_phase == Phase.Open && !_isPaused);

    private void ReadOnce()
    {
        var count = _socket!.Receive(_loop.ReadBuffer, SocketFlags.None, out var error);
        if (error == SocketError.WouldBlock)
        {
            AwaitReadable();
        }
        else if (error != SocketError.Success)
        {
            Fail(SocketFaults.From(error));
        }
        else if (count == 0)
        {
            _isReadable = false;
            _hasPeerEnded = true;
            TellEndOfStream();
        }
        else
        {
            Deliver(count);
        }
    }

    private void Deliver(int count)
    {
        if (_phase == Phase.Open)
        {
            Handler.OnReceived(this, _loop.ReadBuffer.AsSpan(0, count));
        }

        // A short read has emptied the socket: waiting costs no more than reading again would.
        if (count < _loop.ReadBuffer.Length && _phase != Phase.Gone)
        {
            AwaitReadable();
        }
    }

    private void TellEndOfStream()
    {
        if (_phase == Phase.Lingering)
        {
            EndLingerWhenDone();
        }
        else
        {
            Handler.OnEndOfStream(this);
        }
    }
}

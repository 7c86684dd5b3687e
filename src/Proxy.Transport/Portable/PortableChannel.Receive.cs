using System.Net.Sockets;

namespace Proxy.Transport.Portable;

internal sealed partial class PortableChannel
{
    private void AwaitReadable()
    {
        IsReadable = false;
        if (!_receive.IsPending)
        {
            _receive.WaitReadable(_socket!);
        }
    }

    private void OnReadable()
    {
        try
        {
            if (Phase == ChannelPhase.Gone)
            {
                return;
            }

            if (_receive.SocketError != SocketError.Success)
            {
                Fail(SocketFaults.From(_receive.SocketError));
                return;
            }

            IsReadable = true;
            if (MayRead)
            {
                ReadTurn();
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

    protected override bool TryReadOnce()
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
            HandleEndOfStream();
        }
        else
        {
            Deliver(count);
        }

        return true;
    }

    private void Deliver(int count)
    {
        HandleReceived(_loop.ReadBuffer.AsSpan(0, count));

        // A short read has emptied the socket: waiting costs no more than reading again would.
        if (count < _loop.ReadBuffer.Length && Phase != ChannelPhase.Gone)
        {
            AwaitReadable();
        }
    }
}

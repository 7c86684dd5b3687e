using System.Net.Sockets;

namespace Proxy.Transport.Portable;

internal sealed partial class PortableChannel
{
    private readonly KeptBytes _kept;
    private bool _isShutdownAsked;
    private bool _isShutdownDone;

    public bool HasUnsent => !IsClosed && !_kept.IsEmpty;

    public bool Send(ReadOnlySpan<byte> bytes)
    {
        if (IsClosed)
        {
            return true;
        }

        if (_isShutdownAsked)
        {
            throw new InvalidOperationException("Bytes were sent after the end of the stream.");
        }

        if (_untoldFault is not null)
        {
            return false;
        }

        if (_phase == Phase.Open && _kept.IsEmpty)
        {
            bytes = bytes[SendNow(bytes)..];
            if (bytes.IsEmpty || _untoldFault is not null)
            {
                return _untoldFault is null;
            }
        }

        _kept.Append(bytes);
        SendKept();
        return false;
    }

    public void ShutdownSend()
    {
        if (IsClosed || _isShutdownAsked)
        {
            return;
        }

        _isShutdownAsked = true;
        ShutdownWhenSent();
    }

    private int SendNow(ReadOnlySpan<byte> bytes)
    {
        var count = _socket!.Send(bytes, SocketFlags.None, out var error);
        if (error is not (SocketError.Success or SocketError.WouldBlock))
        {
            FailInNextTurn(SocketFaults.From(error));
        }

        return count;
    }

    private void SendKept()
    {
        _send ??= new SocketOperation(_loop, OnConnectOrSendEnded);
        if (_phase != Phase.Connecting && !_kept.IsEmpty && !_send.IsPending)
        {
            _send.Send(_socket!, _kept.First);
        }

        ShutdownWhenSent();
    }

    private void OnSendEnded()
    {
        if (_send!.SocketError != SocketError.Success)
        {
            Fail(SocketFaults.From(_send.SocketError));
            return;
        }

        _kept.Advance(_send.BytesTransferred);
        SendKept();
        if (_kept.IsEmpty && _phase == Phase.Open)
        {
            Handler.OnSendDrained(this);
        }
        else if (_phase == Phase.Lingering)
        {
            EndLingerWhenDone();
        }
    }

    private void ShutdownWhenSent()
    {
        if (!_isShutdownAsked || _isShutdownDone || _phase == Phase.Connecting || !_kept.IsEmpty)
        {
            return;
        }

        _isShutdownDone = true;
        try
        {
            _socket!.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException failure)
        {
            FailInNextTurn(SocketFaults.From(failure.SocketErrorCode));
        }
    }
}

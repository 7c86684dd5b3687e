using System.Net.Sockets;

namespace Proxy.Transport.Portable;

internal sealed partial class PortableChannel
{
    protected override int SendNow(ReadOnlySpan<byte> bytes, bool isMoreAtHand)
    {
        var count = _socket!.Send(bytes, SocketFlags.None, out var error);
        if (error is not (SocketError.Success or SocketError.WouldBlock))
        {
            FailInNextTurn(SocketFaults.From(error));
        }

        return count;
    }

    protected override void OnKept()
    {
        _send ??= new SocketOperation(_loop, OnConnectOrSendEnded);
        if (Phase != ChannelPhase.Connecting && !Kept.IsEmpty && !_send.IsPending)
        {
            _send.Send(_socket!, Kept.First);
        }
    }

    protected override TransportFault? ShutdownSocket()
    {
        try
        {
            _socket!.Shutdown(SocketShutdown.Send);
            return null;
        }
        catch (SocketException failure)
        {
            return SocketFaults.From(failure.SocketErrorCode);
        }
    }

    private void OnSendEnded()
    {
        if (_send!.SocketError != SocketError.Success)
        {
            Fail(SocketFaults.From(_send.SocketError));
            return;
        }

        Kept.Advance(_send.BytesTransferred);
        if (Kept.IsEmpty)
        {
            HandleAllSent();
        }
        else
        {
            OnKept();
        }
    }
}

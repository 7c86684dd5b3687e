using System.Net.Sockets;

namespace Proxy.Transport.Portable;

internal sealed partial class PortableUdpEndpoint
{
    // Fairness: about 90 KB of full datagrams, then the others' turn.
    private const int DatagramsPerTurn = 64;

    void IThreadPoolWorkItem.Execute() => ReceiveTurn(SocketError.Success);

    // Waiting takes a pending error off the socket, so what the wait ended with is the only trace of it.
    private void OnReadable() => ReceiveTurn(_receive.SocketError);

    private void ReceiveTurn(SocketError waitError)
    {
        if (_isClosed)
        {
            return;
        }

        var isEmpty = false;
        var received = 0;
        try
        {
            TellError(waitError);
            while (!_isClosed && !isEmpty && received < DatagramsPerTurn)
            {
                isEmpty = !TryReceive();
                received++;
            }

            if (!_isClosed)
            {
                _handler.OnReceiveTurnEnded(this);
            }
        }
        finally
        {
            GoOn(isEmpty);
        }
    }

    private void GoOn(bool isEmpty)
    {
        if (_isClosed)
        {
            return;
        }

        if (isEmpty)
        {
            _receive.WaitReadable(_socket);
        }
        else
        {
            _loop.Post(this);
        }
    }

    /// <summary>Takes one datagram or one error. False: there was none.</summary>
    private bool TryReceive() => _remote is { } remote ? TryReceiveConnected(remote) : TryReceiveFromAnyone();

    private bool TryReceiveConnected(in UdpAddress remote)
    {
        var count = _socket.Receive(_loop.ReadBuffer, SocketFlags.None, out var error);
        if (error == SocketError.WouldBlock)
        {
            return false;
        }

        if (error == SocketError.Success)
        {
            Deliver(count, remote);
        }
        else
        {
            TellError(error);
        }

        return true;
    }

    // The call that gives the sender reports errors only by throwing; a poll before it keeps "nothing there" from being one.
    private bool TryReceiveFromAnyone()
    {
        if (!_socket.Poll(0, SelectMode.SelectRead))
        {
            return false;
        }

        int count;
        try
        {
            count = _socket.ReceiveFrom(_loop.ReadBuffer, SocketFlags.None, _from);
        }
        catch (SocketException failure)
        {
            // A datagram with a bad checksum was there for the poll and is gone for the read.
            return failure.SocketErrorCode != SocketError.WouldBlock;
        }

        Deliver(count, UdpAddress.From(_from));
        return true;
    }

    private void Deliver(int count, in UdpAddress from)
    {
        // An empty datagram has no place in a span of equal ones; no protocol of ours sends any.
        if (count > 0)
        {
            _handler.OnDatagrams(this, _loop.ReadBuffer.AsSpan(0, count), count, from);
        }
    }

    private void TellError(SocketError error)
    {
        if (_remote is not null && error != SocketError.Success)
        {
            _handler.OnSendRefused(this, SocketFaults.From(error));
        }
    }
}

using System.Net.Sockets;

namespace Proxy.Transport.Portable;

internal sealed partial class PortableUdpEndpoint
{
    // Whether the last send found the buffer full. .NET throws for that, so the next one asks before it sends.
    private bool _isFull;

    // A batch ends at its first error; what follows is dropped with it.
    public UdpSendStatus Send(ReadOnlySpan<byte> datagrams, int segmentSizeBytes, in UdpAddress to)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(segmentSizeBytes);
        if (_isClosed)
        {
            return UdpSendStatus.Failed;
        }

        if (_remote is null && !to.TryWriteTo(_to))
        {
            return UdpSendStatus.Unreachable;
        }

        if (_isFull && !_socket.Poll(0, SelectMode.SelectWrite))
        {
            return UdpSendStatus.WouldBlock;
        }

        var error = SendEach(datagrams, segmentSizeBytes);
        _isFull = error == SocketError.WouldBlock;
        return StatusOf(error);
    }

    private SocketError SendEach(ReadOnlySpan<byte> datagrams, int segmentSizeBytes)
    {
        var error = SocketError.Success;
        while (!datagrams.IsEmpty && error == SocketError.Success)
        {
            var size = Math.Min(segmentSizeBytes, datagrams.Length);
            error = SendOne(datagrams[..size]);
            datagrams = datagrams[size..];
        }

        return error;
    }

    private SocketError SendOne(ReadOnlySpan<byte> datagram)
    {
        if (_remote is not null)
        {
            _socket.Send(datagram, SocketFlags.None, out var error);
            return error;
        }

        try
        {
            _socket.SendTo(datagram, SocketFlags.None, _to);
            return SocketError.Success;
        }
        catch (SocketException failure)
        {
            return failure.SocketErrorCode;
        }
    }

    private UdpSendStatus StatusOf(SocketError error)
    {
        switch (error)
        {
            case SocketError.Success:
                return UdpSendStatus.Sent;
            case SocketError.WouldBlock or SocketError.NoBufferSpaceAvailable:
                return UdpSendStatus.WouldBlock;
            case SocketError.ConnectionRefused:
                return UdpSendStatus.Refused;
            case SocketError.NetworkUnreachable or SocketError.HostUnreachable or SocketError.NetworkDown or SocketError.HostDown:
                return UdpSendStatus.Unreachable;
            case SocketError.MessageSize:
                return UdpSendStatus.TooLarge;
            default:
                FailedSends++;
                return UdpSendStatus.Failed;
        }
    }
}

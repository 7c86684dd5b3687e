using static Proxy.Transport.Epoll.LinuxConstants;

namespace Proxy.Transport.Epoll;

internal sealed partial class EpollUdpEndpoint
{
    // Fairness: 64 datagrams, or four full batches of them, then the others' turn.
    private const int ReceivesPerTurn = 64;
    private const int BytesPerTurn = 256 << 10;

    // Room for one control message with an int, one with an address, and one that nobody asked for.
    private const int ControlBytes = 128;

    private void ReceiveTurn()
    {
        if (IsClosed || _isDeaf)
        {
            return;
        }

        var isEmpty = false;
        try
        {
            var bytes = 0;
            for (var receives = 0; !IsClosed && !isEmpty && receives < ReceivesPerTurn && bytes < BytesPerTurn; receives++)
            {
                isEmpty = !TryReceive(ref bytes);
            }

            if (!IsClosed)
            {
                _handler.OnReceiveTurnEnded(this);
            }
        }
        catch (Exception failure)
        {
            _loop.ReportFailure(failure);
        }
        finally
        {
            if (!isEmpty && !IsClosed)
            {
                _loop.Post(this);
            }
        }
    }

    /// <summary>Takes one batch or one error. False: there was none.</summary>
    private unsafe bool TryReceive(ref int bytes)
    {
        var buffer = _loop.ReadBuffer;
        var from = default(NativeAddress);
        var control = stackalloc byte[ControlBytes];
        nint count;
        var message = default(MessageHeader);
        fixed (byte* start = buffer)
        {
            var vector = new IoVector { Base = start, Length = (nuint)buffer.Length };
            message.Vectors = &vector;
            message.VectorCount = 1;
            if (_remote is null)
            {
                message.Name = (byte*)&from;
                message.NameBytes = NativeAddress.Size;
            }

            if (IsJoining || TellsOwnAddress || IsTransparent)
            {
                message.Control = control;
                message.ControlBytes = ControlBytes;
            }

            count = Libc.ReceiveMessage(_descriptor, &message, 0);
        }

        if (count < 0)
        {
            return HandleReceiveError(Errno.Last);
        }

        bytes += (int)count;
        var isWhole = (message.Flags & MessageTruncated) == 0;

        // An empty datagram has no place in a span of equal ones; no protocol of ours sends any.
        if (count > 0 && isWhole)
        {
            var segmentSizeBytes = IsJoining ? SegmentSizeOf(&message) : 0;
            OriginalDestination = IsTransparent ? PacketInfo.ReadDestination(&message) : null;
            ReceivedAt = TellsOwnAddress ? PacketInfo.Read(&message) : default;
            _handler.OnDatagrams(
                this,
                buffer.AsSpan(0, (int)count),
                segmentSizeBytes > 0 ? segmentSizeBytes : (int)count,
                _remote ?? from.ToUdpAddress());
        }

        return true;
    }

    /// <summary>What the kernel says of a batch that it has joined; 0 when it is a single datagram.</summary>
    private static unsafe int SegmentSizeOf(MessageHeader* message)
    {
        var data = ControlMessage.Find(message, UdpLevel, UdpGro, sizeof(int));
        return data is null ? 0 : *(int*)data;
    }

    /// <summary>False: there is nothing to receive. Errors of an unconnected socket concern nobody in particular.</summary>
    private bool HandleReceiveError(int error)
    {
        if (error == Errno.Again)
        {
            return false;
        }

        if (_remote is not null && error != Errno.Interrupted)
        {
            _handler.OnSendRefused(this, Errno.ToFault(error));
        }

        return true;
    }
}

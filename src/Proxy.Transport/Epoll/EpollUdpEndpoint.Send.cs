using static Proxy.Transport.Epoll.LinuxConstants;

namespace Proxy.Transport.Epoll;

internal sealed partial class EpollUdpEndpoint
{
    // What the kernel takes as one: UDP_MAX_SEGMENTS of old kernels, and the largest payload of an IPv4 datagram.
    private const int LargestBatchDatagrams = 64;
    private const int LargestBatchBytes = 65_507;

    // A batch ends at its first error; what follows is dropped with it.
    public unsafe UdpSendStatus Send(ReadOnlySpan<byte> datagrams, int segmentSizeBytes, in UdpAddress to)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(segmentSizeBytes);
        if (IsClosed)
        {
            return UdpSendStatus.Failed;
        }

        var address = default(NativeAddress);
        if (_remote is null && !address.TryWrite(to, _isIPv4))
        {
            return UdpSendStatus.Unreachable;
        }

        int error;
        fixed (byte* start = datagrams)
        {
            error = SendAll(start, datagrams.Length, segmentSizeBytes, _remote is null ? &address : null);
        }

        var status = Errno.ToSendStatus(error);
        FailedSends += status == UdpSendStatus.Failed ? 1 : 0;
        return status;
    }

    public unsafe UdpSendStatus SendFrom(UInt128 host, ReadOnlySpan<byte> datagram, in UdpAddress to)
    {
        if (host == default || !TellsOwnAddress)
        {
            return Send(datagram, Math.Max(1, datagram.Length), to);
        }

        var address = default(NativeAddress);
        if (IsClosed || !address.TryWrite(to, _isIPv4))
        {
            return IsClosed ? UdpSendStatus.Failed : UdpSendStatus.Unreachable;
        }

        int error;
        fixed (byte* start = datagram)
        {
            error = PacketInfo.Send(_descriptor, start, datagram.Length, &address, host, _isIPv4);
        }

        var status = Errno.ToSendStatus(error);
        FailedSends += status == UdpSendStatus.Failed ? 1 : 0;
        return status;
    }

    private unsafe int SendAll(byte* start, int count, int segmentSizeBytes, NativeAddress* to)
    {
        var batchBytes = Math.Min(LargestBatchDatagrams, LargestBatchBytes / segmentSizeBytes) * segmentSizeBytes;
        var error = 0;
        for (var sent = 0; sent < count && error == 0;)
        {
            var left = count - sent;
            var length = IsSegmenting && left > segmentSizeBytes && batchBytes > segmentSizeBytes
                ? Math.Min(left, batchBytes)
                : Math.Min(left, segmentSizeBytes);
            error = length <= segmentSizeBytes ? SendOne(start + sent, length, to) : SendBatch(start + sent, length, segmentSizeBytes, to);
            sent += length;
        }

        return error;
    }

    /// <summary>
    /// A network card without checksums answers a batch with EIO, for ever; a batch whose datagrams do not fit the path is EINVAL, and then
    /// the datagrams one by one tell what is wrong with them.
    /// </summary>
    private unsafe int SendBatch(byte* start, int count, int segmentSizeBytes, NativeAddress* to)
    {
        var error = UdpOffload.SendSegmented(_descriptor, start, count, (ushort)segmentSizeBytes, to);
        if (error is not (Errno.IoError or Errno.InvalidArgument))
        {
            return error;
        }

        if (error == Errno.IoError)
        {
            IsSegmenting = false;
            EpollLog.BatchesRefused(_loop.Settings.Logger, _loop.Name, LocalEndPoint.ToString(), Errno.ToFault(error).Text);
        }

        error = 0;
        for (var sent = 0; sent < count && error == 0; sent += segmentSizeBytes)
        {
            error = SendOne(start + sent, Math.Min(segmentSizeBytes, count - sent), to);
        }

        return error;
    }

    private unsafe int SendOne(byte* start, int count, NativeAddress* to)
    {
        var vector = new IoVector { Base = start, Length = (nuint)count };
        var message = new MessageHeader { Vectors = &vector, VectorCount = 1, Name = (byte*)to, NameBytes = to is null ? 0 : to->Bytes };
        return Libc.SendMessage(_descriptor, &message, NoSignal) >= 0 ? 0 : Errno.LastOfLongCall;
    }
}

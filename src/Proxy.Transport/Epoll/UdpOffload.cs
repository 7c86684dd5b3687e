using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using static Proxy.Transport.Epoll.LinuxConstants;

namespace Proxy.Transport.Epoll;

/// <summary>
/// What this kernel does for batches of datagrams, tried once over loopback: sending one buffer as many datagrams (UDP_SEGMENT, Linux 4.18)
/// and receiving many as one buffer (UDP_GRO, Linux 5.0).
/// </summary>
public static class UdpOffload
{
    private static readonly Lazy<(bool Segmenting, bool Joining)> Found = new(Probe);

    /// <summary>Whether one send may carry many datagrams.</summary>
    public static bool Segmenting => Found.Value.Segmenting;

    /// <summary>Whether one receive may return many datagrams.</summary>
    public static bool Joining => Found.Value.Joining;

    /// <summary>
    /// Sends equal datagrams, the last may be shorter, by one call. The size goes as a control message of that call and not as an option of
    /// the socket, so that senders of different sizes share it. Gives the error number, or 0.
    /// </summary>
    internal static unsafe int SendSegmented(int descriptor, byte* start, int count, ushort segmentSizeBytes, NativeAddress* to)
    {
        var control = new SegmentMessage
        {
            Header = new ControlMessage { Bytes = ControlMessage.HeaderBytes + sizeof(ushort), Level = UdpLevel, Type = UdpSegment },
            SizeBytes = segmentSizeBytes,
        };
        var vector = new IoVector { Base = start, Length = (nuint)count };
        var message = new MessageHeader
        {
            Vectors = &vector,
            VectorCount = 1,
            Name = (byte*)to,
            NameBytes = to is null ? 0 : to->Bytes,
            Control = (byte*)&control,
            ControlBytes = (nuint)sizeof(SegmentMessage),
        };
        return Libc.SendMessage(descriptor, &message, NoSignal) >= 0 ? 0 : Errno.LastOfLongCall;
    }

    private static unsafe (bool Segmenting, bool Joining) Probe()
    {
        if (EpollSockets.Create(AddressFamily.InterNetwork, DatagramNonBlocking, out var descriptor) != 0)
        {
            return default;
        }

        try
        {
            if (EpollSockets.Bind(descriptor, new IPEndPoint(IPAddress.Loopback, 0)) != 0 || NativeAddress.OfSocket(descriptor) is not { } self)
            {
                return default;
            }

            var isJoining = EpollSockets.SetOption(descriptor, UdpLevel, UdpGro, 1);
            var to = NativeAddress.From(self);
            var bytes = stackalloc byte[3];
            return (SendSegmented(descriptor, bytes, 3, segmentSizeBytes: 2, &to) == 0, isJoining);
        }
        finally
        {
            Libc.Close(descriptor);
        }
    }

    /// <summary>The control message UDP_SEGMENT; its length counts two bytes of data, the room up to the next multiple of eight.</summary>
    [StructLayout(LayoutKind.Sequential, Size = (int)ControlMessage.HeaderBytes + 8)]
    private struct SegmentMessage
    {
        public ControlMessage Header;
        public ushort SizeBytes;
    }
}

/// <summary>struct cmsghdr, as 64-bit Linux has it; the data follow it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ControlMessage
{
    public const nuint HeaderBytes = 16;
    public nuint Bytes;
    public int Level;
    public int Type;

    /// <summary>The data of the first control message of that kind which has so many bytes of them; null: there is none.</summary>
    public static byte* Find(MessageHeader* message, int level, int type, int dataBytes)
    {
        var at = message->Control;
        var left = message->ControlBytes;
        while (left >= HeaderBytes)
        {
            var header = (ControlMessage*)at;
            if (header->Bytes < HeaderBytes || header->Bytes > left)
            {
                return null;
            }

            if (header->Level == level && header->Type == type && header->Bytes >= HeaderBytes + (nuint)dataBytes)
            {
                return at + HeaderBytes;
            }

            // Each begins at a multiple of eight.
            var whole = Math.Min(left, (header->Bytes + 7) & ~(nuint)7);
            at += whole;
            left -= whole;
        }

        return null;
    }
}

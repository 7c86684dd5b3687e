using System.Runtime.InteropServices;

namespace Proxy.Transport.Epoll;

/// <summary>Linux's error numbers, and what they mean in our own words; the only place that knows both.</summary>
internal static class Errno
{
    public const int Interrupted = 4;
    public const int IoError = 5;
    public const int Again = 11;
    public const int AccessDenied = 13;
    public const int InvalidArgument = 22;
    public const int SystemFilesExhausted = 23;
    public const int FilesExhausted = 24;
    public const int BrokenPipe = 32;
    public const int NoSuchCall = 38;
    public const int MessageTooLong = 90;
    public const int AddressInUse = 98;
    public const int AddressNotAvailable = 99;
    public const int NetworkDown = 100;
    public const int NetworkUnreachable = 101;
    public const int ConnectionAborted = 103;
    public const int ConnectionReset = 104;
    public const int NoBuffers = 105;
    public const int NotConnected = 107;
    public const int TimedOut = 110;
    public const int ConnectionRefused = 111;
    public const int HostDown = 112;
    public const int HostUnreachable = 113;
    public const int InProgress = 115;

    private const int NotPermitted = 1;
    private const int OutOfMemory = 12;

    /// <summary>Why the short call just made has failed; to be asked before anything else is called.</summary>
    public static int Last => Marshal.GetLastSystemError();

    /// <summary>Why the long call just made has failed.</summary>
    public static int LastOfLongCall => Marshal.GetLastPInvokeError();

    public static TransportFault ToFault(int errno) => new(KindOf(errno), Marshal.GetPInvokeErrorMessage(errno));

    public static TransportFaultKind KindOf(int errno) => errno switch
    {
        0 => TransportFaultKind.None,
        ConnectionReset or ConnectionAborted or BrokenPipe or NotConnected => TransportFaultKind.Reset,
        ConnectionRefused => TransportFaultKind.Refused,
        NetworkUnreachable or HostUnreachable or NetworkDown or HostDown => TransportFaultKind.Unreachable,
        TimedOut => TransportFaultKind.TimedOut,
        AddressInUse => TransportFaultKind.AddressInUse,
        AddressNotAvailable or AccessDenied or NotPermitted => TransportFaultKind.AddressNotAvailable,
        FilesExhausted or SystemFilesExhausted or NoBuffers or OutOfMemory or Again => TransportFaultKind.Exhausted,
        _ => TransportFaultKind.Other,
    };

    /// <summary>What the sender of a datagram is told.</summary>
    public static UdpSendStatus ToSendStatus(int errno) => errno switch
    {
        0 => UdpSendStatus.Sent,
        Again or NoBuffers => UdpSendStatus.WouldBlock,
        ConnectionRefused => UdpSendStatus.Refused,
        NetworkUnreachable or HostUnreachable or NetworkDown or HostDown => UdpSendStatus.Unreachable,
        MessageTooLong => UdpSendStatus.TooLarge,
        _ => UdpSendStatus.Failed,
    };
}

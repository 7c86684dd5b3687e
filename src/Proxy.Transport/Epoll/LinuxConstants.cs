namespace Proxy.Transport.Epoll;

/// <summary>Numbers of Linux's headers, the same on x64 and arm64.</summary>
internal static class LinuxConstants
{
    // fcntl.h
    public const int DuplicateCloseOnExec = 1030;

    // sys/socket.h
    public const int AddressFamilyUnix = 1;
    public const int AddressFamilyIPv4 = 2;
    public const int AddressFamilyIPv6 = 10;
    public const int StreamNonBlocking = 1 | NonBlocking | CloseOnExec;
    public const int DatagramNonBlocking = 2 | NonBlocking | CloseOnExec;
    public const int NonBlocking = 0x800;
    public const int CloseOnExec = 0x80000;
    public const int NoSignal = 0x4000;
    public const int MoreFollows = 0x8000;
    public const int MessageTruncated = 0x20;
    public const int ShutdownSend = 1;
    public const int SocketLevel = 1;
    public const int ReuseAddress = 2;
    public const int PendingError = 4;
    public const int SendBuffer = 7;
    public const int ReceiveBuffer = 8;
    public const int KeepAlive = 9;
    public const int Linger = 13;
    public const int ReusePort = 15;
    public const int SendBufferForce = 32;
    public const int ReceiveBufferForce = 33;
    public const int AttachReusePortFilter = 51;

    // netinet/in.h, linux/tcp.h, linux/udp.h
    public const int TcpLevel = 6;
    public const int TcpNoDelay = 1;
    public const int TcpKeepAliveIdle = 4;
    public const int TcpKeepAliveInterval = 5;
    public const int TcpKeepAliveCount = 6;
    public const int TcpUserTimeout = 18;
    public const int TcpNotSentLowWater = 25;
    public const int IPv4Level = 0;
    public const int IPv6Level = 41;
    public const int OriginalDestinationOption = 80;      // SO_ORIGINAL_DST and IP6T_SO_ORIGINAL_DST
    public const int IPv6Only = 26;
    public const int IPv4PacketInfo = 8;                  // IP_PKTINFO, as option and as message
    public const int IPv6ReceivePacketInfo = 49;
    public const int IPv6PacketInfo = 50;
    public const int IPv4Transparent = 19;
    public const int BindAddressNoPort = 24;
    public const int IPv6Transparent = 75;
    public const int IPv4OriginalDestination = 20;        // IP_RECVORIGDSTADDR, as option and as message
    public const int IPv6OriginalDestination = 74;
    public const int UdpLevel = 17;
    public const int UdpSegment = 103;
    public const int UdpGro = 104;

    // sys/epoll.h
    public const int EpollAdd = 1;
    public const uint EpollIn = 0x1;
    public const uint EpollOut = 0x4;
    public const uint EpollError = 0x8;
    public const uint EpollHangUp = 0x10;
    public const uint EpollPeerHangUp = 0x2000;
    public const uint EpollEdgeTriggered = 1u << 31;

    // fcntl.h
    public const uint SpliceMove = 1;
    public const uint SpliceNonBlocking = 2;
    public const int SetPipeSize = 1031;
    public const int GetPipeSize = 1032;

    // asm-generic/resource.h
    public const int LimitOfOpenFiles = 7;

    // asm-generic/unistd.h; the number is the same everywhere since 5.0
    public const int EpollWait2Call = 441;
}

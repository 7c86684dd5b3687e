using System.Net;
using System.Net.Sockets;
using static Proxy.Transport.Epoll.LinuxConstants;

namespace Proxy.Transport.Epoll;

/// <summary>Makes and unmakes non-blocking sockets. A call that can fail gives the error number, or 0.</summary>
internal static unsafe class EpollSockets
{
    // Six probes ten seconds apart: a dead peer is known a minute after the idle time.
    private const int KeepAliveIntervalSeconds = 10;
    private const int KeepAliveProbes = 6;

    /// <summary>One family per socket: a listener on [::] does not take IPv4 as well, that is another listener.</summary>
    public static int Create(AddressFamily family, int type, out int descriptor)
    {
        descriptor = Libc.Socket(family switch { AddressFamily.Unix => AddressFamilyUnix, AddressFamily.InterNetwork => AddressFamilyIPv4, _ => AddressFamilyIPv6 }, type, 0);
        if (descriptor < 0)
        {
            return Errno.Last;
        }

        if (family == AddressFamily.InterNetworkV6)
        {
            SetOption(descriptor, IPv6Level, IPv6Only, 1);
        }

        return 0;
    }

    public static int Bind(int descriptor, IPEndPoint localEndPoint)
    {
        var address = NativeAddress.From(localEndPoint);
        return Libc.Bind(descriptor, (byte*)&address, address.Bytes) == 0 ? 0 : Errno.Last;
    }

    /// <summary>Whatever has come here may have been meant for another address. Gives the error number, or 0.</summary>
    public static int BeTransparent(int descriptor, AddressFamily family)
    {
        var isIPv4 = family == AddressFamily.InterNetwork;
        return SetOption(descriptor, isIPv4 ? IPv4Level : IPv6Level, isIPv4 ? IPv4Transparent : IPv6Transparent, 1) ? 0 : Errno.Last;
    }

    /// <summary>The port is chosen with the destination, so that each destination has all of them.</summary>
    public static int BindSource(int descriptor, IPAddress source)
    {
        SetOption(descriptor, IPv4Level, BindAddressNoPort, 1);
        return Bind(descriptor, new IPEndPoint(source, 0));
    }

    /// <summary>0 or EINPROGRESS: the connection is under way.</summary>
    public static int Connect(int descriptor, IPEndPoint remoteEndPoint)
    {
        if (remoteEndPoint is UnixEndPoint { Path: var path })
        {
            var place = new UnixDomainSocketEndPoint(path).Serialize();
            fixed (byte* start = place.Buffer.Span)
            {
                return Libc.Connect(descriptor, start, (uint)place.Size) == 0 ? 0 : Errno.LastOfLongCall;
            }
        }

        var address = NativeAddress.From(remoteEndPoint);
        return Libc.Connect(descriptor, (byte*)&address, address.Bytes) == 0 ? 0 : Errno.LastOfLongCall;
    }

    /// <summary>Binds and listens. Accepted connections inherit the options.</summary>
    public static int Listen(IPEndPoint localEndPoint, TcpOptions options, out int descriptor)
    {
        if (localEndPoint is UnixEndPoint place)
        {
            return Listen(place, options.Backlog, out descriptor);
        }

        var error = Create(localEndPoint.AddressFamily, StreamNonBlocking, out descriptor);
        if (error != 0)
        {
            return error;
        }

        Apply(descriptor, options);
        SetOption(descriptor, SocketLevel, ReuseAddress, 1);
        if (options.SharePort)
        {
            SetOption(descriptor, SocketLevel, ReusePort, 1);
        }

        error = options.IsTransparent ? BeTransparent(descriptor, localEndPoint.AddressFamily) : 0;
        if (error == 0)
        {
            error = Bind(descriptor, localEndPoint);
        }

        if (error == 0 && Libc.Listen(descriptor, options.Backlog) != 0)
        {
            error = Errno.Last;
        }

        if (error != 0)
        {
            Libc.Close(descriptor);
        }

        return error;
    }

    private static int Listen(UnixEndPoint place, int backlog, out int descriptor)
    {
        try
        {
            using var socket = UnixSockets.Listen(place, backlog);
            descriptor = Libc.DescriptorControl((int)socket.Handle, DuplicateCloseOnExec, 0);
            return descriptor >= 0 ? 0 : Errno.Last;
        }
        catch (SocketException failure)
        {
            descriptor = -1;
            return failure.NativeErrorCode;
        }
    }

    public static void Apply(int descriptor, TcpOptions options)
    {
        ApplyAtOnce(descriptor, options);
        ApplyPatience(descriptor, options);
    }

    /// <summary>What a connection needs from its first byte on.</summary>
    public static void ApplyAtOnce(int descriptor, TcpOptions options)
    {
        if (options.NoDelay)
        {
            SetOption(descriptor, TcpLevel, TcpNoDelay, 1);
        }

        if (options.UnsentBytes > 0)
        {
            SetOption(descriptor, TcpLevel, TcpNotSentLowWater, options.UnsentBytes);
        }
    }

    /// <summary>How long a silent peer is borne with: seconds at the least, so a second more or less of it does not matter.</summary>
    public static void ApplyPatience(int descriptor, TcpOptions options)
    {
        if (options.KeepAliveIdle > TimeSpan.Zero)
        {
            SetOption(descriptor, SocketLevel, KeepAlive, 1);
            SetOption(descriptor, TcpLevel, TcpKeepAliveIdle, Math.Max(1, (int)options.KeepAliveIdle.TotalSeconds));
            SetOption(descriptor, TcpLevel, TcpKeepAliveInterval, KeepAliveIntervalSeconds);
        }

        // The kernel counts probes only where there is no time.
        if (options.UserTimeout > TimeSpan.Zero)
        {
            SetOption(descriptor, TcpLevel, TcpUserTimeout, (int)options.UserTimeout.TotalMilliseconds);
        }
        else if (options.KeepAliveIdle > TimeSpan.Zero)
        {
            SetOption(descriptor, TcpLevel, TcpKeepAliveCount, KeepAliveProbes);
        }
    }

    public static bool SetOption(int descriptor, int level, int name, int value) =>
        Libc.SetOption(descriptor, level, name, &value, sizeof(int)) == 0;

    /// <summary>-1 when the socket does not know the option.</summary>
    public static int GetOption(int descriptor, int level, int name)
    {
        int value;
        var count = (uint)sizeof(int);
        return Libc.GetOption(descriptor, level, name, &value, &count) == 0 ? value : -1;
    }

    /// <summary>The error that waits on the socket, 0 when none does; asking takes it away.</summary>
    public static int TakeError(int descriptor) => Math.Max(0, GetOption(descriptor, SocketLevel, PendingError));

    /// <summary>Closes with a RST on the wire. Bytes the peer sent and nobody read, or bytes not sent yet, are dropped.</summary>
    public static void Reset(int descriptor)
    {
        SetResetOnClose(descriptor, true);
        Libc.Close(descriptor);
    }

    /// <summary>Whether closing it, by us or by the kernel when the process dies, puts a RST on the wire.</summary>
    public static void SetResetOnClose(int descriptor, bool isReset)
    {
        // struct linger { on, seconds }
        var onAndZeroSeconds = isReset ? 1L : 0L;
        _ = Libc.SetOption(descriptor, SocketLevel, Linger, &onAndZeroSeconds, sizeof(long));
    }
}

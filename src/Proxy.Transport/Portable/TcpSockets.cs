using System.Net;
using System.Net.Sockets;

namespace Proxy.Transport.Portable;

/// <summary>Makes TCP sockets as <see cref="TcpOptions"/> asks; every call may throw <see cref="SocketException"/>.</summary>
internal static class TcpSockets
{
    // Six probes ten seconds apart: a dead peer is known a minute after the idle time.
    private const int KeepAliveIntervalSeconds = 10;
    private const int KeepAliveProbes = 6;

    // linux/tcp.h
    private const int TcpLevel = 6;
    private const int TcpUserTimeout = 18;
    private const int TcpNotSentLowWater = 25;
    private static readonly LingerOption ResetOnClose = new(enable: true, seconds: 0);

    /// <summary>One family per socket: a listener on [::] does not take IPv4 as well, that is another listener.</summary>
    public static Socket Create(AddressFamily family, TcpOptions options)
    {
        var socket = new Socket(family, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (family == AddressFamily.InterNetworkV6)
            {
                socket.DualMode = false;
            }

            socket.Blocking = false;
            Apply(socket, options);
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>IPv4 in IPv6's clothes is not reachable from an IPv6-only socket, and is meant as IPv4.</summary>
    public static IPEndPoint Unmapped(IPEndPoint endPoint) =>
        endPoint.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(endPoint.Address.MapToIPv4(), endPoint.Port) : endPoint;

    // Address reuse is only set for sharing: on Unix, .NET binds TCP sockets with SO_REUSEADDR of its own accord, and its own ReuseAddress
    // means SO_REUSEPORT as well.
    public static Socket Listen(IPEndPoint localEndPoint, TcpOptions options)
    {
        if (localEndPoint is UnixEndPoint place)
        {
            return UnixSockets.Listen(place, options.Backlog);
        }

        var socket = Create(localEndPoint.AddressFamily, options);
        try
        {
            if (options.SharePort)
            {
                socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            }

            socket.Bind(localEndPoint);
            socket.Listen(options.Backlog);
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>On Linux an accepted socket inherits its listener's options; elsewhere they are set again.</summary>
    public static void PrepareAccepted(Socket socket, TcpOptions options)
    {
        socket.Blocking = false;
        if (!OperatingSystem.IsLinux() && socket.AddressFamily != AddressFamily.Unix)
        {
            Apply(socket, options);
        }
    }

    /// <summary>Closes with a RST on the wire. Bytes the peer sent and nobody read, or bytes not sent yet, are dropped.</summary>
    public static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = ResetOnClose;
        }
        catch (SocketException)
        {
            // The connection is gone already; there is nobody to reset.
        }

        socket.Dispose();
    }

    private static void Apply(Socket socket, TcpOptions options)
    {
        socket.NoDelay = options.NoDelay;
        if (options.KeepAliveIdle > TimeSpan.Zero)
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, Math.Max(1, (int)options.KeepAliveIdle.TotalSeconds));
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, KeepAliveIntervalSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, KeepAliveProbes);
        }

        if (options.UserTimeout > TimeSpan.Zero && OperatingSystem.IsLinux())
        {
            socket.SetRawSocketOption(TcpLevel, TcpUserTimeout, BitConverter.GetBytes((int)options.UserTimeout.TotalMilliseconds));
        }

        if (options.UnsentBytes > 0 && OperatingSystem.IsLinux())
        {
            socket.SetRawSocketOption(TcpLevel, TcpNotSentLowWater, BitConverter.GetBytes(options.UnsentBytes));
        }
    }
}

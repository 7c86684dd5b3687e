using System.Net.Sockets;
using Proxy.Transport.Epoll;

namespace Proxy.Transport;

/// <summary>Makes the sockets of <see cref="UnixEndPoint"/> and the files that stand for them; a call may throw <see cref="SocketException"/>.</summary>
internal static class UnixSockets
{
    /// <summary>
    /// Binds and listens, without blocking. The file appears with its mode and with somebody behind it. One that nobody listens behind any more is
    /// replaced; where somebody does, or where it is no socket, the address is in use.
    /// </summary>
    public static Socket Listen(UnixEndPoint endPoint, int backlog)
    {
        if (File.Exists(endPoint.Path) && !IsLeft(endPoint.Path))
        {
            throw new SocketException((int)SocketError.AddressAlreadyInUse);
        }

        var draft = $"{endPoint.Path}.{Environment.ProcessId}";
        var socket = Create();
        try
        {
            File.Delete(draft);
            socket.Bind(new UnixDomainSocketEndPoint(draft));
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(draft, endPoint.Mode);
            }

            socket.Listen(backlog);
            File.Move(draft, endPoint.Path, overwrite: true);
            return socket;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            socket.Dispose();
            throw new SocketException((int)SocketError.AccessDenied);
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
    }

    public static Socket Create() => new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };

    /// <summary>Takes the file away, unless somebody listens behind it.</summary>
    public static void Forget(UnixEndPoint endPoint)
    {
        try
        {
            if (IsLeft(endPoint.Path))
            {
                File.Delete(endPoint.Path);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Whoever listens there next replaces it.
        }
    }

    /// <summary>Whether it is a socket that nobody listens behind.</summary>
    private static bool IsLeft(string path)
    {
        using var socket = Create();
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return false;
        }
        catch (SocketException failure)
        {
            // What is no socket refuses too.
            return failure.SocketErrorCode == SocketError.ConnectionRefused && IsSocket(path);
        }
    }

    // Opening it would tell, too, and wait for ever at a pipe. Elsewhere than on Linux what is there stays.
    private static unsafe bool IsSocket(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        var status = stackalloc byte[StatusBytes];
        return Libc.Status(WorkingDirectory, path, 0, StatusType, status) == 0 && (*(ushort*)(status + ModeOffset) & TypeBits) == SocketBits;
    }

    // struct statx of linux/stat.h
    private const int WorkingDirectory = -100;
    private const uint StatusType = 1;
    private const int StatusBytes = 256;
    private const int ModeOffset = 28;
    private const int TypeBits = 0xF000;
    private const int SocketBits = 0xC000;
}

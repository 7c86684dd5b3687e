using System.Net.Sockets;

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

    /// <summary>Takes the file away; whoever has put another one there, or listens behind it too, does not call this.</summary>
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

    // A file of any other kind can be opened, or says why not in another way (open(2): ENXIO).
    private static bool IsSocket(string path)
    {
        try
        {
            using var file = File.OpenHandle(path);
            return false;
        }
        catch (IOException)
        {
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }
}

using System.Net.Sockets;

namespace Proxy.EndToEnd.Tests.Peers;

/// <summary>What peers do wrong, each as the server's part of a connection: the client's part is the same thing with the ends exchanged.</summary>
internal static class BadPeers
{
    private static readonly byte[] Block = new byte[64 * 1024];

    /// <summary>Neither sends nor reads nor ends.</summary>
    public static Task SayNothingAsync(Socket socket, CancellationToken cancellation) => Task.Delay(Timeout.Infinite, cancellation);

    /// <summary>Sends as fast as it can, and reads nothing.</summary>
    public static async Task SendForEverAsync(Socket socket, CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                await socket.SendAllAsync(Block, cancellation);
            }
        }
        catch (SocketException)
        {
            // The other end has seen enough.
        }
    }

    /// <summary>Reads until the end and answers nothing.</summary>
    public static Task SwallowAsync(Socket socket, CancellationToken cancellation) => socket.ReadToEndAsync(cancellation);

    /// <summary>Resets at once.</summary>
    public static Task ResetAtOnceAsync(Socket socket, CancellationToken cancellation)
    {
        socket.Reset();
        return Task.CompletedTask;
    }

    /// <summary>Resets when the first byte has come.</summary>
    public static async Task ResetAfterOneByteAsync(Socket socket, CancellationToken cancellation)
    {
        await socket.ReadExactlyAsync(1, cancellation);
        socket.Reset();
    }

    /// <summary>Finishes sending at once, and then says nothing.</summary>
    public static Task FinishAndStayAsync(Socket socket, CancellationToken cancellation)
    {
        socket.Shutdown(SocketShutdown.Send);
        return SayNothingAsync(socket, cancellation);
    }

    /// <summary>Finishes sending at once, and resets when the first byte has come.</summary>
    public static Task FinishAndResetAsync(Socket socket, CancellationToken cancellation)
    {
        socket.Shutdown(SocketShutdown.Send);
        return ResetAfterOneByteAsync(socket, cancellation);
    }

    /// <summary>Closes when a byte has come, with bytes unread behind it: the kernel makes a reset of that.</summary>
    public static async Task CloseWithUnreadBytesAsync(Socket socket, CancellationToken cancellation)
    {
        await socket.ReadExactlyAsync(1, cancellation);
        socket.Close();
    }
}

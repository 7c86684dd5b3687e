using System.Net;
using System.Net.Sockets;

namespace Proxy.EndToEnd.Tests.Peers;

/// <summary>Whole conversations of an application, each checked to the last byte.</summary>
internal static class Exchange
{
    private const int DigestBytes = 32;

    /// <summary>Uploads to a digesting peer, ends the stream, and checks that the digest comes back and nothing else.</summary>
    public static async Task UploadAsync(IPEndPoint entry, Content content, CancellationToken cancellation, Func<Task>? pause = null)
    {
        using var socket = await Dial.ToAsync(entry);
        await content.SendAsync(socket, cancellation, pause);
        socket.Shutdown(SocketShutdown.Send);
        var answer = await socket.ReadExactlyAsync(DigestBytes, cancellation);
        Assert.True(content.Sha256().AsSpan().SequenceEqual(answer), $"wrong digest for {content}");
        var rest = await socket.ReadToEndAsync(cancellation);
        Assert.Equal((0L, SocketError.Success), (rest.Length, rest.End));
    }

    /// <summary>Sends to an echoing peer, ends the stream, and checks what comes back meanwhile.</summary>
    public static async Task EchoAsync(IPEndPoint entry, Content content, CancellationToken cancellation, Func<Task>? pause = null)
    {
        using var socket = await Dial.ToAsync(entry);
        var reading = socket.ReadToEndAsync(cancellation);
        await content.SendAsync(socket, cancellation, pause);
        socket.Shutdown(SocketShutdown.Send);
        Check(content, await reading);
    }

    /// <summary>Downloads what a sending peer has, and checks it.</summary>
    public static async Task DownloadAsync(IPEndPoint entry, Content content, CancellationToken cancellation)
    {
        using var socket = await Dial.ToAsync(entry);
        socket.Shutdown(SocketShutdown.Send);
        Check(content, await socket.ReadToEndAsync(cancellation));
    }

    /// <summary>Sends a few bytes to an echoing peer and checks that they come back; the connection stays open.</summary>
    public static async Task PingAsync(Socket socket, CancellationToken cancellation)
    {
        var bytes = Guid.NewGuid().ToByteArray();
        await socket.SendAllAsync(bytes, cancellation);
        Assert.Equal(bytes, await socket.ReadExactlyAsync(bytes.Length, cancellation));
    }

    /// <summary>How a connection ends that leads nowhere. The reset may come so soon that it is seen while connecting.</summary>
    public static async Task<SocketError> RefusalAsync(IPEndPoint entry, CancellationToken cancellation)
    {
        try
        {
            using var socket = await Dial.ToAsync(entry);
            return (await socket.ReadToEndAsync(cancellation)).End;
        }
        catch (SocketException error)
        {
            return error.SocketErrorCode;
        }
    }

    public static void Check(Content expected, Reading reading)
    {
        Assert.Equal(SocketError.Success, reading.End);
        Assert.Equal(expected.Length, reading.Length);
        Assert.Equal(expected.Sha256(), reading.Digest);
    }
}

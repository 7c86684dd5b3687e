using System.Net.Sockets;
using System.Security.Cryptography;

namespace Proxy.EndToEnd.Tests.Peers;

/// <summary>What was read from a connection until it ended, and how it ended: <see cref="SocketError.Success"/> is end of stream.</summary>
internal sealed record Reading(long Length, byte[] Digest, SocketError End);

internal static class SocketReading
{
    private const int BufferBytes = 64 * 1024;

    /// <summary>Reads and hashes to the end of the stream or to the error that ends it.</summary>
    public static async Task<Reading> ReadToEndAsync(this Socket socket, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[BufferBytes];
        long length = 0;
        while (true)
        {
            int count;
            try
            {
                count = await socket.ReceiveAsync(buffer, cancellation);
            }
            catch (SocketException error)
            {
                return new Reading(length, hash.GetHashAndReset(), error.SocketErrorCode);
            }

            if (count == 0)
            {
                return new Reading(length, hash.GetHashAndReset(), SocketError.Success);
            }

            hash.AppendData(buffer.AsSpan(0, count));
            length += count;
        }
    }

    /// <summary>Reads exactly that many bytes; an earlier end fails the test.</summary>
    public static async Task<byte[]> ReadExactlyAsync(this Socket socket, int length, CancellationToken cancellation)
    {
        var bytes = new byte[length];
        for (var read = 0; read < length;)
        {
            var count = await socket.ReceiveAsync(bytes.AsMemory(read), cancellation);
            Assert.True(count > 0, $"end of stream after {read} of {length} bytes");
            read += count;
        }

        return bytes;
    }

    public static async Task SendAllAsync(this Socket socket, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[await socket.SendAsync(bytes, cancellation)..];
        }
    }

    /// <summary>Ends the connection as a crash would: what follows on the wire is a RST, not a FIN.</summary>
    public static void Reset(this Socket socket)
    {
        socket.LingerState = new LingerOption(enable: true, seconds: 0);
        socket.Close();
    }
}

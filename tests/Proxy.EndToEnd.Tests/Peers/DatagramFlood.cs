using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Proxy.EndToEnd.Tests.Peers;

/// <summary>One stranger who sends datagrams to a UDP port as fast as it can: noise, cut segments, and segments that are right but for what they say.</summary>
internal static class DatagramFlood
{
    private const int LargestBytes = 1400;
    private const int KcpHeaderBytes = 24;
    private const byte KcpPush = 81;
    private const byte KcpWindowTell = 84;

    /// <summary>Sends to all <paramref name="targets"/> in turn until <paramref name="duration"/> has passed; returns how many datagrams that were.</summary>
    public static Task<int> RunAsync(IReadOnlyList<IPEndPoint> targets, TimeSpan duration, int seed) => Task.Factory.StartNew(
        () => Run(targets, duration, new Random(seed)), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static int Run(IReadOnlyList<IPEndPoint> targets, TimeSpan duration, Random random)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        var buffer = new byte[LargestBytes];
        var sent = 0;
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < duration; sent++)
        {
            socket.SendTo(Next(buffer, random), targets[sent % targets.Count]);
        }

        return sent;
    }

    private static ReadOnlySpan<byte> Next(byte[] buffer, Random random)
    {
        random.NextBytes(buffer);
        return random.Next(5) switch
        {
            0 => buffer.AsSpan(0, random.Next(LargestBytes)),
            1 => KcpSegment(buffer, random, bodyBytes: random.Next(LargestBytes - KcpHeaderBytes))[..random.Next(KcpHeaderBytes)],
            2 => KcpSegment(buffer, random, bodyBytes: 1 + random.Next(600))[..^1],
            3 => KcpSegment(buffer, random, bodyBytes: random.Next(LargestBytes - KcpHeaderBytes)),
            _ => FirstSegment(buffer, random),
        };
    }

    // Conversation, command, fragment, window, time, number, unacknowledged, length: little-endian, 24 bytes, then the body.
    private static Span<byte> KcpSegment(byte[] buffer, Random random, int bodyBytes)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(buffer, random.Next(4) == 0 ? (uint)random.Next() : 0);
        buffer[4] = (byte)random.Next(KcpPush, KcpWindowTell + 1);
        buffer[5] = 0;
        BinaryPrimitives.WriteUInt32LittleEndian(buffer.AsSpan(20), (uint)bodyBytes);
        return buffer.AsSpan(0, KcpHeaderBytes + bodyBytes);
    }

    // What a new peer would send first, with a body that is no frame.
    private static Span<byte> FirstSegment(byte[] buffer, Random random)
    {
        var segment = KcpSegment(buffer, random, bodyBytes: 1 + random.Next(100));
        BinaryPrimitives.WriteUInt32LittleEndian(segment, 0);
        segment[4] = KcpPush;
        segment.Slice(12, 8).Clear();
        return segment;
    }
}

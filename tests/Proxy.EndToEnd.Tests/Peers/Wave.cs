using System.Net;
using System.Net.Sockets;

namespace Proxy.EndToEnd.Tests.Peers;

/// <summary>
/// Many connections that are open at the same time: each uploads its content to a digesting peer, waits until all have come as far, ends its stream, and
/// checks the digest. Those that are reset before a byte came back count as refused; anything else fails the test.
/// </summary>
internal sealed class Wave(IPEndPoint entry, int count, Func<int, IPAddress> sourceOf)
{
    private const int LargestBytes = 32 * 1024;
    private const int DigestBytes = 32;

    private readonly TaskCompletionSource _allArrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _arrived;
    private int _refused;
    private int _served;

    public int Refused => _refused;

    public int Served => _served;

    /// <summary>Completes when every connection has sent its content, or was refused.</summary>
    public Task AllArrived => _allArrived.Task;

    /// <param name="whenAllArrived">What is done while all are open.</param>
    public async Task RunAsync(CancellationToken cancellation, Func<Task>? whenAllArrived = null)
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var connections = Enumerable.Range(0, count).Select(seed => ConverseAsync(seed, release.Task, cancellation)).ToArray();
        await AllArrived.WaitAsync(cancellation);
        if (whenAllArrived is not null)
        {
            await whenAllArrived();
        }

        release.SetResult();
        await Task.WhenAll(connections);
        Assert.Equal(count, _served + _refused);
    }

    private async Task ConverseAsync(int seed, Task released, CancellationToken cancellation)
    {
        var content = new Content(seed, 1 + new Random(seed).Next(LargestBytes));
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            try
            {
                socket.Bind(new IPEndPoint(sourceOf(seed), 0));
                await socket.ConnectAsync(entry, cancellation);
                await content.SendAsync(socket, cancellation);
            }
            finally
            {
                Arrive();
            }

            await released;
            socket.Shutdown(SocketShutdown.Send);
            var reading = await ReadDigestAsync(socket, cancellation);
            if (reading.Length == 0)
            {
                Interlocked.Increment(ref _refused);
                return;
            }

            Assert.True(content.Sha256().AsSpan().SequenceEqual(reading), $"wrong digest for {content}");
            Interlocked.Increment(ref _served);
        }
        catch (SocketException)
        {
            Interlocked.Increment(ref _refused);
        }
    }

    private static async Task<byte[]> ReadDigestAsync(Socket socket, CancellationToken cancellation)
    {
        var answer = new byte[DigestBytes + 1];
        var length = 0;
        while (length < answer.Length)
        {
            int read;
            try
            {
                read = await socket.ReceiveAsync(answer.AsMemory(length), cancellation);
            }
            catch (SocketException) when (length == 0)
            {
                return [];
            }

            if (read == 0)
            {
                break;
            }

            length += read;
        }

        Assert.Equal(DigestBytes, length);
        return answer[..length];
    }

    private void Arrive()
    {
        if (Interlocked.Increment(ref _arrived) == count)
        {
            _allArrived.SetResult();
        }
    }
}

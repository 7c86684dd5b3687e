using System.Diagnostics;
using System.Net.Sockets;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Traffic;

/// <summary>
/// A server is killed in the middle of transfers and started again, and nothing on the path says that nobody was there: its new process proves
/// that it does not know the tunnel, and that ends what was on it.
/// </summary>
public sealed class RestartTests : EndToEndTest
{
    private static readonly TimeSpan ResetBound = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan UsableBound = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Once_the_server_is_back_old_connections_are_reset_within_1_s_and_new_ones_work_within_2_s()
    {
        await using var echoing = TcpPeer.Echo();
        await using var swallowing = new TcpPeer((socket, cancellation) => socket.ReadToEndAsync(cancellation));
        await using var sending = TcpPeer.Sending(new Content(Seed: 61, long.MaxValue));
        var first = await TunnelPair.StartServerAsync(Dialect.Native, port: 0);
        using var link = new FaultyLink(first.Kcp, delayMilliseconds: 10, megabitsPerSecond: 60);
        await using var client = await TunnelPair.StartClientAsync(
            Dialect.Native, link.Entry.Port, echoing.Address, swallowing.Address, sending.Address);
        using var idle = await Dial.ToAsync(client.Entries[0]);
        using var uploading = await Dial.ToAsync(client.Entries[1]);
        using var downloading = await Dial.ToAsync(client.Entries[2]);
        await Exchange.PingAsync(idle, Limit);
        await downloading.ReadExactlyAsync(1024 * 1024, Limit);
        var endings = new[] { EndOfReadingAsync(idle), EndOfReadingAsync(downloading), EndOfSendingAsync(uploading) };

        await first.KillAsync();
        await using var second = await TunnelPair.StartServerAsync(Dialect.Native, first.Kcp.Port);
        await first.DisposeAsync();
        using var lateness = new Lateness();
        var watch = Stopwatch.StartNew();
        var seen = await Task.WhenAll(endings).WaitAsync(Limit);
        var reset = watch.Elapsed;
        lateness.AssertWithin(ResetBound, reset, "until the resets");
        await Wait.UntilAsync(WorksAsync, Patience, () => string.Join('\n', client.Log));

        lateness.AssertWithin(UsableBound, watch.Elapsed, "until a new connection worked");
        Assert.All(seen, end => Assert.Equal(SocketError.ConnectionReset, end));

        async Task<bool> WorksAsync()
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(Limit);
            patience.CancelAfter(UsableBound);
            try
            {
                using var socket = await Dial.ToAsync(client.Entries[0]);
                await Exchange.PingAsync(socket, patience.Token);
                return true;
            }
            catch (Exception error) when (error is SocketException or OperationCanceledException)
            {
                return false;
            }
        }
    }

    private async Task<SocketError> EndOfReadingAsync(Socket socket) => (await socket.ReadToEndAsync(Limit)).End;

    private async Task<SocketError> EndOfSendingAsync(Socket socket)
    {
        try
        {
            while (true)
            {
                await socket.SendAllAsync(new byte[32 * 1024], Limit);
            }
        }
        catch (SocketException error)
        {
            // Which of the two is a matter of when it was noticed.
            return error.SocketErrorCode == SocketError.Shutdown ? SocketError.ConnectionReset : error.SocketErrorCode;
        }
    }
}

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Traffic;

/// <summary>A reader that stops reading (for 2 to 5 s, 30 s in long runs) costs bounded memory and stops nobody else.</summary>
public abstract class StalledReaderTests(Dialect dialect) : EndToEndTest
{
    private const long Mebibyte = 1024 * 1024;

    /// <summary>More than the kernel's socket buffers hold, so that both nodes have to keep something.</summary>
    private const long ModestBytes = 24 * Mebibyte;

    /// <summary>More than a node may keep: it must hold the sender back, or give this one connection up.</summary>
    private static readonly long EndlessBytes = Scale.Pick(192, 512) * Mebibyte;

    /// <summary>What a node may grow by while a reader stalls.</summary>
    private const long GrowthBytes = 128 * Mebibyte;

    private static readonly Content Others = new(Seed: 40, 4 * Mebibyte);
    private readonly TimeSpan _stall = TimeSpan.FromSeconds(Scale.Pick(dialect, 5, overTcp: 2, 30));

    [Fact]
    public async Task A_stalled_reader_leaves_the_others_running_and_finishes_when_it_reads_again()
    {
        var content = new Content(Seed: 41, ModestBytes);
        await using var sending = TcpPeer.Sending(content);
        await using var digesting = TcpPeer.Digesting();
        await using var tunnel = await TunnelPair.StartAsync(dialect, sending.Address, digesting.Address);
        using var stalled = await DialWithASmallBufferAsync(tunnel.Client.Entries[0]);

        await OthersRunWithinMemoryAsync(tunnel, tunnel.Client.Entries[1]);

        Exchange.Check(content, await stalled.ReadToEndAsync(Limit));
    }

    [Fact]
    public async Task A_server_that_stops_reading_leaves_the_others_running_and_gets_everything_when_it_reads_again()
    {
        var content = new Content(Seed: 42, ModestBytes);
        var resume = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var uploaded = new TaskCompletionSource<Reading>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var stalling = new TcpPeer(
            async (socket, cancellation) =>
            {
                await resume.Task.WaitAsync(cancellation);
                uploaded.SetResult(await socket.ReadToEndAsync(cancellation));
            },
            receiveBufferBytes: 64 * 1024);
        await using var digesting = TcpPeer.Digesting();
        await using var tunnel = await TunnelPair.StartAsync(dialect, stalling.Address, digesting.Address);
        using var application = await Dial.ToAsync(tunnel.Client.Entries[0]);
        var sending = SendAndEndAsync(application, content);

        await OthersRunWithinMemoryAsync(tunnel, tunnel.Client.Entries[1]);
        resume.SetResult();

        await sending;
        Exchange.Check(content, await uploaded.Task.WaitAsync(Limit));
    }

    [Fact]
    public async Task A_stalled_reader_of_more_than_a_node_may_keep_costs_bounded_memory_and_never_sees_wrong_bytes()
    {
        var content = new Content(Seed: 43, EndlessBytes);
        await using var sending = TcpPeer.Sending(content);
        await using var digesting = TcpPeer.Digesting();
        await using var tunnel = await TunnelPair.StartAsync(dialect, sending.Address, digesting.Address);
        using var stalled = await DialWithASmallBufferAsync(tunnel.Client.Entries[0]);

        await OthersRunWithinMemoryAsync(tunnel, tunnel.Client.Entries[1]);

        // It was held back, and then gets everything; or it was given up, and then it is told so.
        var reading = await stalled.ReadToEndAsync(Limit);
        Assert.Contains(reading.End, new[] { SocketError.Success, SocketError.ConnectionReset });
        if (reading.End == SocketError.Success)
        {
            Exchange.Check(content, reading);
        }

        await Exchange.UploadAsync(tunnel.Client.Entries[1], Others, Limit);
    }

    private static async Task<Socket> DialWithASmallBufferAsync(IPEndPoint entry)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 64 * 1024 };
        await socket.ConnectAsync(entry);
        return socket;
    }

    private async Task SendAndEndAsync(Socket socket, Content content)
    {
        await content.SendAsync(socket, Limit);
        socket.Shutdown(SocketShutdown.Send);
    }

    /// <summary>Transfers of others one after the other for as long as the stall lasts, with the memory of both nodes read all the while.</summary>
    private async Task OthersRunWithinMemoryAsync(TunnelPair tunnel, IPEndPoint entry)
    {
        var serverBefore = tunnel.Server.ResidentBytes;
        var clientBefore = tunnel.Client.ResidentBytes;
        var watch = Stopwatch.StartNew();
        var transfers = new[] { TransfersAsync(seed: 1), TransfersAsync(seed: 2), TransfersAsync(seed: 3) };
        long serverGrowth = 0;
        long clientGrowth = 0;
        await Wait.UntilAsync(
            () =>
            {
                serverGrowth = Math.Max(serverGrowth, tunnel.Server.ResidentBytes - serverBefore);
                clientGrowth = Math.Max(clientGrowth, tunnel.Client.ResidentBytes - clientBefore);
                return transfers.All(transfer => transfer.IsCompleted);
            },
            _stall + TimeSpan.FromSeconds(30),
            () => "the transfers of the others did not end");

        Assert.All(await Task.WhenAll(transfers), finished => Assert.True(finished > 0, "one of the others finished nothing"));
        Assert.True(serverGrowth < GrowthBytes, $"the server grew by {serverGrowth / Mebibyte} MiB");
        Assert.True(clientGrowth < GrowthBytes, $"the client grew by {clientGrowth / Mebibyte} MiB");

        async Task<int> TransfersAsync(int seed)
        {
            var finished = 0;
            for (; watch.Elapsed < _stall; finished++)
            {
                await Exchange.UploadAsync(entry, Others with { Seed = seed + finished }, Limit);
            }

            return finished;
        }
    }
}

public sealed class VproxyStalledReaderTests() : StalledReaderTests(Dialect.Vproxy);

public sealed class NativeStalledReaderTests() : StalledReaderTests(Dialect.Native);

using System.Net.Sockets;
using System.Threading.Channels;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Traffic;

/// <summary>One direction may end while the other goes on, in either order, and nothing that was sent before an end is lost.</summary>
[Collection(OnlyWaits.Third)]
public abstract class HalfCloseTests(Dialect dialect) : EndToEndTest
{
    private const int Mebibyte = 1024 * 1024;

    [Fact]
    public async Task A_server_that_reads_to_the_end_answers_and_closes_at_once_gets_its_answer_through()
    {
        await using var peer = TcpPeer.Digesting();
        await using var tunnel = await TunnelPair.StartAsync(dialect, peer.Address);
        // Powers of two in turn: from 1 byte to 1 MiB in every run and a large one, in long runs all of them up to 64 MiB.
        var powers = Scale.Pick(21, 27);
        var runs = Scale.Pick(dialect, 42, overTcp: 21, 500);

        for (var run = 0; run < runs; run++)
        {
            await Exchange.UploadAsync(tunnel.Entry, new Content(run, 1L << (run % powers)), Limit);
        }

        await Exchange.UploadAsync(tunnel.Entry, new Content(Seed: runs, Scale.Pick(dialect, 64, overTcp: 16, 64) * Mebibyte), Limit);
        Assert.Empty(peer.Failures);
    }

    [Fact]
    public async Task After_the_application_ended_its_stream_20_MB_still_come_the_other_way()
    {
        var answer = new Content(Seed: 1, 20_000_000);
        var request = new Content(Seed: 2, 1000);
        var requests = new List<Reading>();
        await using var peer = new TcpPeer(async (socket, cancellation) =>
        {
            requests.Add(await socket.ReadToEndAsync(cancellation));
            await answer.SendAsync(socket, cancellation);
        });
        await using var tunnel = await TunnelPair.StartAsync(dialect, peer.Address);
        using var application = await Dial.ToAsync(tunnel.Entry);

        await request.SendAsync(application, Limit);
        application.Shutdown(SocketShutdown.Send);

        Exchange.Check(answer, await application.ReadToEndAsync(Limit));
        Exchange.Check(request, Assert.Single(requests));
    }

    [Fact]
    public async Task After_the_server_ended_its_stream_20_MB_still_go_the_other_way()
    {
        var greeting = new Content(Seed: 3, 1000);
        var upload = new Content(Seed: 4, 20_000_000);
        var uploaded = new TaskCompletionSource<Reading>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var peer = new TcpPeer(async (socket, cancellation) =>
        {
            await greeting.SendAsync(socket, cancellation);
            socket.Shutdown(SocketShutdown.Send);
            uploaded.SetResult(await socket.ReadToEndAsync(cancellation));
        });
        await using var tunnel = await TunnelPair.StartAsync(dialect, peer.Address);
        using var application = await Dial.ToAsync(tunnel.Entry);

        Exchange.Check(greeting, await application.ReadToEndAsync(Limit));
        await upload.SendAsync(application, Limit);
        application.Shutdown(SocketShutdown.Send);

        Exchange.Check(upload, await uploaded.Task.WaitAsync(Limit));
    }

    [Fact]
    public async Task Both_sides_may_end_their_streams_at_the_same_time()
    {
        var uploads = Channel.CreateUnbounded<Reading>();
        var download = new Content(Seed: 5, 300_000);
        await using var peer = new TcpPeer(async (socket, cancellation) =>
            await uploads.Writer.WriteAsync(await SendAllAndReadAllAsync(socket, download, cancellation), cancellation));
        await using var tunnel = await TunnelPair.StartAsync(dialect, peer.Address);

        for (var run = 0; run < Scale.Pick(dialect, 20, overTcp: 10, 200); run++)
        {
            var upload = new Content(run, 1 + (run * 10_007));
            using var application = await Dial.ToAsync(tunnel.Entry);

            Exchange.Check(download, await SendAllAndReadAllAsync(application, upload, Limit));
            Exchange.Check(upload, await uploads.Reader.ReadAsync(Limit));
        }
    }

    private static async Task<Reading> SendAllAndReadAllAsync(Socket socket, Content content, CancellationToken cancellation)
    {
        var reading = socket.ReadToEndAsync(cancellation);
        await content.SendAsync(socket, cancellation);
        socket.Shutdown(SocketShutdown.Send);
        return await reading;
    }
}

public sealed class VproxyHalfCloseTests() : HalfCloseTests(Dialect.Vproxy);

public sealed class NativeHalfCloseTests() : HalfCloseTests(Dialect.Native);

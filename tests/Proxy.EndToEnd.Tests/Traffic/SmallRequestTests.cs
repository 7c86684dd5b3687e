using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Traffic;

/// <summary>
/// Small requests while a download fills the same tunnel, over a link of 50 ms and 100 Mbit/s. What the round trip is on this machine at this moment, a
/// datagram beside them tells that goes over a link of the same delay with nothing on it, and a thread that naps: a machine that is late makes all of
/// them late. Under virtual time, where it cannot be, Proxy.Tunnel.Tests has the same.
/// </summary>
public sealed class SmallRequestTests : EndToEndTest
{
    private const double DelayMilliseconds = 25;
    private const double MegabitsPerSecond = 100;
    private const int Connections = 8;
    private const int RequestBytes = 300;
    private static readonly int RequestsEach = Scale.Pick(60, 400);

    [Theory]
    [InlineData(0)]
    [InlineData(0.02)]
    public async Task Small_requests_take_less_than_three_round_trips_while_a_download_fills_the_tunnel(double loss)
    {
        await using var echoing = TcpPeer.Echo();
        await using var download = new OpenTransfer(Direction.Down);
        await using var server = await TunnelPair.StartServerAsync(Dialect.Native, port: 0);
        using var link = new FaultyLink(server.Kcp, DelayMilliseconds, MegabitsPerSecond, queueKibibytes: 2048);
        link.Lose(loss);
        await using var client = await TunnelPair.StartClientAsync(Dialect.Native, link.Entry.Port, echoing.Address, download.Target);
        await download.BeginAsync(client.Entries[1], Limit);
        await download.MovesAsync(20_000_000);
        using var empty = new EmptyLink(DelayMilliseconds);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Limit);
        var reference = empty.MeasureAsync(enough.Token);
        var before = download.Received;
        using var lateness = new Lateness();

        var took = (await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => RequestAsync(client.Entries[0])))).SelectMany(static times => times).Order().ToArray();

        var moved = download.Received - before;
        await enough.CancelAsync();
        var roundTrips = (await reference).Order().ToArray();
        var roundTrip = AtShare(roundTrips, 0.99) + lateness.Longest.TotalMilliseconds;
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{took.Length} requests: p50 {AtShare(took, 0.5):F1}, p99 {AtShare(took, 0.99):F1} ms; the bare link's {roundTrips.Length}: p50 {AtShare(roundTrips, 0.5):F1}, p99 {AtShare(roundTrips, 0.99):F1} ms, the machine late by up to {lateness.Longest.TotalMilliseconds:F1} ms; {moved} bytes beside them");
        Assert.True(moved > took.Length * RequestBytes, "no download was beside them");

        // One late moment of the machine is a hundredth of the short form; the full form has the promise.
        Assert.InRange(AtShare(took, Scale.IsLong ? 0.99 : 0.5), 2 * DelayMilliseconds, 3 * roundTrip);
        await download.EndAsync();
    }

    private async Task<List<double>> RequestAsync(IPEndPoint entry)
    {
        using var socket = await Dial.ToAsync(entry);
        var request = new byte[RequestBytes];
        var took = new List<double>();

        // The first one has the connection to the target in it.
        for (var count = -1; count < RequestsEach; count++)
        {
            var watch = Stopwatch.StartNew();
            await socket.SendAllAsync(request, Limit);
            await socket.ReadExactlyAsync(RequestBytes, Limit);
            if (count >= 0)
            {
                took.Add(watch.Elapsed.TotalMilliseconds);
            }
        }

        return took;
    }

    private static double AtShare(double[] sorted, double share) => sorted[(int)(sorted.Length * share)];

    /// <summary>A link with nothing on it but one datagram at a time, there and back.</summary>
    private sealed class EmptyLink : IDisposable
    {
        private readonly Socket _near = Open();
        private readonly Socket _far = Open();
        private readonly FaultyLink _link;

        public EmptyLink(double delayMilliseconds)
        {
            _link = new FaultyLink((IPEndPoint)_far.LocalEndPoint!, delayMilliseconds);
            _near.Connect(_link.Entry);
        }

        /// <summary>Round trips, in milliseconds, until it is cancelled.</summary>
        public async Task<List<double>> MeasureAsync(CancellationToken enough)
        {
            var took = new List<double>();
            var buffer = new byte[RequestBytes];
            try
            {
                while (true)
                {
                    var watch = Stopwatch.StartNew();
                    await _near.SendAsync(buffer, enough);
                    var came = await _far.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0), enough);
                    await _far.SendToAsync(buffer, came.RemoteEndPoint, enough);
                    await _near.ReceiveAsync(buffer, enough);
                    took.Add(watch.Elapsed.TotalMilliseconds);
                }
            }
            catch (OperationCanceledException)
            {
                return took;
            }
        }

        public void Dispose()
        {
            _link.Dispose();
            _near.Dispose();
            _far.Dispose();
        }

        private static Socket Open()
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            return socket;
        }
    }
}

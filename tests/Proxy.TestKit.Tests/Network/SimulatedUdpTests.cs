using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using Proxy.Transport;
using Proxy.Transport.Tests.Contract;
using static Proxy.TestKit.Tests.Network.SimulationFixture;

namespace Proxy.TestKit.Tests.Network;

public sealed class SimulatedUdpTests
{
    private readonly SimulationFixture _fixture = new(seed: 21);
    private readonly RecordingUdpHandler _client = new();
    private readonly RecordingUdpHandler _server = new();

    private SimulatedWorld World => _fixture.World;

    [Fact]
    public void A_connected_endpoint_does_not_hear_strangers_and_they_are_told_so()
    {
        var server = _fixture.OpenUdp(_fixture.RightLoop, _server);
        var client = _fixture.OpenUdp(_fixture.LeftLoop, _client, remote: server.LocalEndPoint);
        var strangersEvents = new RecordingUdpHandler();
        var stranger = _fixture.OpenUdp(_fixture.RightLoop, strangersEvents, remote: client.LocalEndPoint);
        _fixture.RightLoop.Run(() =>
        {
            stranger.Send("psst"u8, 4, default);
            server.Send("hello"u8, 5, UdpAddress.From(client.LocalEndPoint));
        });
        World.RunFor(Milliseconds(10));

        Assert.Equal("hello"u8, Assert.Single(_client.Datagrams).Bytes);
        Assert.Single(strangersEvents.Refusals);
    }

    [Fact]
    public void A_refusal_takes_a_round_trip()
    {
        var client = _fixture.OpenUdp(_fixture.LeftLoop, _client, remote: new IPEndPoint(_fixture.Right.Addresses[0], 9));
        _fixture.LeftLoop.Run(() => client.Send("anybody?"u8, 8, default));
        World.RunFor(Milliseconds(1.9));
        Assert.Empty(_client.Refusals);

        World.RunFor(Milliseconds(0.1));
        Assert.Equal(TransportFaultKind.Refused, Assert.Single(_client.Refusals).Kind);
    }

    [Fact]
    public void A_send_before_the_turn_that_would_tell_of_a_refusal_learns_it_instead()
    {
        var client = _fixture.OpenUdp(_fixture.LeftLoop, _client, remote: new IPEndPoint(_fixture.Right.Addresses[0], 9));
        var second = UdpSendStatus.Sent;
        _fixture.LeftLoop.Run(() =>
        {
            client.Send("anybody?"u8, 8, default);

            // The refusal arrives at the same moment; the deadline's turn is posted first.
            _fixture.LeftLoop.CreateDeadline(() => second = client.Send("hello?"u8, 6, default)).Set(_fixture.LeftLoop.NowMicroseconds + 2_000);
        });
        World.RunFor(Milliseconds(3));

        Assert.Equal(UdpSendStatus.Refused, second);
        Assert.Empty(_client.Refusals);
    }

    [Fact]
    public void A_host_that_answers_nothing_refuses_nothing()
    {
        _fixture.Right.AnswersPortUnreachable = false;
        var client = _fixture.OpenUdp(_fixture.LeftLoop, _client, remote: new IPEndPoint(_fixture.Right.Addresses[0], 9));
        _fixture.LeftLoop.Run(() => client.Send("anybody?"u8, 8, default));
        World.RunFor(Milliseconds(10));

        Assert.Empty(_client.Refusals);
    }

    [Fact]
    public void A_full_receive_queue_drops_and_counts()
    {
        var server = _fixture.OpenUdp(_fixture.RightLoop, _server, options: new UdpOptions { ReceiveBufferBytes = 3 * (1000 + 64) });
        var client = _fixture.OpenUdp(_fixture.LeftLoop, _client);
        _fixture.LeftLoop.Run(() => client.Send(new byte[10_000], 1000, UdpAddress.From(server.LocalEndPoint)));
        World.RunFor(Milliseconds(10));

        Assert.Equal(3, _server.Datagrams.Count);
        Assert.Equal(7, _fixture.Right.OverflownDatagrams);
    }

    [Fact]
    public void Datagrams_wait_in_batches_of_one_sender_and_one_size()
    {
        var batches = new List<(int Bytes, int SegmentSize)>();
        var server = _fixture.OpenUdp(_fixture.RightLoop, new BatchHandler((bytes, size) => batches.Add((bytes, size))));
        var client = _fixture.OpenUdp(_fixture.LeftLoop, _client);
        var to = UdpAddress.From(server.LocalEndPoint);
        _fixture.LeftLoop.Run(() =>
        {
            client.Send(new byte[5_050], 100, to);
            client.Send(new byte[700], 70, to);
        });
        World.RunFor(Milliseconds(10));

        var sizes = batches.SelectMany(batch => SizesOf(batch.Bytes, batch.SegmentSize));
        Assert.Equal([.. Enumerable.Repeat(100, 50), 50, .. Enumerable.Repeat(70, 10)], sizes);
        Assert.InRange(batches.Count, 2, 60);
    }

    [Fact]
    public void A_span_that_a_handler_keeps_is_stale_after_the_call()
    {
        var seen = new List<byte[]>();
        var server = _fixture.OpenUdp(_fixture.RightLoop, new PeekingHandler(seen.Add));
        var client = _fixture.OpenUdp(_fixture.LeftLoop, _client);
        foreach (var text in new[] { "secret", "x" })
        {
            _fixture.LeftLoop.Run(() => client.Send(Encoding.ASCII.GetBytes(text), 6, UdpAddress.From(server.LocalEndPoint)));
            World.RunFor(Milliseconds(10));
        }

        Assert.Equal("secret"u8, seen[0]);
        Assert.Equal([(byte)'x', 0xDD, 0xDD, 0xDD, 0xDD, 0xDD], seen[1]);
    }

    [Fact]
    public void An_address_of_nobody_is_unreachable_and_one_of_another_family_too()
    {
        var client = _fixture.OpenUdp(_fixture.LeftLoop, _client);
        var statuses = _fixture.LeftLoop.Run(() => new[]
        {
            client.Send("x"u8, 1, new UdpAddress(IPAddress.Parse("10.9.9.9"), 1)),
            client.Send("x"u8, 1, new UdpAddress(IPAddress.Parse("fd00::2"), 1)),
        });

        Assert.All(statuses, status => Assert.Equal(UdpSendStatus.Unreachable, status));
    }

    [Fact]
    public void An_endpoint_bound_to_all_addresses_answers_from_the_one_that_was_asked()
    {
        var server = _fixture.RightLoop.Run(() =>
        {
            Assert.True(_fixture.RightLoop.TryOpenUdp(
                new IPEndPoint(IPAddress.IPv6Any, 53), null, UdpOptions.Default, _server, out var opened, out var fault), fault.Text);
            return opened;
        });
        _server.WhenReceived = (endpoint, bytes, from) => endpoint.Send(bytes, bytes.Length, from);
        var client = _fixture.LeftLoop.Run(() =>
        {
            Assert.True(_fixture.LeftLoop.TryOpenUdp(
                new IPEndPoint(IPAddress.IPv6Any, 0), null, UdpOptions.Default, _client, out var opened, out var fault), fault.Text);
            return opened;
        });
        var to = new UdpAddress(_fixture.Right.Addresses[1], server.LocalEndPoint.Port);
        _fixture.LeftLoop.Run(() => client.Send("who?"u8, 4, to));
        World.RunFor(Milliseconds(10));

        Assert.Equal(to, Assert.Single(_client.Datagrams).From);
    }

    [Fact]
    public void A_crashed_host_takes_its_datagrams_with_it_and_hears_again_after_a_restart()
    {
        var server = _fixture.OpenUdp(_fixture.RightLoop, _server, port: 53);
        var client = _fixture.OpenUdp(_fixture.LeftLoop, _client, remote: server.LocalEndPoint);
        _fixture.LeftLoop.Run(() => client.Send("one"u8, 3, default));
        _fixture.Right.Crash();
        World.RunFor(Milliseconds(10));
        Assert.Empty(_client.Refusals);
        Assert.Equal(0, _fixture.Right.OpenUdpEndpoints);

        _fixture.Right.Restart();
        _fixture.LeftLoop.Run(() => client.Send("two"u8, 3, default));
        World.RunFor(Milliseconds(10));
        Assert.Single(_client.Refusals);

        _fixture.ReplaceRightLoop();
        var reborn = new RecordingUdpHandler();
        _fixture.OpenUdp(_fixture.RightLoop, reborn, port: 53);
        _fixture.LeftLoop.Run(() => client.Send("three"u8, 5, default));
        World.RunFor(Milliseconds(10));
        Assert.Empty(_server.Datagrams);
        Assert.Equal("three"u8, Assert.Single(reborn.Datagrams).Bytes);
    }

    private static IEnumerable<int> SizesOf(int bytes, int segmentSize)
    {
        for (; bytes > 0; bytes -= segmentSize)
        {
            yield return Math.Min(bytes, segmentSize);
        }
    }

    private class BatchHandler(Action<int, int> onBatch) : IUdpHandler
    {
        public virtual void OnDatagrams(IUdpEndpoint endpoint, Span<byte> datagrams, int segmentSizeBytes, in UdpAddress from) =>
            onBatch(datagrams.Length, segmentSizeBytes);

        public void OnReceiveTurnEnded(IUdpEndpoint endpoint)
        {
            // Only batches matter here.
        }

        public void OnSendRefused(IUdpEndpoint endpoint, TransportFault fault) => Assert.Fail(fault.Text);
    }

    /// <summary>Looks at six bytes of the loop's buffer, whatever was delivered.</summary>
    private sealed class PeekingHandler(Action<byte[]> see) : BatchHandler((_, _) => { })
    {
        public override void OnDatagrams(IUdpEndpoint endpoint, Span<byte> datagrams, int segmentSizeBytes, in UdpAddress from) =>
            see(MemoryMarshal.CreateReadOnlySpan(ref MemoryMarshal.GetReference(datagrams), 6).ToArray());
    }
}

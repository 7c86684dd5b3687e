using System.Net;
using Proxy.TestKit;
using Proxy.Transport;

namespace Proxy.Actors.Tests;

public sealed class PassedDatagramsTests
{
    private readonly SimulatedWorld _world = new(1);
    private readonly SimulatedLoop _loop;
    private readonly Recorder _handler = new();
    private readonly IUdpEndpoint _endpoint;
    private readonly PassedDatagrams _passed;
    private readonly UdpAddress _from = UdpAddress.From(IPEndPoint.Parse("10.0.0.2:5000"));

    public PassedDatagramsTests()
    {
        var host = _world.AddHost("server", "10.0.0.1");
        _loop = _world.CreateLoop(host, "mine");
        _endpoint = _loop.Run(() =>
        {
            Assert.True(_loop.TryOpenUdp(IPEndPoint.Parse("10.0.0.1:4000"), null, UdpOptions.Default, _handler, out var endpoint, out _));
            return endpoint;
        });
        _passed = new PassedDatagrams(_loop, _handler, _endpoint);
        _handler.Loop = _loop;
    }

    [Fact]
    public void Batches_come_as_they_were_on_the_handlers_loop_and_in_order()
    {
        var copied = new byte[] { 1, 1, 2, 2, 3 };
        Assert.True(_passed.TryPass(copied, 2, _from));
        copied.AsSpan().Clear();
        Assert.True(_passed.TryPass([4, 4, 4], 3, _from));
        Assert.Empty(_handler.Batches);

        _world.Settle();

        Assert.Equal([("1,1,2,2,3", 2), ("4,4,4", 3)], _handler.Batches);
        Assert.All(_handler.Senders, sender => Assert.Equal(_from, sender));
        Assert.True(_handler.WasAlwaysOnLoop);
        Assert.Equal(1, _handler.TurnsEnded);
    }

    [Fact]
    public void What_a_slow_loop_has_no_room_for_is_dropped_and_it_has_room_again_afterwards()
    {
        var batch = new byte[60_000];
        var taken = 0;
        while (_passed.TryPass(batch, 1200, _from))
        {
            taken++;
            Assert.True(taken < 1000, "nothing bounds it");
        }

        Assert.InRange(taken * batch.Length, PassedDatagrams.MaximumBytes / 2, PassedDatagrams.MaximumBytes);
        _world.Settle();
        Assert.Equal(taken, _handler.Batches.Count);

        Assert.True(_passed.TryPass(batch, 1200, _from));
        _world.Settle();
        Assert.Equal(taken + 1, _handler.Batches.Count);
    }

    [Fact]
    public void The_smallest_datagrams_are_bounded_too()
    {
        var taken = 0;
        while (_passed.TryPass([1], 1, _from))
        {
            taken++;
            Assert.True(taken < 100_000, "nothing bounds it");
        }

        Assert.True(taken > 1000);
    }

    [Fact]
    public void After_the_end_nothing_is_told()
    {
        _loop.Run(() =>
        {
            Assert.True(_passed.TryPass([1], 1, _from));
            _passed.Close();
            return true;
        });
        _passed.TryPass([2], 1, _from);
        _world.Settle();

        Assert.Empty(_handler.Batches);
        Assert.Equal(0, _handler.TurnsEnded);
    }

    private sealed class Recorder : IUdpHandler
    {
        public SimulatedLoop? Loop { get; set; }

        public List<(string Bytes, int SegmentSizeBytes)> Batches { get; } = [];

        public List<UdpAddress> Senders { get; } = [];

        public bool WasAlwaysOnLoop { get; private set; } = true;

        public int TurnsEnded { get; private set; }

        public void OnDatagrams(IUdpEndpoint endpoint, Span<byte> datagrams, int segmentSizeBytes, in UdpAddress from)
        {
            WasAlwaysOnLoop &= Loop!.IsCurrent;
            Batches.Add((datagrams.Length > 100 ? "" : string.Join(',', datagrams.ToArray()), segmentSizeBytes));
            Senders.Add(from);
        }

        public void OnReceiveTurnEnded(IUdpEndpoint endpoint) => TurnsEnded++;

        public void OnSendRefused(IUdpEndpoint endpoint, TransportFault fault) => throw new InvalidOperationException();
    }
}

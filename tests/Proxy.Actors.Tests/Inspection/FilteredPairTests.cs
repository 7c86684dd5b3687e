using System.Net;
using Proxy.Policy.Filters;
using Proxy.TestKit;
using Proxy.Transport;

namespace Proxy.Actors.Tests;

/// <summary>A pair of filtered channels in the hands of a test, with channels inside that deliver what the test says.</summary>
public sealed class FilteredPairTests
{
    private const int ReadBytes = 256 * 1024;

    private readonly SimulatedWorld _world = new(seed: 1);
    private readonly SimulatedLoop _loop;
    private readonly LeakCheckingPool _pool = new();
    private readonly InnerChannel _client = new();
    private readonly InnerChannel _upstream = new();
    private readonly Taker _taker = new();

    public FilteredPairTests()
    {
        _loop = _world.CreateLoop(_world.AddHost("relay", "10.0.0.1"), "loop");
    }

    [Fact]
    public void Filters_that_make_much_of_a_large_read_get_no_more_of_it_than_the_other_side_takes()
    {
        var pair = Create(ScriptedFilters.Replacing("a", new string('b', 40)));
        _taker.TakesBeforeItPauses = 1;
        Deliver(pair, Filled('a', ReadBytes));

        Assert.Null(pair.Cut);
        Assert.False(_client.IsReceiving);
        Assert.True(_pool.PeakRentedBytes < 6 << 20, $"{_pool.PeakRentedBytes} bytes were held");

        _taker.TakesBeforeItPauses = int.MaxValue;
        _loop.Run(pair.Client.ResumeReceive);
        _world.Settle();

        Assert.Equal(40L * ReadBytes, _taker.Bytes);
        Assert.True(_client.IsReceiving);
        _pool.AssertNothingRented();
    }

    [Fact]
    public void A_pair_that_is_let_go_in_the_middle_of_a_delivery_gives_everything_back()
    {
        var filters = new ScriptedFilters(ScriptedFilters.Pass);
        var pair = Create(filters);
        _taker.OnTaken = () =>
        {
            pair.Client.Abort();
            pair.Upstream.Abort();
        };

        Deliver(pair, new byte[ReadBytes]);

        Assert.Equal((64L * 1024, 1), (_taker.Bytes, filters.Disposals));
        Assert.Equal((true, true), (_client.IsAborted, _upstream.IsAborted));
        _pool.AssertNothingRented();
    }

    [Fact]
    public void A_handler_that_pauses_hears_nothing_until_it_resumes()
    {
        var pair = Create(new ScriptedFilters((_, input, output, _) =>
        {
            foreach (var value in input)
            {
                output.Write([value]);
            }
        }));
        _taker.TakesBeforeItPauses = 3;
        Deliver(pair, new byte[10]);
        _loop.Run(() => ((IChannelHandler)pair.Client).OnEndOfStream(_client));

        Assert.Equal((3L, false), (_taker.Bytes, _taker.HasSeenEnd));
        _world.RunFor(TimeSpan.FromSeconds(10));
        Assert.Equal((3L, false), (_taker.Bytes, _taker.HasSeenEnd));

        _taker.TakesBeforeItPauses = int.MaxValue;
        _loop.Run(pair.Client.ResumeReceive);
        _world.Settle();
        Assert.Equal((10L, true), (_taker.Bytes, _taker.HasSeenEnd));
    }

    private static byte[] Filled(char value, int count)
    {
        var bytes = new byte[count];
        Array.Fill(bytes, (byte)value);
        return bytes;
    }

    private FilteredPair Create(IStreamFilterFactory filter)
    {
        var connection = new FilterConnection(1, "web", IPEndPoint.Parse("192.0.2.1:1000"), null);
        var pair = _loop.Run(() => new FilteredPair([filter], connection, _loop, _pool, _client, _upstream));
        pair.Client.Handler = _taker;
        _loop.Run(pair.Client.ResumeReceive);
        return pair;
    }

    private void Deliver(FilteredPair pair, byte[] bytes)
    {
        Assert.True(_client.IsReceiving);
        _loop.Run(() => ((IChannelHandler)pair.Client).OnReceived(_client, bytes));
    }

    private sealed class Taker : IChannelHandler
    {
        public long Bytes { get; private set; }

        public bool HasSeenEnd { get; private set; }

        public int TakesBeforeItPauses { get; set; } = int.MaxValue;

        public Action OnTaken { get; set; } = () => { };

        public void OnReceived(IChannel channel, ReadOnlySpan<byte> bytes)
        {
            Bytes += bytes.Length;
            if (--TakesBeforeItPauses == 0)
            {
                channel.PauseReceive();
            }

            OnTaken();
        }

        public void OnEndOfStream(IChannel channel) => HasSeenEnd = true;

        public void OnConnected(IChannel channel) => Assert.Fail("It came connected.");

        public void OnSendDrained(IChannel channel) => Assert.Fail("Nothing was sent.");

        public void OnFailed(IChannel channel, TransportFault fault) => Assert.Fail(fault.Text);
    }

    private sealed class InnerChannel : IChannel
    {
        public IChannelHandler Handler { get; set; } = new Taker();

        public bool IsReceiving { get; private set; }

        public bool IsAborted { get; private set; }

        public EndPoint? RemoteEndPoint => null;

        public EndPoint? LocalEndPoint => null;

        public bool HasUnsent => false;

        public bool Send(ReadOnlySpan<byte> bytes) => true;

        public void ShutdownSend() => Assert.Fail("Nothing was sent.");

        public void ResumeReceive() => IsReceiving = true;

        public void PauseReceive() => IsReceiving = false;

        public void Abort() => IsAborted = true;

        public void Close() => IsAborted = true;
    }
}

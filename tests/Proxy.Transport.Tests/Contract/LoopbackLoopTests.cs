using System.Net;
using Microsoft.Extensions.Logging;
using Proxy.Transport.Tests.Support;

namespace Proxy.Transport.Tests.Contract;

/// <summary>What real loops keep beyond the contract: shared ports, buffers, linger, slow turns, their end.</summary>
public abstract class LoopbackLoopTests : IDisposable
{
    private readonly LoopBackendKind _backend;
    private readonly CountingPool _pool = new();
    private readonly RecordingLogger _logger = new();
    private readonly LoopbackEnvironment _environment;

    protected LoopbackLoopTests(LoopBackendKind backend)
    {
        _backend = backend;
        var settings = new LoopSettings { Pool = _pool, Logger = _logger, Linger = TimeSpan.FromMilliseconds(30) };
        _environment = new LoopbackEnvironment(backend, IPAddress.Loopback, settings);
    }

    private IIoLoop First => _environment.First;

    private IIoLoop Second => _environment.Second;

    [Fact]
    public void Listeners_of_two_loops_may_share_an_address()
    {
        var (first, second) = (new RecordingAcceptHandler(), new RecordingAcceptHandler());
        var shared = TcpOptions.Default with { SharePort = true };
        IListener ListenOn(IIoLoop loop, IPEndPoint address, IAcceptHandler handler) => _environment.Run(loop, () =>
        {
            Assert.True(loop.TryListen(address, shared, handler, out var listener, out var fault), fault.Text);
            return listener;
        });
        var address = ListenOn(First, _environment.AnyPortOf(First), first).LocalEndPoint;
        Assert.Equal(address, ListenOn(Second, address, second).LocalEndPoint);
        _environment.Run(First, () =>
        {
            for (var i = 0; i < 60; i++)
            {
                First.Connect(address, TcpOptions.Default, new RecordingChannelHandler());
            }
        });

        _environment.Until(() => first.Accepted.Count + second.Accepted.Count == 60, "all are accepted");
        Assert.True(first.Accepted.Count > 0 && second.Accepted.Count > 0, "One listener got all 60.");
    }

    [Fact]
    public void UDP_endpoints_of_two_loops_may_share_an_address_and_each_sender_stays_with_one_of_them()
    {
        var (first, second) = (new RecordingUdpHandler(), new RecordingUdpHandler());
        var shared = UdpOptions.Default with { SharePort = true };
        var address = OpenUdp(First, _environment.AnyPortOf(First), shared, first).LocalEndPoint;
        Assert.Equal(address, OpenUdp(Second, address, shared, second).LocalEndPoint);
        var senders = Enumerable.Range(0, 40).Select(_ => OpenUdp(First, _environment.AnyPortOf(First), UdpOptions.Default, new RecordingUdpHandler())).ToArray();
        foreach (var sender in senders.Concat(senders).Concat(senders))
        {
            _environment.Run(First, () => sender.Send("hello"u8, 5, UdpAddress.From(address)));
        }

        _environment.Until(() => first.Datagrams.Count + second.Datagrams.Count == 120, "all have come");
        var (ofFirst, ofSecond) = (first.Datagrams.Select(one => one.From).ToHashSet(), second.Datagrams.Select(one => one.From).ToHashSet());
        Assert.True(ofFirst.Count > 0 && ofSecond.Count > 0, "One endpoint got everything.");
        Assert.Empty(ofFirst.Intersect(ofSecond));
    }

    [Fact]
    public void A_UDP_address_whose_owner_does_not_share_it_is_in_use()
    {
        var address = OpenUdp(First, _environment.AnyPortOf(First), UdpOptions.Default, new RecordingUdpHandler()).LocalEndPoint;
        var fault = _environment.Run(Second, () =>
        {
            var shared = UdpOptions.Default with { SharePort = true };
            Assert.False(Second.TryOpenUdp(address, null, shared, new RecordingUdpHandler(), out _, out var found));
            return found;
        });

        Assert.Equal(TransportFaultKind.AddressInUse, fault.Kind);
    }

    private IUdpEndpoint OpenUdp(IIoLoop loop, IPEndPoint address, UdpOptions options, IUdpHandler handler) => _environment.Run(loop, () =>
    {
        Assert.True(loop.TryOpenUdp(address, null, options, handler, out var endpoint, out var fault), fault.Text);
        return endpoint;
    });

    [Fact]
    public void A_connection_that_flows_holds_no_buffer()
    {
        var (client, clientEvents, _, _) = Connect(new EchoHandler());
        for (var i = 1; i <= 20; i++)
        {
            _environment.Run(First, () => client.Send("ping"u8));
            _environment.Until(() => clientEvents.ReceivedBytes == 4 * i, "the echo has come");
        }

        Assert.Equal(0, _pool.Rented);
    }

    [Fact]
    public void Buffers_of_kept_bytes_go_back_when_they_have_gone()
    {
        var (client, clientEvents, server, serverEvents) = Connect(new RecordingChannelHandler());
        _environment.Run(Second, server.PauseReceive);
        _environment.Run(First, () => Assert.False(client.Send(new byte[16 << 20])));
        Assert.InRange(_pool.Out, 1, 256);

        _environment.Run(Second, server.ResumeReceive);
        _environment.Until(() => clientEvents.Drains == 1, "the kept bytes have gone");
        Assert.Equal(0, _pool.Out);
        _environment.Until(() => serverEvents.ReceivedBytes == 16 << 20, "all have arrived");
    }

    [Fact]
    public void Buffers_of_an_aborted_channel_go_back()
    {
        var (client, _, server, _) = Connect(new RecordingChannelHandler());
        _environment.Run(Second, server.PauseReceive);
        _environment.Run(First, () => Assert.False(client.Send(new byte[16 << 20])));
        _environment.Run(First, client.Abort);

        _environment.Until(() => _pool.Out == 0, "the buffers are back");
    }

    [Fact]
    public void A_closed_channel_whose_peer_reads_nothing_is_reset_after_the_linger_time()
    {
        var (client, _, server, serverEvents) = Connect(new RecordingChannelHandler());
        _environment.Run(Second, server.PauseReceive);
        _environment.Run(First, () =>
        {
            client.Send(new byte[16 << 20]);
            client.Close();
            Assert.Equal(1, _environment.CountersOf(First).OpenChannels);
        });
        _environment.Until(() => _environment.CountersOf(First).OpenChannels == 0 && _pool.Out == 0, "the linger time is over");

        _environment.Run(Second, server.ResumeReceive);
        _environment.Until(() => serverEvents.Fault is not null, "the server sees the reset");
        Assert.False(serverEvents.HasEnded);
    }

    [Fact]
    public void A_loop_that_ends_resets_what_it_has_and_tells_no_handler()
    {
        var (_, clientEvents, _, serverEvents) = Connect(new RecordingChannelHandler());
        _environment.Run(First, () =>
        {
            Assert.True(First.TryListen(_environment.AnyPortOf(First), TcpOptions.Default, new RecordingAcceptHandler(), out _, out _));
            Assert.True(First.TryOpenUdp(_environment.AnyPortOf(First), null, UdpOptions.Default, new RecordingUdpHandler(), out _, out _));
        });
        clientEvents.Seal();
        ((IDisposable)First).Dispose();
        ((IDisposable)First).Dispose();

        var counters = _environment.CountersOf(First);
        Assert.Equal((0, 0, 0), (counters.OpenChannels, counters.OpenListeners, counters.OpenEndpoints));
        Assert.Equal(0, clientEvents.CallsAfterSeal);
        _environment.Until(() => serverEvents.Calls.Length > 0, "the peer is told");
        Assert.Equal("failed:Reset", serverEvents.Calls);
    }

    [Fact]
    public void A_loop_may_be_ended_by_its_own_work_and_later_posts_are_dropped()
    {
        using var loops = LoopBackends.CreateGroup(_backend, 1, new LoopSettings());
        var loop = loops.Loops[0];
        var (runs, work) = (0, new Work(((IDisposable)loop).Dispose));
        loop.Post(work);
        ((IDisposable)loop).Dispose();
        loop.Post(new Work(() => runs++));

        Assert.Equal(0, runs);
        Assert.False(loop.IsCurrent);
    }

    [Fact]
    public async Task Posts_of_several_threads_are_all_run_in_each_threads_order()
    {
        const int Threads = 4;
        const int PostsEach = 5000;
        var seen = new List<int>[Threads];
        var posting = Enumerable.Range(0, Threads).Select(thread => Task.Run(() =>
        {
            seen[thread] = [];
            for (var i = 0; i < PostsEach; i++)
            {
                First.Post(new Work(() => seen[thread].Add(i)));
            }
        }));
        await Task.WhenAll(posting);
        _environment.Until(() => _environment.Run(First, () => seen.Sum(list => list.Count)) == Threads * PostsEach, "all work has run");

        Assert.All(seen, list => Assert.Equal(list.Order(), list));
    }

    [Fact]
    public void A_turn_longer_than_a_millisecond_is_counted_and_logged()
    {
        var counters = _environment.CountersOf(First);
        _environment.Run(First, () => SpinWait.SpinUntil(() => false, TimeSpan.FromMilliseconds(5)));
        _environment.Until(() => Volatile.Read(ref counters.SlowTurns) >= 1, "the slow turn is counted");

        Assert.Contains(_logger.Lines, line => line.Text.Contains("a turn took", StringComparison.Ordinal));
        Assert.True(Volatile.Read(ref counters.Turns) >= 1);
    }

    [Fact]
    public void A_failure_of_posted_work_is_logged_as_an_error()
    {
        First.Post(new Work(() => throw new InvalidOperationException("Meant to fail.")));
        _environment.Until(() => _logger.Lines.Any(line => line.Level == LogLevel.Error), "the failure is logged");

        Assert.Equal(1, _environment.CountersOf(First).HandlerFailures);
    }

    [Fact]
    public void An_IPv4_address_in_IPv6_form_is_connected_as_IPv4()
    {
        var (accepting, client) = (new RecordingAcceptHandler(), new RecordingChannelHandler());
        var port = _environment.Run(Second, () =>
        {
            Assert.True(Second.TryListen(_environment.AnyPortOf(Second), TcpOptions.Default, accepting, out var listener, out _));
            return listener.LocalEndPoint.Port;
        });
        _environment.Run(First, () => First.Connect(new IPEndPoint(IPAddress.Loopback.MapToIPv6(), port), TcpOptions.Default, client));

        _environment.Until(() => client.IsConnected, "the connection is made");
    }

    public void Dispose()
    {
        _environment.Dispose();
        GC.SuppressFinalize(this);
    }

    private (IChannel Client, RecordingChannelHandler ClientEvents, IChannel Server, RecordingChannelHandler ServerEvents) Connect(
        RecordingChannelHandler serverEvents)
    {
        var clientEvents = new RecordingChannelHandler();
        IChannel? server = null;
        var accepting = new RecordingAcceptHandler { WhenAccepted = connection => server = Second.Adopt(connection, serverEvents) };
        var listener = _environment.Run(Second, () =>
        {
            Assert.True(Second.TryListen(_environment.AnyPortOf(Second), TcpOptions.Default, accepting, out var listening, out _));
            return listening;
        });
        var client = _environment.Run(First, () => First.Connect(listener.LocalEndPoint, TcpOptions.Default, clientEvents));
        _environment.Until(() => clientEvents.IsConnected && accepting.Accepted.Count == 1, "the connection is made");
        _environment.Run(First, client.ResumeReceive);
        _environment.Run(Second, () =>
        {
            listener.Close();
            server!.ResumeReceive();
        });
        return (client, clientEvents, server!, serverEvents);
    }

    private sealed class Work(Action action) : IThreadPoolWorkItem
    {
        public void Execute() => action();
    }
}

using System.Net;

namespace Proxy.Transport.Tests.Contract;

/// <summary>The hot paths make no garbage on the loop's thread; a few kilobytes are left for queues that grow once.</summary>
public abstract class LoopbackAllocationTests(LoopBackendKind backend) : IDisposable
{
    private const long ToleratedBytes = 16_000;
    private const int Rounds = 2_000;
    private readonly LoopbackEnvironment _environment = new(backend, IPAddress.Loopback);

    [Fact]
    public void Datagrams_are_received_and_answered_without_garbage()
    {
        var (echo, player) = (new UdpPlayer(lastRound: int.MaxValue), new UdpPlayer(Rounds));
        var server = Open(_environment.Second, echo);
        var client = Open(_environment.First, player);
        var before = AllocatedOn(_environment.Second);
        _environment.Run(_environment.First, () => client.Send("ping"u8, 4, UdpAddress.From(server.LocalEndPoint)));
        _environment.Until(() => player.Rounds == Rounds, "all rounds are played");

        Assert.InRange(AllocatedOn(_environment.Second) - before, 0, ToleratedBytes);
    }

    [Fact]
    public void Bytes_of_a_connection_are_received_and_answered_without_garbage()
    {
        var (echo, player) = (new TcpPlayer(lastRound: int.MaxValue), new TcpPlayer(Rounds));
        var accepting = new RecordingAcceptHandler
        {
            WhenAccepted = connection => _environment.Second.Adopt(connection, echo).ResumeReceive(),
        };
        var listener = _environment.Run(_environment.Second, () =>
        {
            Assert.True(_environment.Second.TryListen(
                _environment.AnyPortOf(_environment.Second), TcpOptions.Default, accepting, out var listening, out _));
            return listening;
        });
        var client = _environment.Run(_environment.First, () => _environment.First.Connect(listener.LocalEndPoint, TcpOptions.Default, player));
        _environment.Until(() => accepting.Accepted.Count == 1 && player.IsConnected, "the connection is made on both sides");
        var before = AllocatedOn(_environment.Second);
        _environment.Run(_environment.First, () =>
        {
            client.ResumeReceive();
            client.Send("ping"u8);
        });
        _environment.Until(() => player.Rounds == Rounds, "all rounds are played");

        Assert.InRange(AllocatedOn(_environment.Second) - before, 0, ToleratedBytes);
    }

    public void Dispose()
    {
        _environment.Dispose();
        GC.SuppressFinalize(this);
    }

    private long AllocatedOn(IIoLoop loop) => _environment.Run(loop, GC.GetAllocatedBytesForCurrentThread);

    private IUdpEndpoint Open(IIoLoop loop, IUdpHandler handler) => _environment.Run(loop, () =>
    {
        Assert.True(loop.TryOpenUdp(_environment.AnyPortOf(loop), null, UdpOptions.Default, handler, out var endpoint, out _));
        return endpoint;
    });

    private sealed class UdpPlayer(int lastRound) : IUdpHandler
    {
        private int _rounds;

        public int Rounds => Volatile.Read(ref _rounds);

        public void OnDatagrams(IUdpEndpoint endpoint, Span<byte> datagrams, int segmentSizeBytes, in UdpAddress from)
        {
            Volatile.Write(ref _rounds, _rounds + 1);
            if (_rounds < lastRound)
            {
                endpoint.Send(datagrams, segmentSizeBytes, from);
            }
        }

        public void OnReceiveTurnEnded(IUdpEndpoint endpoint)
        {
            // Each datagram was answered when it came.
        }

        public void OnSendRefused(IUdpEndpoint endpoint, TransportFault fault) => throw new InvalidOperationException(fault.Text);
    }

    private sealed class TcpPlayer(int lastRound) : IChannelHandler
    {
        private int _rounds;
        private bool _isConnected;

        public int Rounds => Volatile.Read(ref _rounds);

        public bool IsConnected => Volatile.Read(ref _isConnected);

        public void OnConnected(IChannel channel) => Volatile.Write(ref _isConnected, true);

        public void OnReceived(IChannel channel, ReadOnlySpan<byte> bytes)
        {
            Volatile.Write(ref _rounds, _rounds + 1);
            if (_rounds < lastRound)
            {
                channel.Send(bytes);
            }
        }

        public void OnEndOfStream(IChannel channel) => throw new InvalidOperationException("Nobody ends.");

        public void OnSendDrained(IChannel channel) => throw new InvalidOperationException("Four bytes always go at once.");

        public void OnFailed(IChannel channel, TransportFault fault) => throw new InvalidOperationException(fault.Text);
    }
}

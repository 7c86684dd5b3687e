using System.Net;
using Proxy.Transport.Epoll;
using Proxy.Transport.Tests.Contract;

namespace Proxy.Transport.Tests.Epoll;

/// <summary>Batches of equal datagrams, with the kernel's help and without it.</summary>
public sealed class EpollUdpEndpointTests : IDisposable
{
    private LoopbackEnvironment _environment = new(LoopBackendKind.Epoll, IPAddress.Loopback);

    [Fact]
    public void A_batch_crosses_as_one_where_the_kernel_helps()
    {
        var (calls, endpoint) = Receive([.. Enumerable.Range(0, 20_500).Select(i => (byte)(i % 251))], segmentSizeBytes: 1000);

        Assert.Equal((UdpOffload.Segmenting, UdpOffload.Joining), (endpoint.IsSegmenting, endpoint.IsJoining));
        Assert.Equal(endpoint.IsSegmenting && endpoint.IsJoining ? (1000, 20_500) : (1000, 1000), calls[0]);
    }

    [Fact]
    public void Without_the_kernels_help_each_datagram_comes_alone()
    {
        _environment.Dispose();
        _environment = new LoopbackEnvironment(LoopBackendKind.Epoll, IPAddress.Loopback, new LoopSettings { UdpOffload = false });
        var (calls, endpoint) = Receive(new byte[2_500], segmentSizeBytes: 1000);

        Assert.False(endpoint.IsJoining || endpoint.IsSegmenting);
        Assert.Equal([(1000, 1000), (1000, 1000), (500, 500)], calls);
    }

    [Theory]
    [InlineData(100, 200)]
    [InlineData(1350, 120)]
    [InlineData(32_000, 5)]
    [InlineData(40_000, 3)]
    public void A_batch_larger_than_the_kernel_takes_is_cut_between_datagrams(int segmentSizeBytes, int count)
    {
        var bytes = new byte[segmentSizeBytes * count];
        new Random(segmentSizeBytes).NextBytes(bytes);
        var server = new RecordingUdpHandler();
        var (serverEndpoint, clientEndpoint) = (Open(_environment.Second, server), Open(_environment.First, new RecordingUdpHandler()));
        var status = _environment.Run(_environment.First, () => clientEndpoint.Send(bytes, segmentSizeBytes, UdpAddress.From(serverEndpoint.LocalEndPoint)));
        Assert.Equal(UdpSendStatus.Sent, status);
        _environment.Until(() => server.Datagrams.Count == count, "all datagrams have come");

        Assert.All(server.Datagrams, datagram => Assert.Equal(segmentSizeBytes, datagram.Bytes.Length));
        Assert.True(bytes.AsSpan().SequenceEqual(server.Datagrams.SelectMany(datagram => datagram.Bytes).ToArray()), "The bytes differ.");
    }

    [Fact]
    public void Of_sockets_that_share_an_address_a_datagram_goes_to_the_one_that_its_number_says()
    {
        var handlers = Enumerable.Range(0, 3).Select(_ => new RecordingUdpHandler()).ToArray();
        var shared = UdpOptions.Default with { SharePort = true };
        var address = new IPEndPoint(IPAddress.Loopback, 0);
        var endpoints = new List<IUdpEndpoint>();
        foreach (var handler in handlers)
        {
            var endpoint = Open(_environment.Second, handler, shared, address);
            address = endpoint.LocalEndPoint;
            endpoints.Add(endpoint);
        }

        var steering = new UdpSteering(3, [new UdpSteering.Rule(4, Offset: 4), new UdpSteering.Rule(1, Offset: 8)]);
        Assert.True(_environment.Run(_environment.Second, () => endpoints[0].TrySteer(steering)));
        var sender = Open(_environment.First, new RecordingUdpHandler());
        _environment.Run(_environment.First, () =>
        {
            for (byte number = 0; number < 60; number++)
            {
                // Of the third kind nobody said anything; of the fourth, the number is cut off.
                sender.Send([4, 0, 0, 0, 0, 0, 1, number, 9, 9, 9, 9], 12, UdpAddress.From(address));
                sender.Send([1, 0, 0, 0, 9, 9, 9, 9, 0, 0, 0, number], 12, UdpAddress.From(address));
                sender.Send([7, 0, 0, 0, 0, 0, 0, number, 0, 0, 0, number], 12, UdpAddress.From(address));
                sender.Send([4, 0, 0, number], 4, UdpAddress.From(address));
            }
        });
        _environment.Until(() => handlers.Sum(handler => handler.Datagrams.Count) == 240, "all have come");

        for (var index = 0; index < 3; index++)
        {
            Assert.Equal(20, handlers[index].Datagrams.Count(datagram => datagram.Bytes is [4, 0, 0, 0, 0, 0, 1, var number, ..] && (256 + number) % 3 == index));
            Assert.Equal(20, handlers[index].Datagrams.Count(datagram => datagram.Bytes is [1, .., var number] && number % 3 == index));
        }

        Assert.Equal(60, handlers[0].Datagrams.Count(datagram => datagram.Bytes.Length == 4));
        Assert.Contains(60, handlers.Select(handler => handler.Datagrams.Count(datagram => datagram.Bytes[0] == 7)));
    }

    [Fact]
    public void Two_senders_are_never_joined()
    {
        var server = new RecordingUdpHandler();
        var serverEndpoint = Open(_environment.Second, server);
        var senders = new[] { Open(_environment.First, new RecordingUdpHandler()), Open(_environment.First, new RecordingUdpHandler()) };
        _environment.Run(_environment.First, () =>
        {
            for (var i = 0; i < 50; i++)
            {
                senders[i % 2].Send([(byte)(i % 2), 7, 7], 3, UdpAddress.From(serverEndpoint.LocalEndPoint));
            }
        });
        _environment.Until(() => server.Datagrams.Count == 50, "all datagrams have come");

        Assert.All(server.Datagrams, datagram => Assert.Equal(UdpAddress.From(senders[datagram.Bytes[0]].LocalEndPoint), datagram.From));
    }

    [Fact]
    public void A_privileged_or_modest_wish_for_buffers_is_granted()
    {
        var endpoint = Open(_environment.First, new RecordingUdpHandler(), UdpOptions.Default with { ReceiveBufferBytes = 64 << 10 });

        Assert.Equal(64 << 10, endpoint.GrantedReceiveBufferBytes);
    }

    public void Dispose() => _environment.Dispose();

    /// <summary>Sends one batch; gives the calls that it arrived in, as segment size and length.</summary>
    private (List<(int SegmentSizeBytes, int Length)> Calls, EpollUdpEndpoint Endpoint) Receive(byte[] bytes, int segmentSizeBytes)
    {
        var handler = new CallsHandler();
        var (serverEndpoint, clientEndpoint) = (Open(_environment.Second, handler), Open(_environment.First, new RecordingUdpHandler()));
        _environment.Run(_environment.First, () => clientEndpoint.Send(bytes, segmentSizeBytes, UdpAddress.From(serverEndpoint.LocalEndPoint)));
        _environment.Until(() => _environment.Run(_environment.Second, () => handler.Calls.Sum(call => call.Length)) == bytes.Length, "all have come");
        return (handler.Calls, serverEndpoint);
    }

    private EpollUdpEndpoint Open(IIoLoop loop, IUdpHandler handler, UdpOptions? options = null, IPEndPoint? at = null) => _environment.Run(loop, () =>
    {
        var isOpen = loop.TryOpenUdp(at ?? _environment.AnyPortOf(loop), null, options ?? UdpOptions.Default, handler, out var endpoint, out var fault);
        Assert.True(isOpen, fault.Text);
        return Assert.IsType<EpollUdpEndpoint>(endpoint);
    });

    private sealed class CallsHandler : IUdpHandler
    {
        public List<(int SegmentSizeBytes, int Length)> Calls { get; } = [];

        public void OnDatagrams(IUdpEndpoint endpoint, Span<byte> datagrams, int segmentSizeBytes, in UdpAddress from) =>
            Calls.Add((segmentSizeBytes, datagrams.Length));

        public void OnReceiveTurnEnded(IUdpEndpoint endpoint)
        {
            // Only the calls matter.
        }

        public void OnSendRefused(IUdpEndpoint endpoint, TransportFault fault) => throw new InvalidOperationException(fault.Text);
    }
}

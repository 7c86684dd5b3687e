using System.Net;

namespace Proxy.Transport.Tests.Contract;

public abstract partial class IoLoopContract
{
    [Fact]
    public void Datagrams_are_echoed_to_whom_they_came_from()
    {
        var (client, server) = (new RecordingUdpHandler(), new RecordingUdpHandler());
        server.WhenReceived = (endpoint, bytes, from) => Assert.Equal(UdpSendStatus.Sent, endpoint.Send(bytes, bytes.Length, from));
        var serverEndpoint = OpenUdp(Second, server);
        var clientEndpoint = OpenUdp(First, client);
        _environment.Run(First, () => clientEndpoint.Send("hello"u8, 5, UdpAddress.From(serverEndpoint.LocalEndPoint)));
        Until(() => client.Datagrams.Count == 1, "the echo has come");

        Assert.Equal("hello"u8, client.Datagrams[0].Bytes);
        Assert.Equal(UdpAddress.From(serverEndpoint.LocalEndPoint), client.Datagrams[0].From);
        Assert.Equal(UdpAddress.From(clientEndpoint.LocalEndPoint), server.Datagrams[0].From);
        Until(() => server.TurnsEnded > 0, "the end of the turn is told");
    }

    [Fact]
    public void A_batch_arrives_as_its_datagrams_the_last_one_shorter()
    {
        var bytes = RandomBytes((40 * 1200) + 77, seed: 7);
        var server = new RecordingUdpHandler();
        var serverEndpoint = OpenUdp(Second, server);
        var clientEndpoint = OpenUdp(First, new RecordingUdpHandler(), serverEndpoint.LocalEndPoint);
        Assert.Equal(UdpSendStatus.Sent, _environment.Run(First, () => clientEndpoint.Send(bytes, 1200, default)));
        Until(() => server.Datagrams.Count == 41, "all datagrams have come");

        Assert.All(server.Datagrams.Take(40), datagram => Assert.Equal(1200, datagram.Bytes.Length));
        AssertSame(bytes, [.. server.Datagrams.SelectMany(datagram => datagram.Bytes)]);
        Assert.All(server.Datagrams, datagram => Assert.Equal(UdpAddress.From(clientEndpoint.LocalEndPoint), datagram.From));
    }

    [Fact]
    public void More_datagrams_than_one_turn_takes_all_arrive()
    {
        var server = new RecordingUdpHandler();
        var serverEndpoint = OpenUdp(Second, server);
        var clientEndpoint = OpenUdp(First, new RecordingUdpHandler());
        var to = UdpAddress.From(serverEndpoint.LocalEndPoint);
        _environment.Run(First, () =>
        {
            for (var batch = 0; batch < 10; batch++)
            {
                clientEndpoint.Send(new byte[50 * 100], 100, to);
            }
        });

        Until(() => server.Datagrams.Count == 500, "all datagrams have come");
    }

    [Fact]
    public void Waiting_takes_no_datagram_away()
    {
        var server = new RecordingUdpHandler();
        var serverEndpoint = OpenUdp(Second, server);
        var clientEndpoint = OpenUdp(First, new RecordingUdpHandler());
        for (byte i = 0; i < 20; i++)
        {
            var expected = i + 1;
            _environment.Run(First, () => clientEndpoint.Send([(byte)expected, 0, 1], 3, UdpAddress.From(serverEndpoint.LocalEndPoint)));
            Until(() => server.Datagrams.Count == expected, $"datagram {expected} has come whole");
            Assert.Equal([(byte)expected, 0, 1], server.Datagrams[i].Bytes);
        }
    }

    [Fact]
    public void A_connected_endpoint_is_told_that_nobody_is_home_and_goes_on()
    {
        var client = new RecordingUdpHandler();
        var nobody = _environment.NobodyHome();
        var endpoint = OpenUdp(First, client, nobody);
        _environment.Run(First, () => endpoint.Send("anybody?"u8, 8, default));
        Until(() => client.Refusals.Count == 1, "the refusal has come");
        Assert.Equal(TransportFaultKind.Refused, client.Refusals[0].Kind);

        var server = new RecordingUdpHandler();
        var late = _environment.Run(Second, () =>
        {
            Assert.True(Second.TryOpenUdp(nobody, null, UdpOptions.Default, server, out var opened, out var fault), fault.Text);
            return opened;
        });
        server.WhenReceived = (from, bytes, to) => from.Send(bytes, bytes.Length, to);
        _environment.Run(First, () => endpoint.Send("and now?"u8, 8, default));
        Until(() => client.Datagrams.Count == 1, "the endpoint works again");
        Assert.Equal("and now?"u8, client.Datagrams[0].Bytes);
        _environment.Run(Second, late.Close);
    }

    [Fact]
    public void An_unconnected_endpoint_hears_nothing_of_refusals()
    {
        var client = new RecordingUdpHandler();
        var endpoint = OpenUdp(First, client);
        var nobody = UdpAddress.From(_environment.NobodyHome());
        Assert.Equal(UdpSendStatus.Sent, _environment.Run(First, () => endpoint.Send("anybody?"u8, 8, nobody)));
        _environment.Settle();

        Assert.Equal(UdpSendStatus.Sent, _environment.Run(First, () => endpoint.Send("anybody?"u8, 8, nobody)));
        Assert.Empty(client.Refusals);
    }

    [Fact]
    public void A_datagram_beyond_what_UDP_carries_is_too_large()
    {
        var endpoint = OpenUdp(First, new RecordingUdpHandler());
        var to = UdpAddress.From(_environment.NobodyHome());

        Assert.Equal(UdpSendStatus.TooLarge, _environment.Run(First, () => endpoint.Send(new byte[70_000], 70_000, to)));
    }

    [Fact]
    public void A_taken_UDP_address_is_a_fault()
    {
        var endpoint = OpenUdp(First, new RecordingUdpHandler());
        var fault = _environment.Run(First, () =>
        {
            Assert.False(First.TryOpenUdp(endpoint.LocalEndPoint, null, UdpOptions.Default, new RecordingUdpHandler(), out _, out var found));
            return found;
        });

        Assert.Equal(TransportFaultKind.AddressInUse, fault.Kind);
    }

    [Fact]
    public void A_closed_endpoint_is_silent_and_not_counted()
    {
        var server = new RecordingUdpHandler();
        var serverEndpoint = OpenUdp(Second, server);
        var clientEndpoint = OpenUdp(First, new RecordingUdpHandler());
        Assert.Equal(1, _environment.CountersOf(Second).OpenEndpoints);
        _environment.Run(Second, () =>
        {
            serverEndpoint.Close();
            serverEndpoint.Close();
        });
        _environment.Run(First, () => clientEndpoint.Send("gone?"u8, 5, UdpAddress.From(serverEndpoint.LocalEndPoint)));
        _environment.Settle();

        Assert.Empty(server.Datagrams);
        Assert.Equal(0, _environment.CountersOf(Second).OpenEndpoints);
    }

    [Fact]
    public void A_failing_UDP_handler_does_not_stop_its_endpoint()
    {
        var server = new RecordingUdpHandler { WhenReceived = (_, _, _) => throw new InvalidOperationException("Meant to fail.") };
        var serverEndpoint = OpenUdp(Second, server);
        var clientEndpoint = OpenUdp(First, new RecordingUdpHandler());
        for (var i = 1; i <= 3; i++)
        {
            _environment.Run(First, () => clientEndpoint.Send("poison"u8, 6, UdpAddress.From(serverEndpoint.LocalEndPoint)));
            Until(() => server.Datagrams.Count == i, "the datagram has come");
        }

        var counters = _environment.CountersOf(Second);
        Until(() => Volatile.Read(ref counters.HandlerFailures) == 3, "the failures are counted");
    }

    private IUdpEndpoint OpenUdp(IIoLoop loop, IUdpHandler handler, IPEndPoint? remote = null) => _environment.Run(loop, () =>
    {
        Assert.True(loop.TryOpenUdp(_environment.AnyPortOf(loop), remote, UdpOptions.Default, handler, out var endpoint, out var fault), fault.Text);
        return endpoint;
    });
}

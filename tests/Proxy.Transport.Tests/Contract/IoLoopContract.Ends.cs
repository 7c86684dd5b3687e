using System.Net;

namespace Proxy.Transport.Tests.Contract;

public abstract partial class IoLoopContract
{
    [Fact]
    public void Abort_arrives_as_a_reset()
    {
        var pair = Connect();
        pair.ResumeBoth();
        pair.OnClient(channel => channel.Abort());
        Until(() => pair.ServerEvents.Fault is not null, "the server is told");

        Assert.Equal("failed:Reset", pair.ServerEvents.Calls);
        Assert.NotEmpty(pair.ServerEvents.Fault!.Value.Text);
    }

    [Fact]
    public void A_reset_reaches_a_paused_channel_that_has_nothing_to_read()
    {
        var pair = Connect();
        pair.OnClient(channel => channel.Abort());
        Until(() => pair.ServerEvents.Fault is not null, "the server is told");

        Assert.Equal("failed:Reset", pair.ServerEvents.Calls);
    }

    [Fact]
    public void A_reset_ends_a_send_that_waits()
    {
        var pair = Connect();
        pair.OnClient(channel => Assert.False(channel.Send(new byte[16 << 20])));
        pair.OnServer(channel => channel.Abort());
        Until(() => pair.ClientEvents.Fault is not null, "the client is told");

        Assert.Equal(TransportFaultKind.Reset, pair.ClientEvents.Fault!.Value.Kind);
        Assert.Equal(0, pair.ClientEvents.Drains);
        UntilNothingIsOpen();
    }

    [Fact]
    public void Connecting_where_nobody_listens_is_refused()
    {
        var handler = new RecordingChannelHandler();
        var nobody = _environment.NobodyHome();
        var (calls, channel) = _environment.Run(First, () =>
        {
            var begun = First.Connect(nobody, TcpOptions.Default, handler);
            return (handler.Calls, begun);
        });
        Until(() => handler.Fault is not null, "the refusal has come");

        Assert.Equal("", calls);
        Assert.Equal("failed:Refused", handler.Calls);
        Assert.Equal(nobody, Endpoint(channel.RemoteEndPoint));
        UntilNothingIsOpen();
    }

    [Fact]
    public void Bytes_sent_while_connecting_follow_once_connected()
    {
        var (client, accepting) = (new RecordingChannelHandler(), new RecordingAcceptHandler());
        var server = new RecordingChannelHandler();
        var listener = Listen(Second, accepting);
        accepting.WhenAccepted = connection => Second.Adopt(connection, server).ResumeReceive();
        _environment.Run(First, () =>
        {
            var channel = First.Connect(listener.LocalEndPoint, TcpOptions.Default, client);
            Assert.False(channel.Send("early"u8));
            channel.ShutdownSend();
        });
        Until(() => server.HasEnded && client.Drains == 1, "the server has it all");

        Assert.Equal("early"u8, server.Received);
        Assert.Equal("connected drained", client.Calls);
    }

    [Fact]
    public void A_channel_aborted_while_connecting_is_not_heard_of_again()
    {
        var handler = new RecordingChannelHandler();
        var listener = Listen(Second, new RecordingAcceptHandler());
        _environment.Run(First, () => First.Connect(listener.LocalEndPoint, TcpOptions.Default, handler).Abort());
        _environment.Settle();

        Assert.Equal("", handler.Calls);
        Assert.Equal(0, _environment.CountersOf(First).OpenChannels);
    }

    [Fact]
    public void Close_sends_kept_bytes_and_the_end_of_stream_first()
    {
        var bytes = RandomBytes(16 << 20, seed: 5);
        var pair = Connect();
        pair.OnClient(channel =>
        {
            Assert.False(channel.Send(bytes));
            channel.Close();
            pair.ClientEvents.Seal();
        });
        pair.OnServer(channel => channel.ResumeReceive());
        Until(() => pair.ServerEvents.HasEnded, "the end has come");
        AssertSame(bytes, pair.ServerEvents.Received);
        pair.OnServer(channel => channel.Close());

        UntilNothingIsOpen();
        Assert.Equal(0, pair.ClientEvents.CallsAfterSeal);
        Assert.Null(pair.ServerEvents.Fault);
    }

    [Fact]
    public void Close_loses_none_of_its_own_bytes_when_received_ones_were_never_read()
    {
        var bytes = RandomBytes(16 << 20, seed: 6);
        var pair = Connect();
        pair.OnServer(channel => channel.Send("nobody will read this"u8));
        _environment.Settle();
        pair.OnClient(channel =>
        {
            channel.Send(bytes);
            channel.Close();
        });
        pair.OnServer(channel => channel.ResumeReceive());
        Until(() => pair.ServerEvents.HasEnded || pair.ServerEvents.Fault is not null, "the end has come");

        AssertSame(bytes, pair.ServerEvents.Received);
        Assert.Null(pair.ServerEvents.Fault);
    }

    [Fact]
    public void Close_is_final_and_an_abort_after_it_does_nothing()
    {
        var bytes = RandomBytes(16 << 20, seed: 10);
        var pair = Connect();
        pair.OnClient(channel =>
        {
            Assert.False(channel.Send(bytes));
            channel.Close();
            channel.Abort();
        });
        pair.OnServer(channel => channel.ResumeReceive());
        Until(() => pair.ServerEvents.HasEnded || pair.ServerEvents.Fault is not null, "the end has come");

        AssertSame(bytes, pair.ServerEvents.Received);
        Assert.Null(pair.ServerEvents.Fault);
    }

    [Fact]
    public void No_handler_call_comes_after_close()
    {
        var pair = Connect();
        pair.ResumeBoth();
        pair.OnClient(channel =>
        {
            channel.Close();
            pair.ClientEvents.Seal();
        });
        pair.OnServer(channel =>
        {
            channel.Send("too late"u8);
            channel.Close();
        });
        UntilNothingIsOpen();

        Assert.Equal(0, pair.ClientEvents.CallsAfterSeal);
    }

    [Fact]
    public void No_handler_call_comes_after_abort_inside_a_delivery()
    {
        var pair = Connect();
        pair.ServerEvents.WhenReceived = channel =>
        {
            channel.Abort();
            pair.ServerEvents.Seal();
        };
        pair.ResumeBoth();
        pair.OnClient(channel =>
        {
            channel.Send(new byte[1 << 20]);
            channel.ShutdownSend();
        });
        Until(() => pair.ClientEvents.Fault is not null, "the client sees the reset");
        _environment.Settle();

        Assert.Equal(0, pair.ServerEvents.CallsAfterSeal);
        Assert.Equal("received", pair.ServerEvents.Calls);
        UntilNothingIsOpen();
    }

    [Fact]
    public void Commands_after_the_end_do_nothing()
    {
        var pair = Connect();
        pair.OnClient(channel =>
        {
            channel.Abort();
            pair.ClientEvents.Seal();
            channel.Send("into the void"u8);
            channel.ShutdownSend();
            channel.ResumeReceive();
            channel.PauseReceive();
            channel.Close();
            channel.Abort();
            Assert.False(channel.HasUnsent);
        });
        Until(() => pair.ServerEvents.Fault is not null, "the server is told");
        UntilNothingIsOpen();

        Assert.Equal(0, pair.ClientEvents.CallsAfterSeal);
    }

    [Fact]
    public void Sending_after_the_own_end_of_stream_is_a_bug()
    {
        var pair = Connect();
        pair.OnClient(channel =>
        {
            channel.ShutdownSend();
            Assert.Throws<InvalidOperationException>(() => channel.Send("one more thing"u8));
        });
        pair.OnServer(channel => channel.ResumeReceive());
        Until(() => pair.ServerEvents.HasEnded, "the end has come");

        Assert.Equal(0, pair.ServerEvents.ReceivedBytes);
    }

    [Fact]
    public void A_refused_connection_is_reset()
    {
        var (client, accepting) = (new RecordingChannelHandler(), new RecordingAcceptHandler { WhenAccepted = connection => connection.Refuse() });
        var listener = Listen(Second, accepting);
        client.WhenConnected = channel => channel.ResumeReceive();
        _environment.Run(First, () => First.Connect(listener.LocalEndPoint, TcpOptions.Default, client));
        Until(() => client.Fault is not null, "the client is told");

        Assert.Equal(TransportFaultKind.Reset, client.Fault!.Value.Kind);
    }

    [Fact]
    public void A_listener_on_port_zero_tells_its_port_and_closing_it_frees_the_address()
    {
        var listener = Listen(First, new RecordingAcceptHandler());
        Assert.NotEqual(0, listener.LocalEndPoint.Port);
        Assert.Equal(1, _environment.CountersOf(First).OpenListeners);

        _environment.Run(First, listener.Close);
        _environment.Run(First, () =>
        {
            var isBound = First.TryListen(listener.LocalEndPoint, TcpOptions.Default, new RecordingAcceptHandler(), out var again, out var fault);
            Assert.True(isBound, fault.Text);
            again.Close();
        });
        Assert.Equal(0, _environment.CountersOf(First).OpenListeners);
    }

    [Fact]
    public void A_taken_address_is_a_fault()
    {
        var listener = Listen(First, new RecordingAcceptHandler());
        var fault = _environment.Run(First, () =>
        {
            Assert.False(First.TryListen(listener.LocalEndPoint, TcpOptions.Default, new RecordingAcceptHandler(), out _, out var found));
            return found;
        });

        Assert.Equal(TransportFaultKind.AddressInUse, fault.Kind);
    }

    [Fact]
    public void A_listener_accepts_a_burst_and_closing_it_leaves_them_alive()
    {
        var accepting = new RecordingAcceptHandler { WhenAccepted = connection => Second.Adopt(connection, new EchoHandler()).ResumeReceive() };
        var listener = Listen(Second, accepting);
        var clients = Enumerable.Range(0, 50)
            .Select(_ => new RecordingChannelHandler { WhenConnected = channel => channel.ResumeReceive() })
            .ToArray();
        var channels = _environment.Run(
            First, () => clients.Select(client => First.Connect(listener.LocalEndPoint, TcpOptions.Default, client)).ToArray());
        Until(() => accepting.Accepted.Count == 50 && clients.All(client => client.IsConnected), "all are accepted");
        _environment.Run(Second, listener.Close);
        _environment.Run(First, () =>
        {
            foreach (var channel in channels)
            {
                channel.Send("still here?"u8);
                channel.ShutdownSend();
            }
        });
        Until(() => clients.All(client => client.HasEnded), "all are answered");

        Assert.All(clients, client => Assert.Equal("still here?"u8, client.Received));
        _environment.Run(First, () => Array.ForEach(channels, channel => channel.Close()));
        UntilNothingIsOpen();
    }

    private void UntilNothingIsOpen()
    {
        var (first, second) = (_environment.CountersOf(First), _environment.CountersOf(Second));
        Until(() => Volatile.Read(ref first.OpenChannels) + Volatile.Read(ref second.OpenChannels) == 0, "no channel is left open");
    }
}

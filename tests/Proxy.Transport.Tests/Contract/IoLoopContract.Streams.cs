namespace Proxy.Transport.Tests.Contract;

public abstract partial class IoLoopContract
{
    [Fact]
    public void Bytes_cross_both_ways_and_the_addresses_match()
    {
        var pair = Connect();
        pair.ResumeBoth();

        pair.OnClient(channel => Assert.True(channel.Send("ping"u8)));
        pair.OnServer(channel => Assert.True(channel.Send("pong!"u8)));
        Until(() => pair.ServerEvents.ReceivedBytes == 4 && pair.ClientEvents.ReceivedBytes == 5, "both have received");

        Assert.Equal("ping"u8, pair.ServerEvents.Received);
        Assert.Equal("pong!"u8, pair.ClientEvents.Received);
        Assert.Equal(Endpoint(pair.Client.LocalEndPoint), Endpoint(pair.Server.RemoteEndPoint));
        Assert.Equal(Endpoint(pair.Client.RemoteEndPoint), Endpoint(pair.Server.LocalEndPoint));
    }

    [Fact]
    public void Megabytes_are_echoed_unharmed_under_back_pressure()
    {
        var bytes = RandomBytes(3 << 20, seed: 1);
        var pair = Connect(new EchoHandler());
        var sent = 0;
        void SendMore(IChannel channel)
        {
            var isGoing = true;
            while (isGoing && sent < bytes.Length)
            {
                var chunk = Math.Min(50_000, bytes.Length - sent);
                isGoing = channel.Send(bytes.AsSpan(sent, chunk));
                sent += chunk;
            }

            if (isGoing)
            {
                channel.ShutdownSend();
            }
        }

        pair.ClientEvents.WhenDrained = SendMore;
        pair.ResumeBoth();
        pair.OnClient(SendMore);
        Until(() => pair.ClientEvents.HasEnded, "the echo has ended");

        AssertSame(bytes, pair.ClientEvents.Received);
        AssertSame(bytes, pair.ServerEvents.Received);
    }

    [Fact]
    public void A_slow_reader_makes_send_keep_bytes_until_it_reads()
    {
        var bytes = RandomBytes(200_000, seed: 2);
        var large = new byte[8 << 20];
        var pair = Connect();
        var sends = 0;
        pair.OnClient(channel =>
        {
            while (channel.Send(bytes))
            {
                Assert.True(++sends < 1000, "200 MB went without anybody reading.");
            }

            Assert.True(channel.HasUnsent);
            // More than the receiver's buffer may still grow by.
            Assert.False(channel.Send(large));
            Assert.False(channel.Send("the end"u8));
        });
        _environment.Settle();
        Assert.Equal(0, pair.ClientEvents.Drains);
        Assert.Equal(0, pair.ServerEvents.ReceivedBytes);

        pair.OnServer(channel => channel.ResumeReceive());
        Until(() => pair.ClientEvents.Drains == 1, "the kept bytes have gone");
        var total = ((long)(sends + 1) * bytes.Length) + large.Length + 7;
        Until(() => pair.ServerEvents.ReceivedBytes == total, "all bytes have arrived");

        Assert.False(_environment.Run(First, () => pair.Client.HasUnsent));
        Assert.Equal("the end"u8, pair.ServerEvents.Received.AsSpan()[^7..]);
        Assert.Equal(1, pair.ClientEvents.Drains);
    }

    [Fact]
    public void The_client_may_end_first_and_still_receive()
    {
        var pair = Connect();
        pair.ResumeBoth();

        pair.OnClient(channel =>
        {
            channel.Send("question"u8);
            channel.ShutdownSend();
            channel.ShutdownSend();
        });
        Until(() => pair.ServerEvents.HasEnded, "the server has seen the end");
        pair.OnServer(channel => channel.Send("answer"u8));
        Until(() => pair.ClientEvents.ReceivedBytes == 6, "the client has the answer");

        Assert.Equal("received ended", pair.ServerEvents.Calls);
        Assert.False(pair.ClientEvents.HasEnded);
    }

    [Fact]
    public void The_server_may_end_first_and_still_receive()
    {
        var pair = Connect();
        pair.ResumeBoth();

        pair.OnServer(channel =>
        {
            channel.Send("greeting"u8);
            channel.ShutdownSend();
        });
        Until(() => pair.ClientEvents.HasEnded, "the client has seen the end");
        pair.OnClient(channel => channel.Send("thanks"u8));
        Until(() => pair.ServerEvents.ReceivedBytes == 6, "the server has the thanks");

        Assert.Equal("connected received ended", pair.ClientEvents.Calls);
        Assert.Equal("received", pair.ServerEvents.Calls);
    }

    [Fact]
    public void Both_ends_may_end_at_the_same_time()
    {
        var pair = Connect();
        pair.OnClient(channel => channel.ShutdownSend());
        pair.OnServer(channel => channel.ShutdownSend());
        pair.ResumeBoth();

        Until(() => pair.ClientEvents.HasEnded && pair.ServerEvents.HasEnded, "both have seen the end");
        pair.OnClient(channel => channel.Close());
        pair.OnServer(channel => channel.Close());
        UntilNothingIsOpen();

        Assert.Equal("connected ended", pair.ClientEvents.Calls);
        Assert.Equal("ended", pair.ServerEvents.Calls);
    }

    [Fact]
    public void Bytes_that_come_with_the_end_of_stream_are_delivered_before_it()
    {
        for (var round = 0; round < 20; round++)
        {
            var pair = Connect();
            pair.OnClient(channel =>
            {
                channel.Send("last words"u8);
                channel.ShutdownSend();
            });
            _environment.Run(Second, () => pair.Server.ResumeReceive());
            Until(() => pair.ServerEvents.HasEnded, "the end has come");

            Assert.Equal("received ended", pair.ServerEvents.Calls);
            Assert.Equal("last words"u8, pair.ServerEvents.Received);
        }
    }

    [Fact]
    public void The_end_of_stream_follows_kept_bytes()
    {
        var bytes = RandomBytes(16 << 20, seed: 3);
        var pair = Connect();
        pair.OnClient(channel =>
        {
            Assert.False(channel.Send(bytes));
            channel.ShutdownSend();
        });
        pair.OnServer(channel => channel.ResumeReceive());
        Until(() => pair.ServerEvents.HasEnded, "the end has come");

        AssertSame(bytes, pair.ServerEvents.Received);
        Assert.Equal(1, pair.ClientEvents.Drains);
    }

    [Fact]
    public void A_paused_channel_delivers_nothing_and_resumes_where_it_stopped()
    {
        var pair = Connect();
        pair.OnClient(channel =>
        {
            channel.Send("one"u8);
            channel.ShutdownSend();
        });
        _environment.Settle();
        Assert.Equal("", pair.ServerEvents.Calls);

        pair.OnServer(channel =>
        {
            channel.ResumeReceive();
            channel.PauseReceive();
        });
        _environment.Settle();
        Assert.Equal("", pair.ServerEvents.Calls);

        pair.OnServer(channel => channel.ResumeReceive());
        Until(() => pair.ServerEvents.HasEnded, "the end has come");
        Assert.Equal("one"u8, pair.ServerEvents.Received);
    }

    [Fact]
    public void Pausing_inside_a_delivery_holds_the_rest_back()
    {
        var bytes = RandomBytes(1 << 20, seed: 4);
        var pair = Connect();
        pair.ServerEvents.WhenReceived = channel => channel.PauseReceive();
        pair.OnServer(channel => channel.ResumeReceive());
        pair.OnClient(channel =>
        {
            channel.Send(bytes);
            channel.ShutdownSend();
        });
        Until(() => pair.ServerEvents.ReceivedBytes > 0, "the first bytes have come");
        _environment.Settle();
        var first = pair.ServerEvents.ReceivedBytes;
        Assert.InRange(first, 1, bytes.Length - 1);

        pair.OnServer(channel => channel.ResumeReceive());
        Until(() => pair.ServerEvents.ReceivedBytes > first, "the next bytes have come");
        pair.ServerEvents.WhenReceived = null;
        pair.OnServer(channel => channel.ResumeReceive());
        Until(() => pair.ServerEvents.HasEnded, "the end has come");
        AssertSame(bytes, pair.ServerEvents.Received);
    }

    [Fact]
    public void The_next_handler_gets_the_calls_from_the_moment_it_is_set()
    {
        var pair = Connect();
        var next = new RecordingChannelHandler();
        pair.OnServer(channel =>
        {
            channel.Handler = next;
            channel.ResumeReceive();
        });
        pair.OnClient(channel => channel.Send("hello"u8));
        Until(() => next.ReceivedBytes == 5, "the next handler has the bytes");

        Assert.Equal("", pair.ServerEvents.Calls);
    }

    [Fact]
    public void A_connection_may_be_adopted_by_another_loop_than_its_listener()
    {
        var pair = Connect(new EchoHandler(), serverLoop: First);
        var accepting = new RecordingAcceptHandler();
        var (client, server) = (new RecordingChannelHandler(), new EchoHandler());
        var isOnSecond = false;
        server.WhenReceived = _ => isOnSecond = Second.IsCurrent && !First.IsCurrent;
        var listener = Listen(First, accepting);
        var channel = _environment.Run(First, () => First.Connect(listener.LocalEndPoint, TcpOptions.Default, client));
        Until(() => accepting.Accepted.Count == 1 && client.IsConnected, "the connection is accepted");
        _environment.Run(Second, () => Second.Adopt(accepting.Accepted[0], server).ResumeReceive());
        _environment.Run(First, () =>
        {
            channel.ResumeReceive();
            channel.Send("over there"u8);
        });
        Until(() => client.ReceivedBytes == 10, "the echo has come");

        Assert.True(isOnSecond);
        Assert.NotSame(pair.Server, channel);
    }
}

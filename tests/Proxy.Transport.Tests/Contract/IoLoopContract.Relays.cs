using System.Net;
using Proxy.Transport.Dials;
using Proxy.Transport.Relays;

namespace Proxy.Transport.Tests.Contract;

public abstract partial class IoLoopContract
{
    [Fact]
    public void A_relay_carries_megabytes_a_half_close_and_a_trailer_after_it()
    {
        var bytes = RandomBytes(3 << 20, seed: 8);
        var trailer = "after the end"u8.ToArray();
        var path = ConnectThroughRelay(new EchoWithTrailer(trailer));
        path.Client.OnClient(channel =>
        {
            channel.ResumeReceive();
            channel.Send(bytes);
            channel.ShutdownSend();
        });
        Until(() => path.Observer.Ends.Count == 1 && path.Client.ClientEvents.HasEnded, "the relay has ended");

        AssertSame([.. bytes, .. trailer], path.Client.ClientEvents.Received);
        Assert.Equal(new RelayEnd(RelayEndKind.Completed, default, RelayDirectionState.Ended, RelayDirectionState.Ended), path.Observer.Ends[0]);
        Assert.Equal([RelaySide.Client], path.Observer.HalfClosed);
        Assert.Equal((bytes.Length, bytes.Length + trailer.Length), (path.Relay.BytesFromClient, path.Relay.BytesFromUpstream));
        path.Client.OnClient(channel => channel.Close());
        UntilNothingIsOpen();
    }

    [Fact]
    public void A_slow_reader_behind_a_relay_slows_its_sender_down()
    {
        var path = ConnectThroughRelay(new RecordingChannelHandler());
        var (sent, isStopped) = (0L, false);
        var chunk = RandomBytes(100_000, seed: 9);
        path.Client.OnClient(channel =>
        {
            void SendMore(IChannel to)
            {
                var isGoing = true;
                while (isGoing && !isStopped)
                {
                    isGoing = to.Send(chunk);
                    sent += chunk.Length;
                }
            }

            path.Client.ClientEvents.WhenDrained = SendMore;
            path.UpstreamPaused();
            SendMore(channel);
        });
        Until(() => _environment.Run(Second, () => path.Relay.FromClient) == RelayDirectionState.Blocked, "the relay is blocked");
        _environment.Run(First, () => isStopped = true);
        path.UpstreamResumed();
        Until(() => path.UpstreamEvents.ReceivedBytes == sent, "everything has come through");
        Assert.Equal(RelayDirectionState.Flowing, _environment.Run(Second, () => path.Relay.FromClient));
    }

    [Theory]
    [InlineData(RelaySide.Client)]
    [InlineData(RelaySide.Upstream)]
    public void A_reset_crosses_a_relay_as_a_reset(RelaySide side)
    {
        var path = ConnectThroughRelay(new RecordingChannelHandler());
        path.Client.OnClient(channel =>
        {
            channel.ResumeReceive();
            channel.Send("x"u8);
        });
        Until(() => path.UpstreamEvents.ReceivedBytes == 1, "the byte has come through");
        var otherEvents = side == RelaySide.Client ? path.UpstreamEvents : path.Client.ClientEvents;
        _environment.Run(First, () => (side == RelaySide.Client ? path.Client.Client : path.Upstream).Abort());
        Until(() => otherEvents.Fault is not null && path.Observer.Ends.Count == 1, "the reset has come through");

        Assert.Equal(TransportFaultKind.Reset, otherEvents.Fault!.Value.Kind);
        Assert.Equal(side == RelaySide.Client ? RelayEndKind.ClientFailed : RelayEndKind.UpstreamFailed, path.Observer.Ends[0].Kind);
        UntilNothingIsOpen();
    }

    [Fact]
    public void A_relay_aborted_by_its_owner_resets_both_sides()
    {
        var path = ConnectThroughRelay(new RecordingChannelHandler());
        path.Client.OnClient(channel => channel.ResumeReceive());
        _environment.Run(Second, path.Relay.Abort);
        Until(() => path.UpstreamEvents.Fault is not null && path.Client.ClientEvents.Fault is not null, "both are told");
        Until(() => path.Observer.Ends.Count == 1, "the observer is told");

        Assert.Equal(RelayEndKind.AbortedByOwner, path.Observer.Ends[0].Kind);
        UntilNothingIsOpen();
    }

    [Fact]
    public void An_idle_relay_ends_by_its_limit()
    {
        var path = ConnectThroughRelay(new RecordingChannelHandler(), new RelaySettings { IdleTimeout = TimeSpan.FromMilliseconds(20) });
        Until(() => path.Observer.Ends.Count == 1, "the limit is reached");

        Assert.Equal(RelayEndKind.IdleTimeout, path.Observer.Ends[0].Kind);
        Until(() => path.UpstreamEvents.Fault is not null, "the upstream is reset");
    }

    [Fact]
    public void A_hundred_short_relays_leave_nothing_behind()
    {
        for (var i = 0; i < 100; i++)
        {
            var path = ConnectThroughRelay(new EchoHandler());
            path.Client.OnClient(channel =>
            {
                channel.ResumeReceive();
                channel.Send("hi"u8);
                channel.ShutdownSend();
            });
            Until(() => path.Client.ClientEvents.HasEnded, "the answer has ended");
            Assert.Equal("hi"u8, path.Client.ClientEvents.Received);
            path.Client.OnClient(channel => channel.Close());
        }

        UntilNothingIsOpen();
    }

    [Fact]
    public void A_dial_goes_past_an_address_where_nobody_listens()
    {
        var listener = Listen(Second, new RecordingAcceptHandler());
        var dialed = new RecordingDialHandler();
        _environment.Run(First, () => Dialer.Start(
            First, [_environment.NobodyHome(), listener.LocalEndPoint], TcpOptions.Default, DialSettings.Default, dialed));
        Until(() => dialed.Channel is not null, "the dial is connected");

        Assert.Equal(listener.LocalEndPoint, Endpoint(dialed.Channel!.RemoteEndPoint));
        _environment.Run(First, dialed.Channel.Close);
    }

    [Fact]
    public void A_dial_to_nobody_says_who_refused()
    {
        var nobody = _environment.NobodyHome();
        var dialed = new RecordingDialHandler();
        _environment.Run(First, () => Dialer.Start(First, [nobody], TcpOptions.Default, DialSettings.Default, dialed));
        Until(() => dialed.Failure is not null, "the dial has failed");

        Assert.Equal(TransportFaultKind.Refused, dialed.Failure!.Reason.Kind);
        Assert.Equal(nobody, Assert.Single(dialed.Failure.Attempts).EndPoint);
        UntilNothingIsOpen();
    }

    /// <summary>Client and upstream on the first loop, the relay between them on the second.</summary>
    private RelayPath ConnectThroughRelay(RecordingChannelHandler upstream, RelaySettings? settings = null)
    {
        var client = Connect();
        var accepting = new RecordingAcceptHandler();
        var listener = Listen(First, accepting);
        var toUpstream = new RecordingChannelHandler();
        var relayChannel = _environment.Run(Second, () => Second.Connect(listener.LocalEndPoint, TcpOptions.Default, toUpstream));
        Until(() => toUpstream.IsConnected && accepting.Accepted.Count == 1, "the upstream is connected");
        var upstreamChannel = _environment.Run(First, () =>
        {
            listener.Close();
            var channel = First.Adopt(accepting.Accepted[0], upstream);
            channel.ResumeReceive();
            return channel;
        });
        var observer = new RecordingObserver();
        var relay = _environment.Run(Second, () =>
        {
            var made = new Relay(Second, client.Server, relayChannel, settings ?? RelaySettings.Default, observer);
            made.Start();
            return made;
        });
        return new RelayPath(client, relay, observer, upstreamChannel, upstream, _environment);
    }

    private sealed record RelayPath(
        ChannelPair Client,
        Relay Relay,
        RecordingObserver Observer,
        IChannel Upstream,
        RecordingChannelHandler UpstreamEvents,
        IoLoopEnvironment Environment)
    {
        public void UpstreamPaused() => Upstream.PauseReceive();

        public void UpstreamResumed() => Environment.Run(Environment.First, Upstream.ResumeReceive);
    }

    /// <summary>Echoes, and says something more after the peer has ended.</summary>
    private sealed class EchoWithTrailer(byte[] trailer) : RecordingChannelHandler
    {
        public override void OnReceived(IChannel channel, ReadOnlySpan<byte> bytes)
        {
            base.OnReceived(channel, bytes);
            if (!channel.Send(bytes))
            {
                channel.PauseReceive();
            }
        }

        public override void OnSendDrained(IChannel channel)
        {
            base.OnSendDrained(channel);
            channel.ResumeReceive();
        }

        public override void OnEndOfStream(IChannel channel)
        {
            base.OnEndOfStream(channel);
            channel.Send(trailer);
            channel.Close();
        }
    }

    private sealed class RecordingDialHandler : IDialHandler
    {
        private volatile IChannel? _channel;
        private volatile DialFailure? _failure;

        public IChannel? Channel => _channel;

        public DialFailure? Failure => _failure;

        public void OnDialed(Dialer dialer, IChannel channel)
        {
            channel.Handler = new RecordingChannelHandler();
            _channel = channel;
        }

        public void OnAttemptFailed(IPEndPoint endPoint, TransportFault fault)
        {
            // The failure of the dial has them all.
        }

        public void OnDialFailed(Dialer dialer, DialFailure failure) => _failure = failure;
    }
}

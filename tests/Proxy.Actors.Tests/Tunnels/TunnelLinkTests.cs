using System.Buffers;
using System.Net;
using Proxy.Protocol.Announcements;
using Proxy.Protocol.Ends;
using Proxy.Protocol.Tunnels;
using Proxy.TestKit;
using Proxy.Transport;
using Proxy.Tunnel;

namespace Proxy.Actors.Tests;

/// <summary>Two ends of a tunnel on two hosts.</summary>
public sealed class TunnelLinkTests
{
    private readonly SimulatedWorld _world = new(1) { ThrowsHandlerFailures = false };
    private readonly End _client;
    private readonly End _server;

    public TunnelLinkTests()
    {
        _server = new End(_world, "server", "10.0.0.1", TunnelRole.Server);
        _client = new End(_world, "client", "10.0.0.2", TunnelRole.Client);
        _server.Start(_client.Address);
        _client.Start(_server.Address);
        _world.RunUntil(() => _client.Link.CanOpen, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void A_handler_that_throws_costs_its_own_stream_and_no_other()
    {
        var (failing, sound) = (new Handler { Throws = true }, new Handler());
        _client.Loop.Run(() =>
        {
            foreach (var handler in (Handler[])[failing, sound])
            {
                var stream = _client.Link.OpenStream(handler);
                stream.ResumeReceive();
                stream.Send("x"u8);
            }
        });
        _world.RunUntil(() => _server.Opened.Count == 2, TimeSpan.FromSeconds(5));
        var (first, second) = (new Handler(), new Handler());
        _server.Loop.Run(() =>
        {
            (_server.Opened[0].Handler, _server.Opened[1].Handler) = (first, second);
            _server.Opened[0].Send("lost"u8);
            _server.Opened[1].Send("found"u8);
        });
        _world.RunUntil(() => sound.Received.Count == 5 && failing.Fault is not null && first.Fault is not null, TimeSpan.FromSeconds(5));

        Assert.Empty(failing.Received);
        Assert.Null(sound.Fault);
        Assert.Null(second.Fault);
    }

    private sealed class End : ITunnelLinkOwner, IUdpHandler
    {
        private readonly IUdpEndpoint _endpoint;

        public End(SimulatedWorld world, string name, string address, TunnelRole role)
        {
            Loop = world.CreateLoop(world.AddHost(name, address), name);
            Address = UdpAddress.From(IPEndPoint.Parse($"{address}:4000"));
            _endpoint = Loop.Run(() =>
            {
                Assert.True(Loop.TryOpenUdp(IPEndPoint.Parse($"{address}:4000"), null, UdpOptions.Default, this, out var endpoint, out _));
                return endpoint;
            });
            Link = Loop.Run(() => new TunnelLink(Loop, role, TunnelSettings.Default, ArrayPool<byte>.Shared, this));
        }

        public SimulatedLoop Loop { get; }

        public UdpAddress Address { get; }

        public TunnelLink Link { get; }

        public List<TunnelStreamChannel> Opened { get; } = [];

        public void Start(UdpAddress peer) => Loop.Run(() => Link.Start(_endpoint, peer));

        public void OnStreamOpened(TunnelStreamChannel channel) => Opened.Add(channel);

        public void OnDatagrams(IUdpEndpoint endpoint, Span<byte> datagrams, int segmentSizeBytes, in UdpAddress from) =>
            Link.HandleDatagrams(datagrams, segmentSizeBytes, from);

        public void OnReceiveTurnEnded(IUdpEndpoint endpoint)
        {
            // The link has asked for a turn of its own.
        }

        public void OnSendRefused(IUdpEndpoint endpoint, TransportFault fault) => Assert.Fail($"{fault}");

        public void OnReady()
        {
            // Whoever opens asks.
        }

        public void OnSuspected(string why) => Assert.Fail(why);

        public void OnTrusted() => Assert.Fail("it was never suspected");

        public void OnNews(TunnelNews news, string text)
        {
            // Not of interest here.
        }

        public void OnPinged()
        {
            // Not of interest here.
        }

        public void OnAnnounced(TunnelAnnouncement announcement) => Assert.Fail("nobody announces anything");

        public void OnClosed(EndReason reason, string text) => Assert.Fail(text);

        public void OnSilent() => Assert.Fail("it lives");
    }

    private sealed class Handler : IChannelHandler
    {
        public bool Throws { get; init; }

        public List<byte> Received { get; } = [];

        public TransportFault? Fault { get; private set; }

        public void OnConnected(IChannel channel)
        {
            // What is sent does not wait for it.
        }

        public void OnReceived(IChannel channel, ReadOnlySpan<byte> bytes)
        {
            if (Throws)
            {
                throw new InvalidOperationException("Meant to fail.");
            }

            Received.AddRange(bytes);
        }

        public void OnEndOfStream(IChannel channel) => Assert.Fail("nobody ends in good order here");

        public void OnSendDrained(IChannel channel)
        {
            // Little is sent.
        }

        public void OnFailed(IChannel channel, TransportFault fault) => Fault = fault;
    }
}

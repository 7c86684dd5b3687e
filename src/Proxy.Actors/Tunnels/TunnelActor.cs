using System.Net;
using Proxy.Kernel;
using Proxy.Kernel.Event;
using Proxy.Protocol.Chains;
using Proxy.Protocol.Ends;
using Proxy.Protocol.Tunnels;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>
/// One tunnel of a client, from the first datagram to its end; it stops with its tunnel, and its supervisor makes the next one, with
/// back-off, for ever. Each tunnel has a socket of its own, so that a restarted server cannot take its datagrams for those of the last one.
/// States: resolving → handshake_sent (sealed: preparing → saying hello ⇄ agreeing) → ready → closed → stopped.
/// </summary>
internal sealed partial class TunnelActor : ReceiveActor
{
    private readonly NodeEnvironment _environment;
    private readonly Destination _server;
    private readonly TunnelPoolSettings _settings;
    private readonly IActorRef _pool;
    private readonly TunnelHistory _history;
    private readonly TunnelLog _log;
    private TunnelLink? _link;
    private IUdpEndpoint? _endpoint;

    public TunnelActor(NodeEnvironment environment, Destination server, TunnelPoolSettings settings, IActorRef pool, TunnelHistory history)
    {
        _environment = environment;
        _server = server;
        _settings = settings;
        _pool = pool;
        _history = history;
        _log = new TunnelLog(Context.GetLogger(), $"tunnel to kcp://{server}", "server");
    }

    private enum Timer
    {
        Deadline,
    }

    private sealed record Resolved(IPAddress[] Addresses);

    protected override void PreStart()
    {
        _log.Opening();
        if (_server.Address is { } address)
        {
            OpenTo(address);
            return;
        }

        Become(Resolving);
        Context.Timers.StartSingleTimer(Timer.Deadline, Timer.Deadline, _settings.Tunnel.HandshakeTimeout);
        _ = _environment.Resolver.ResolveAsync(_server.Name!, CancellationToken.None)
            .PipeTo(Self, success: addresses => new Resolved(addresses));
    }

    protected override void PostStop()
    {
        _link?.Dispose();
        _handshake?.Dispose();
        _endpoint?.Close();
    }

    // States

    private void Resolving()
    {
        Receive<Resolved>(resolved => resolved.Addresses.Length > 0, resolved =>
        {
            // Each try takes the next address: the first may be of a family that has no route here.
            Context.Timers.Cancel(Timer.Deadline);
            OpenTo(resolved.Addresses[_history.Failures % resolved.Addresses.Length]);
        });
        Receive<Resolved>(_ => GiveUp(EndReason.NameNotFound, $"{_server.Name} has no address"));
        Receive<Status.Failure>(failure => GiveUp(EndReason.NameNotFound, failure.Cause.Message));
        Receive<Timer>(_ => GiveUp(EndReason.NameNotFound, "the name was not resolved in time"));
    }

    private void HandshakeSent(TunnelLink link)
    {
        Receive<TunnelEvents.Ready>(_ =>
        {
            var how = link.RoundTripMilliseconds is > 0 and var milliseconds ? $"not sealed, round trip {milliseconds} ms" : "not sealed";
            _log.Ready(how, _history, Now);
            BecomeReady(link);
        });
        Receive<TunnelEvents.Closed>(HandleClosed);
    }

    private void Ready()
    {
        Receive<TunnelEvents.News>(HandleNews);
        Receive<TunnelEvents.Announced>(told => _pool.Tell(new TunnelPoolActor.TunnelAnnounced(told.Announcement)));
        Receive<TunnelEvents.Closed>(HandleClosed);
    }

    private void Closed() => Receive<TunnelEvents.Silent>(_ => Context.Stop(Self));

    private void HandleNews(TunnelEvents.News news)
    {
        _log.News(news);
        TunnelPoolActor.Tell(_pool, news);
    }

    private void HandleClosed(TunnelEvents.Closed closed)
    {
        if (closed.Reason is not (EndReason.Draining or EndReason.KilledLocally))
        {
            GiveUp(closed.Reason, closed.Text);
            return;
        }

        // Our own doing: nobody waits for the next tunnel, so this one may see its last words through.
        _log.Ended(closed.Reason, closed.Text);
        Become(Closed);
    }

    private void BecomeReady(TunnelLink link)
    {
        _pool.Tell(new TunnelPoolActor.TunnelReady(link, _server));
        Become(Ready);
    }

    private void OpenTo(IPAddress address)
    {
        var peer = new IPEndPoint(address, _server.Port);
        if (_settings.Native is { } native)
        {
            BeginHandshake(native, peer);
            return;
        }

        var dispatcher = (LoopDispatcher)Context.Dispatcher;
        var link = new TunnelLink(dispatcher.Loop, TunnelRole.Client, _settings.Tunnel, dispatcher.Pool, new TunnelEvents(Self));
        _link = link;
        if (!TryOpenSocket(peer, new Datagrams(link), out var endpoint, out var fault))
        {
            GiveUp(EndReason.Unreachable, fault.Text);
            return;
        }

        _endpoint = endpoint;
        Become(() => HandshakeSent(link));
        link.Start(endpoint, UdpAddress.From(peer));
    }

    private bool TryOpenSocket(IPEndPoint peer, IUdpHandler handler, out IUdpEndpoint endpoint, out TransportFault fault)
    {
        var any = peer.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any;
        return ((LoopDispatcher)Context.Dispatcher).Loop.TryOpenUdp(
            new IPEndPoint(any, 0), peer, UdpOptions.Default, handler, out endpoint, out fault);
    }

    private void GiveUp(EndReason reason, string text)
    {
        _log.Failed(reason, text, _history, Now);
        Context.Stop(Self);
    }

    private sealed class Datagrams(TunnelLink link) : IUdpHandler
    {
        public void OnDatagrams(IUdpEndpoint endpoint, Span<byte> datagrams, int segmentSizeBytes, in UdpAddress from) =>
            link.HandleDatagrams(datagrams, segmentSizeBytes, from);

        public void OnReceiveTurnEnded(IUdpEndpoint endpoint)
        {
            // The link has asked for its turn with the first datagram.
        }

        public void OnSendRefused(IUdpEndpoint endpoint, TransportFault fault) => link.HandleRefused();
    }
}

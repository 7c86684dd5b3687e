using System.Net;
using Proxy.Kernel;
using Proxy.Kernel.Event;
using Proxy.Protocol.Ends;
using Proxy.Protocol.Tunnels;
using Proxy.Transport;
using Proxy.Transport.Tls;

namespace Proxy.Actors;

/// <summary>
/// One tunnel of a client over TCP or TLS, from dialling to its end; it stops with its tunnel, and whoever made it makes the next one.
/// States: resolving → dialling → (securing) → preparing → saying hello ⇄ agreeing → opening → ready → closed → stopped.
/// </summary>
internal sealed partial class StreamTunnelActor : ReceiveActor
{
    private readonly NodeEnvironment _environment;
    private readonly TunnelAddress _server;
    private readonly TunnelPoolSettings _settings;
    private readonly NativeClientSettings _native;
    private readonly IActorRef _pool;
    private readonly TunnelHistory _history;
    private readonly TunnelLog _log;
    private readonly HelloChannel _hello;
    private Dial? _dial;
    private IChannel? _channel;                   // until a carrier has it
    private StreamCarrier? _carrier;
    private TunnelLink? _link;

    public StreamTunnelActor(NodeEnvironment environment, TunnelAddress server, TunnelPoolSettings settings, IActorRef pool, TunnelHistory history)
    {
        _environment = environment;
        _server = server;
        _settings = settings;
        _native = settings.Native ?? throw new ArgumentException("Only the sealed dialect goes over TCP and TLS.", nameof(settings));
        _pool = pool;
        _history = history;
        _log = new TunnelLog(Context.GetLogger(), $"tunnel to {server}", "server");
        _hello = new HelloChannel(Self);
    }

    private enum Timer
    {
        Deadline,
    }

    private sealed record Resolved(IPAddress[] Addresses);

    private LoopDispatcher Dispatcher => (LoopDispatcher)Context.Dispatcher;

    private long Now => Dispatcher.Loop.NowMicroseconds;

    private DateTimeOffset UtcNow => Context.System.TimeProvider.GetUtcNow();

    protected override void PreStart()
    {
        _log.Opening();
        Context.Timers.StartSingleTimer(Timer.Deadline, Timer.Deadline, _settings.Tunnel.HandshakeTimeout);
        if (_server.Destination.Address is { } address)
        {
            DialTo([address]);
            return;
        }

        Become(Resolving);
        _ = _environment.Resolver.ResolveAsync(_server.Destination.Name!, CancellationToken.None)
            .PipeTo(Self, success: addresses => new Resolved(addresses));
    }

    protected override void PostStop()
    {
        // The link's last words first.
        _link?.Dispose();
        _carrier?.Close();
        _handshake?.Dispose();
        _dial?.Abandon();
        _channel?.Abort();
    }

    // States

    private void Resolving()
    {
        Receive<Resolved>(resolved => resolved.Addresses.Length > 0, resolved => DialTo(resolved.Addresses));
        Receive<Resolved>(_ => GiveUp(EndReason.NameNotFound, $"{_server.Destination.Name} has no address"));
        Receive<Status.Failure>(failure => GiveUp(EndReason.NameNotFound, failure.Cause.Message));
        Receive<Timer>(_ => GiveUp(EndReason.NameNotFound, "the name was not resolved in time"));
    }

    private void Dialling()
    {
        Receive<Dial.Dialed>(dialed =>
        {
            _channel = _dial!.Take();
            _dial = null;
            if (dialed.Watch.Fault is { } fault)
            {
                GiveUp(fault.ToEndReason(), fault.Text);
                return;
            }

            Secure(_channel);
        });
        Receive<Dial.DialFailed>(failed => GiveUp(failed.Failure.Reason.ToEndReason(), failed.Failure.ToString()));
        Receive<Timer>(_ => GiveUp(EndReason.ConnectTimeout, "no connection in time"));
    }

    private void Securing(TlsChannel tls)
    {
        Receive<HelloChannel.Secured>(_ => Prepare(tls));
        Receive<HelloChannel.Gone>(gone => GiveUp(gone.Fault.ToUpstreamTlsReason(), gone.Fault.Text));
        Receive<Timer>(_ => GiveUp(EndReason.ConnectTimeout, "no TLS in time"));
    }

    private void Ready()
    {
        Receive<TunnelEvents.Ready>(_ => { });
        Receive<TunnelEvents.News>(news =>
        {
            _log.News(news);
            TunnelPoolActor.Tell(_pool, news);
        });
        Receive<TunnelEvents.Announced>(told => _pool.Tell(new TunnelPoolActor.TunnelAnnounced(told.Announcement)));
        Receive<TunnelEvents.Suspected>(suspected =>
        {
            _log.Suspected(suspected.Why);
            _pool.Tell(TunnelPoolActor.TunnelSuspected.Instance);
        });
        Receive<TunnelEvents.Trusted>(_ =>
        {
            _log.Trusted();
            _pool.Tell(TunnelPoolActor.TunnelTrusted.Instance);
        });
        Receive<TunnelEvents.Closed>(closed =>
        {
            if (closed.Reason is not (EndReason.Draining or EndReason.KilledLocally))
            {
                GiveUp(closed.Reason, closed.Text);
                return;
            }

            _log.Ended(closed.Reason, closed.Text);
            Become(Closed);
        });
    }

    private void Closed() => Receive<TunnelEvents.Silent>(_ => Context.Stop(Self));

    private void DialTo(IPAddress[] addresses)
    {
        Become(Dialling);
        _dial = new Dial(
            Self,
            Dispatcher.Loop,
            addresses.Select(address => new IPEndPoint(address, _server.Destination.Port)),
            _settings.Tunnel.HandshakeTimeout,
            StreamSockets.Options);
    }

    private void Secure(IChannel channel)
    {
        if (_server.Transport == TunnelTransport.Tls)
        {
            var tls = new TlsChannel(
                Dispatcher.Loop, channel, _settings.Tls.RoleTowards(_server.Destination.Host), _settings.Tls.Handshake, _hello);
            _channel = tls;
            Become(() => Securing(tls));
            tls.Start();
        }
        else
        {
            channel.Handler = _hello;
            Prepare(channel);
        }
    }

    private void GiveUp(EndReason reason, string text)
    {
        _log.Failed(reason, text, _history, Now);
        Context.Stop(Self);
    }
}

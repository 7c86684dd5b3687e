using Proxy.Kernel;
using Proxy.Kernel.Event;
using Proxy.Protocol.Ends;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>
/// One tunnel of a server, from a client's first datagram to its end; each stream that the client opens gets an <see cref="EgressActor"/>.
/// States: init → ready → (draining) → closed, which lasts until the last stream's actor
/// has stopped and the tunnel's last words were heard.
/// </summary>
internal sealed class ServerTunnelActor : ReceiveActor
{
    private readonly NodeEnvironment _environment;
    private readonly LiveServer _server;
    private readonly UdpAddress _peer;
    private readonly string? _principal;
    private readonly string _name;
    private readonly ILoggingAdapter _log;
    private TunnelLink? _link;

    /// <param name="environment">What the node stands on.</param>
    /// <param name="server">Asked anew for each stream.</param>
    /// <param name="peer">Where the client is at first.</param>
    /// <param name="principal">Who it is; null where the dialect knows nobody.</param>
    public ServerTunnelActor(NodeEnvironment environment, LiveServer server, UdpAddress peer, string? principal)
    {
        _principal = principal;
        _name = principal is null ? $"{peer}" : $"{peer} ({principal})";
        _environment = environment;
        _server = server;
        _peer = peer;
        _log = Context.GetLogger();
        AwaitingLink();
    }

    /// <summary>The tunnel to steer; the first message.</summary>
    internal sealed record Begin(TunnelLink Link);

    /// <summary>Opens nothing more; ends with the last stream.</summary>
    internal sealed record Drain
    {
        public static readonly Drain Instance = new();
    }

    /// <summary>A stream cannot be begun again; its peer sees a reset. The others go on.</summary>
    protected override SupervisorStrategy SupervisorStrategy() => Kernel.SupervisorStrategy.StoppingStrategy;

    protected override void PostStop() => _link?.Dispose();

    // States

    private void AwaitingLink() => Receive<Begin>(begin =>
    {
        _link = begin.Link;
        Become(() => Init(begin.Link));
    });

    private void Init(TunnelLink link)
    {
        Receive<TunnelEvents.Ready>(_ =>
        {
            _log.Info($"tunnel from {_name} is ready");
            Become(() => Ready(link));
        });
        Receive<TunnelEvents.Closed>(HandleClosed);
        Receive<Drain>(_ => link.Drain());
    }

    private void Ready(TunnelLink link)
    {
        Receive<TunnelEvents.StreamOpened>(opened =>
        {
            var (settings, egress) = (_server.Settings, _server.Egress);
            Context.ActorOf(Props.Create(() => new EgressActor(_environment, settings, egress, opened.Channel, opened.Channel.Peer, _principal)));
        });
        Receive<TunnelEvents.Suspected>(_ => _log.Info($"tunnel from {_name}: the client is silent"));
        Receive<TunnelEvents.Trusted>(_ => _log.Info($"tunnel from {_name}: the client is back"));
        Receive<TunnelEvents.Closed>(HandleClosed);
        Receive<Drain>(_ => link.Drain());
    }

    /// <param name="isSilent">Whether the tunnel's last words were heard, or have had their time.</param>
    private void Closed(bool isSilent)
    {
        Receive<TunnelEvents.Silent>(_ =>
        {
            Become(() => Closed(isSilent: true));
            StopWhenDone(isSilent: true);
        });
        Receive<Terminated>(_ => StopWhenDone(isSilent));
        Receive<TunnelEvents.StreamOpened>(opened => opened.Channel.Abort());
        Receive<Drain>(_ => { });
    }

    private void HandleClosed(TunnelEvents.Closed closed)
    {
        _log.Info($"tunnel from {_name} ended: {closed.Reason.Text()} ({closed.Text})");
        Become(() => Closed(isSilent: false));
        foreach (var egress in Context.Children)
        {
            Context.Watch(egress);
        }
    }

    private void StopWhenDone(bool isSilent)
    {
        if (isSilent && Context.Children.Count == 0)
        {
            Context.Stop(Self);
        }
    }
}

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
internal sealed partial class ServerTunnelActor : ReceiveActor
{
    private readonly LiveServer _server;
    private readonly string? _principal;
    private readonly TunnelLog _log;
    private TunnelLink? _link;

    /// <param name="server">Asked anew for each stream.</param>
    /// <param name="peer">Where the client is at first.</param>
    /// <param name="principal">Who it is; null where the dialect knows nobody.</param>
    public ServerTunnelActor(LiveServer server, UdpAddress peer, string? principal)
    {
        _principal = principal;
        _server = server;
        _log = new TunnelLog(Context.GetLogger(), $"tunnel from {peer}{(principal is null ? "" : $" ({principal})")}", "client");
        AwaitingLink();
    }

    /// <summary>The tunnel to steer; the first message.</summary>
    /// <param name="Link">Owned from here on.</param>
    /// <param name="How">Transport and cipher in words.</param>
    internal sealed record Begin(TunnelLink Link, string How);

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
        _log.Opening();
        Become(() => Init(begin.Link, begin.How));
    });

    private void Init(TunnelLink link, string how)
    {
        Receive<TunnelEvents.Ready>(_ =>
        {
            _log.Ready(how);
            Become(() => Ready(link));
            BeginTelling(link);
        });
        Receive<TunnelEvents.Closed>(HandleClosed);
        Receive<Drain>(_ => link.Drain());
    }

    private void Ready(TunnelLink link)
    {
        Receive<TunnelEvents.StreamOpened>(opened =>
        {
            var plan = _server.Streams;
            Context.ActorOf(Props.Create(() => new EgressActor(plan, opened.Channel, _principal)));
            TellLoadBesideStream(link);
        });
        ReceiveNewsToTell(link);
        Receive<TunnelEvents.Suspected>(suspected => _log.Suspected(suspected.Why));
        Receive<TunnelEvents.Trusted>(_ => _log.Trusted());
        Receive<TunnelEvents.News>(news =>
        {
            _log.News(news);
            if (news.Kind == TunnelNews.Worn)
            {
                // The client opens the next one: it hears of this as of any other drain.
                link.Drain();
            }
        });
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
        ReceiveAny(_ => { });
    }

    private void HandleClosed(TunnelEvents.Closed closed)
    {
        _log.Ended(closed.Reason, closed.Text);
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

using Proxy.Kernel;
using Proxy.Kernel.Event;
using Proxy.Policy.Limits;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>
/// One node: makes its roles' actors from its settings, knows when all listeners are bound, takes other settings while it runs, gathers its
/// status, and drains in order: first what takes users' traffic, then the tunnels. States: idle → starting → running ⇄ binding → draining →
/// stopped.
/// </summary>
public sealed partial class NodeActor : ReceiveActor
{
    private readonly NodeEnvironment _environment;
    private readonly ILoggingAdapter _log;
    private readonly ConnectionIds _ids = new();
    private readonly ConnectionBudget _connections;

    // In force, and those that drain: all that were bound, in the order in which they were made.
    private readonly List<IActorRef> _listeners = [];
    private readonly Dictionary<IActorRef, string> _urls = [];
    private NodeSettings _settings;
    private ConnectionAccessLog? _accessLog;
    private int _made;
    private TunnelTotals _tunnelsLeft = TunnelTotals.None;

    public NodeActor(NodeEnvironment environment, NodeSettings settings)
    {
        _environment = environment;
        _settings = settings;
        _connections = new ConnectionBudget(settings.MaximumConnections ?? int.MaxValue);
        _log = Context.GetLogger();
        _accessLog = AccessLogOf(settings);
        Idle();
    }

    /// <summary>Binds every listener; answered by <see cref="Started"/> or <see cref="StartFailed"/>.</summary>
    public sealed record Start
    {
        public static readonly Start Instance = new();
    }

    /// <summary>All listeners are bound.</summary>
    /// <param name="Urls">One per listener, in the order of the settings: <c>kcp://127.0.0.1:4000</c>.</param>
    /// <param name="TunnelUrls">Those of them where tunnels come in.</param>
    public sealed record Started(IReadOnlyList<string> Urls, IReadOnlyList<string> TunnelUrls);

    /// <summary>A listener could not be bound; the node stops.</summary>
    public sealed record StartFailed(string Text);

    /// <summary>
    /// Takes nothing new and lets the rest finish, for as long as the settings say; the actor stops after the last. With no such time: however
    /// long it takes.
    /// </summary>
    public sealed record Drain
    {
        public static readonly Drain Instance = new();
    }

    /// <summary>The sender stops; what its tunnels have counted goes on to count.</summary>
    internal sealed record TunnelsLeft(TunnelTotals Totals);

    internal sealed record Bound(string Url);

    internal sealed record BindFailed(string Url, TransportFault Fault);

    protected override void PostStop()
    {
        foreach (var server in _servers.Values)
        {
            server.Secrets?.Dispose();
        }

        _oldSecrets.ForEach(secrets => secrets.Dispose());
    }

    // States

    private void Idle() => Receive<Start>(_ =>
    {
        var settings = _settings;
        _settings = settings with { Frontends = [], Upstreams = [], Tunnels = [], ChainSets = [], Servers = [] };
        Bind(SettingsPlan.Between(_settings, settings), Sender, isStart: true);
    });

    private void Running()
    {
        Receive<Apply>(apply => HandleApply(apply.Settings, Sender));
        Receive<Bound>(HandleBoundAgain);
        Receive<BindFailed>(failed => _log.Error($"cannot listen on {failed.Url} again: {failed.Fault}"));
        Receive<Terminated>(terminated => HandleGone(terminated.ActorRef));
        Receive<Drain>(_ => BeginDraining());
        ReceiveInEveryState();
    }

    private void ReceiveInEveryState()
    {
        Receive<GetPlan>(asked => Sender.Tell(SettingsPlan.Between(_settings, asked.Settings)));
        Receive<GetStatus>(_ => GatherStatus());
        Receive<DrainActor.Over>(_ => HandleDrainOver(Sender));
        Receive<TunnelsLeft>(left => _tunnelsLeft = _tunnelsLeft.Plus(left.Totals));
    }

    /// <summary>A listener that failed has bound its address anew, and knows nothing of what came since it was made.</summary>
    private void HandleBoundAgain(Bound bound)
    {
        if (FrontendAt(Sender) is { } frontend)
        {
            Sender.Tell(new ListenerActor.Change(frontend.Plan));
        }

        else if (ChainPlanAt(Sender) is { } chains)
        {
            Sender.Tell(new ListenerActor.Change(chains));
        }

        NoteUrl(Sender, bound.Url);
        _log.Warning($"{bound.Url}: listening again after a failure");
    }

    private void NoteUrl(IActorRef listener, string url)
    {
        _urls[listener] = url;
        _environment.Own.Add(url);
    }

    private void ForgetUrl(IActorRef listener)
    {
        if (_urls.Remove(listener, out var url) && !_urls.ContainsValue(url))
        {
            _environment.Own.Remove(url);
        }
    }

    private void HandleGone(IActorRef component)
    {
        if (!_leaving.Contains(component) && !_leavingPools.Contains(component))
        {
            _log.Error($"{component.Path} has stopped, which nobody asked for");
        }

        Forget(component);
    }

    private void Forget(IActorRef component)
    {
        _listeners.Remove(component);
        ForgetUrl(component);
        _leaving.Remove(component);
        _leavingPools.Remove(component);
        ForgetFrontend(component);
        ForgetDrains();
        _poolActors.Remove(component);
    }

    private IActorRef AddListener(Props props, string name, LoopDispatcher dispatcher)
    {
        var listener = Context.Watch(Context.ActorOf(props.WithDispatcher(dispatcher), $"{name}-{_made++}"));
        _listeners.Add(listener);
        return listener;
    }

    private LoopDispatcher DispatcherOf(int loop) => _environment.Dispatchers[loop % _environment.Dispatchers.Count];

    private static ConnectionAccessLog? AccessLogOf(NodeSettings settings) => settings.AccessLog is { } accessLog ? new ConnectionAccessLog(accessLog) : null;
}

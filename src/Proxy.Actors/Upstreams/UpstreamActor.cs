using System.Net;
using Proxy.Kernel;
using Proxy.Kernel.Event;
using Proxy.Policy.Balancing;
using Proxy.Policy.Health;
using Proxy.Protocol.Ends;
using Proxy.Transport.Dials;

namespace Proxy.Actors;

/// <summary>
/// The servers behind one relay: chooses one for each connection, counts it there until the connection has stopped or failed, lets
/// connections wait while all are full, takes failing servers out of service, and resolves names again and again. Lives on the loop of the
/// listener; connections of any loop ask it by message. A connection has at most one lease, which DeathWatch gives back in the end.
/// </summary>
internal sealed partial class UpstreamActor : ReceiveActor
{
    private readonly RelayFrontendSettings _settings;
    private readonly INameResolver _resolver;
    private readonly ILoggingAdapter _log;
    private readonly UpstreamGroup _group;
    private readonly ConnectionQueue<IActorRef> _queue;
    private readonly Dictionary<IActorRef, ServerLease> _leases = [];
    private ServerList _servers;
    private long? _armedMicroseconds;

    public UpstreamActor(RelayFrontendSettings settings, INameResolver resolver)
    {
        _settings = settings;
        _resolver = resolver;
        _log = Context.GetLogger();
        if (!BalancePolicies.TryCreate(settings.Balance, Context.System.CreateRandom(), out var policy))
        {
            throw new ArgumentException($"There is no way to balance called {settings.Balance}.", nameof(settings));
        }

        _servers = new ServerList(settings.Targets);
        _group = new UpstreamGroup(_servers.Servers, policy, new UpstreamGroupSettings { Ejection = settings.Ejection });
        _queue = new ConnectionQueue<IActorRef>(_group, settings.Queue);
        Receive<Pick>(HandlePick);
        Receive<Connected>(_ => HandleConnected());
        Receive<Failed>(failed => HandleFailed(failed.Outcome));
        Receive<Terminated>(terminated => HandleGone(terminated.ActorRef));
        Receive<Timer>(_ => HandleDeadline());
        Receive<GetStatus>(_ => Sender.Tell(new ComponentStatus { Upstreams = [Status()] }));
        ReceiveNames();
        ReceiveChecks();
    }

    /// <summary>Wants a server; answered by <see cref="Picked"/>, at once or after <see cref="Queued"/>, or by <see cref="Unavailable"/>.</summary>
    /// <param name="Client">What the source policy goes by.</param>
    /// <param name="Tried">The servers this connection has failed on.</param>
    internal sealed record Pick(IPAddress Client, IReadOnlyList<UpstreamServer> Tried);

    /// <summary>The asker holds a place at this server now.</summary>
    /// <param name="Server">For <see cref="Pick.Tried"/>, only to be compared.</param>
    /// <param name="Name">What logs call it.</param>
    /// <param name="Address">Where to dial.</param>
    /// <param name="OthersLeft">How many more the asker could try after this one.</param>
    internal sealed record Picked(UpstreamServer Server, string Name, IPEndPoint Address, int OthersLeft);

    /// <summary>All servers are full. An answer follows; who waits here has the queue's deadline.</summary>
    internal sealed record Queued
    {
        public static readonly Queued Instance = new();
    }

    /// <summary>There is no server for the asker.</summary>
    internal sealed record Unavailable(EndReason Reason, string Text);

    /// <summary>The server that the sender holds a place at has answered.</summary>
    internal sealed record Connected
    {
        public static readonly Connected Instance = new();
    }

    /// <summary>The sender gives its place back. <paramref name="Outcome"/>: what the server did wrong; null: it was not the server's fault.</summary>
    internal sealed record Failed(ServerOutcome? Outcome);

    private enum Timer
    {
        Deadline,
    }

    private long NowMicroseconds => ((LoopDispatcher)Context.Dispatcher).Loop.NowMicroseconds;

    protected override void PreStart()
    {
        BeginChecking(_group.Servers);
        BeginResolving();
    }

    private void HandlePick(Pick pick)
    {
        if (_leases.ContainsKey(Sender))
        {
            throw new InvalidOperationException($"{Sender.Path} holds a place already.");
        }

        Context.Watch(Sender);
        if (!TryKeepForNames(Sender, pick))
        {
            Serve(Sender, pick);
        }

        ServeWaiting();
    }

    private void Serve(IActorRef asker, Pick pick)
    {
        var status = _queue.Take(asker, new PickRequest(pick.Client, pick.Tried), NowMicroseconds, out var lease);
        switch (status)
        {
            case QueueStatus.Picked:
                Give(asker, lease!, pick.Tried);
                break;
            case QueueStatus.Queued:
                asker.Tell(Queued.Instance);
                break;
            case QueueStatus.QueueFull:
                asker.Tell(new Unavailable(EndReason.Busy, $"all servers are full and {_queue.Count} connections wait"));
                break;
            case QueueStatus.AllTried:
                asker.Tell(new Unavailable(EndReason.NoUpstream, "no other server is in service"));
                break;
            default:
                asker.Tell(_group.Servers.Count == 0
                    ? new Unavailable(EndReason.NameNotFound, NamesText())
                    : new Unavailable(EndReason.NoUpstream, "no server is in service"));
                break;
        }
    }

    private void Give(IActorRef asker, ServerLease lease, IReadOnlyList<UpstreamServer> tried)
    {
        _leases.Add(asker, lease);
        var left = _group.Servers.Count(server => server.IsUsable && !ReferenceEquals(server, lease.Server) && !tried.Contains(server));
        asker.Tell(new Picked(lease.Server, lease.Server.Settings.Name, lease.Server.Settings.Address, left));
    }

    private void HandleConnected()
    {
        if (_leases.TryGetValue(Sender, out var lease))
        {
            _group.HandleOutcome(lease.Server, ServerOutcome.Success, NowMicroseconds);
        }
    }

    private void HandleFailed(ServerOutcome? outcome)
    {
        if (!_leases.Remove(Sender, out var lease))
        {
            // Asked of an earlier instance of this actor.
            return;
        }

        if (outcome is { } fault)
        {
            _group.HandleOutcome(lease.Server, fault, NowMicroseconds);
        }

        lease.Return();
        ServeWaiting();
    }

    private void HandleGone(IActorRef connection)
    {
        _queue.Remove(connection);
        ForgetForNames(connection);
        if (_leases.Remove(connection, out var lease))
        {
            lease.Return();
        }

        ServeWaiting();
    }

    private void HandleDeadline()
    {
        _armedMicroseconds = null;
        _group.HandleDeadline(NowMicroseconds);
        while (_queue.TryGetExpired(NowMicroseconds, out var waiter))
        {
            waiter.Tell(new Unavailable(EndReason.Busy, $"no server had room within {_settings.Queue.Timeout.TotalSeconds:0.###} s"));
        }

        ServeWaiting();
    }

    /// <summary>What is to be done after every change: serve who waits, tell what happened, set the next deadline.</summary>
    private void ServeWaiting()
    {
        while (_queue.TryServe(NowMicroseconds, out var waiter, out var lease))
        {
            Give(waiter, lease!, []);
        }

        LogEvents();
        var next = _group.NextDeadlineMicroseconds is { } returning && !(_queue.NextDeadlineMicroseconds <= returning)
            ? returning
            : _queue.NextDeadlineMicroseconds;
        if (next == _armedMicroseconds)
        {
            return;
        }

        _armedMicroseconds = next;
        if (next is { } due)
        {
            Context.Timers.StartSingleTimer(Timer.Deadline, Timer.Deadline, TimeSpan.FromMicroseconds(Math.Max(due - NowMicroseconds, ShortestWaitMicroseconds)));
        }
        else
        {
            Context.Timers.Cancel(Timer.Deadline);
        }
    }

    private void LogEvents()
    {
        while (_group.TryGetEvent(out var change))
        {
            var line = $"{_settings.Name}: server {change.Server} {TextOf(change.Change)}{(change.Reason.Length > 0 ? $": {change.Reason}" : "")}";
            if (change.Change is ServerChange.Ejected or ServerChange.WentDown)
            {
                _log.Warning(line);
            }
            else
            {
                _log.Info(line);
            }
        }
    }

    private UpstreamStatus Status()
    {
        var now = NowMicroseconds;
        return new UpstreamStatus(_settings.Name, _settings.Balance, _queue.Count, [.. _group.Servers.Select(server => new ServerStatus(
            server.Settings.Name,
            TextOf(_group.StateOf(server, now)),
            server.Settings.Weight,
            server.Settings.IsBackup,
            new StreamCount(server.LiveConnections, server.TotalConnections),
            server.TotalFailures,
            server.TotalEjections))]);
    }

    private static string TextOf(ServerState state) => state switch
    {
        ServerState.Up => "up",
        ServerState.SlowStarting => "slow-starting",
        ServerState.Draining => "draining",
        ServerState.Ejected => "ejected",
        ServerState.Down => "down",
        _ => "removed",
    };

    private static string TextOf(ServerChange change) => change switch
    {
        ServerChange.Added => "added",
        ServerChange.Removed => "removed",
        ServerChange.WentUp => "is up",
        ServerChange.WentDown => "is down",
        ServerChange.Ejected => "taken out of service for a time",
        ServerChange.Returned => "back in service",
        ServerChange.DrainStarted => "takes nothing new",
        _ => "takes connections again",
    };

    // A timer may come a little before the loop's clock shows its moment; then it is set once more and not in a circle.
    private const long ShortestWaitMicroseconds = 1000;
}

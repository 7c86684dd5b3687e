using System.Net;
using Proxy.Kernel;
using Proxy.Kernel.Event;
using Proxy.Policy.Balancing;
using Proxy.Policy.Health;
using Proxy.Protocol.Ends;
using Proxy.Transport.Dials;

namespace Proxy.Actors;

/// <summary>
/// What the servers of one upstream need beside a quick choice (<see cref="UpstreamPicker"/>): lets connections wait while all are full,
/// checks the servers, resolves names again and again, brings ejected ones back, and tells what happened. Lives on the loop of the listener;
/// connections of any loop ask it by message when the picker had nothing for them. Their places are given back by DeathWatch, too, for a
/// connection may have stopped when its answer arrives.
/// </summary>
internal sealed partial class UpstreamActor : ReceiveActor
{
    private readonly INameResolver _resolver;
    private readonly UpstreamPicker _picker;
    private readonly ILoggingAdapter _log;
    private readonly Dictionary<IActorRef, ServerPlace> _given = [];
    private readonly QueueFigures _figures = new();
    private UpstreamSettings _settings;
    private long? _armedMicroseconds;

    public UpstreamActor(UpstreamSettings settings, INameResolver resolver, UpstreamPicker picker)
    {
        _settings = settings;
        _resolver = resolver;
        _picker = picker;
        _log = Context.GetLogger();
        Receive<Pick>(HandlePick);
        Receive<LookAgain>(_ => ServeWaiting());
        Receive<Terminated>(terminated => HandleGone(terminated.ActorRef));
        Receive<Timer>(timer => timer == Timer.Deadline, _ => HandleDeadline());
        Receive<Change>(change => HandleChange(change.Settings));
        Receive<Retire>(_ => Context.Timers.StartPeriodicTimer(Timer.LookForTheLast, Timer.LookForTheLast, LookForTheLastEvery));
        Receive<Timer>(_ => StopAfterTheLast());
        Receive<GetStatus>(_ => Sender.Tell(new ComponentStatus { Upstreams = [Status()] }));
        ReceiveNames();
        ReceiveChecks();
    }

    /// <summary>
    /// Wants a server, and the picker had none; answered by <see cref="Picked"/>, at once or after <see cref="Queued"/>, or by
    /// <see cref="Unavailable"/>.
    /// </summary>
    /// <param name="Client">What the source policy goes by.</param>
    /// <param name="Tried">The servers this connection has failed on.</param>
    internal sealed record Pick(IPAddress Client, IReadOnlyList<UpstreamServer> Tried);

    /// <summary>The asker holds this place now.</summary>
    internal sealed record Picked(ServerPlace Place);

    /// <summary>All servers are full. An answer follows; who waits here has the queue's deadline.</summary>
    internal sealed record Queued
    {
        public static readonly Queued Instance = new();
    }

    /// <summary>There is no server for the asker.</summary>
    internal sealed record Unavailable(EndReason Reason, string Text);

    /// <summary>A server was found to be down, and sessions end with it. Told to all who hold a place there.</summary>
    internal sealed record ServerDown(UpstreamServer Server, string Reason);

    /// <summary>A connection has changed something at the picker: somebody may be served, or there is something to tell.</summary>
    internal sealed record LookAgain
    {
        public static readonly LookAgain Instance = new();
    }

    /// <summary>Other settings from now on; servers that stay keep connections, counters and states.</summary>
    internal sealed record Change(UpstreamSettings Settings);

    /// <summary>Nobody new comes; it stops once no connection has a place or waits for one.</summary>
    internal sealed record Retire
    {
        public static readonly Retire Instance = new();
    }

    private enum Timer
    {
        Deadline,
        LookForTheLast,
    }

    /// <summary>What the queue has done since the start of this actor.</summary>
    private sealed class QueueFigures
    {
        public long Queued { get; set; }

        public long Full { get; set; }

        public long TimedOut { get; set; }
    }

    protected override void PreStart()
    {
        _picker.Attach(Self);
        BeginChecking(_picker.Use((group, _, _) => group.Servers));
        BeginResolving();
        ServeWaiting();
    }

    protected override void PostStop()
    {
        foreach (var waiter in _picker.Use((_, queue, _) => queue.Dismiss()).Concat(_waitingForNames.Keys))
        {
            waiter.Tell(new Unavailable(EndReason.KilledLocally, "whom it waited for has stopped"));
        }
    }

    private void HandlePick(Pick pick)
    {
        Context.Watch(Sender);
        if (!TryKeepForNames(Sender, pick))
        {
            Serve(Sender, pick);
        }

        ServeWaiting();
    }

    private void Serve(IActorRef asker, Pick pick)
    {
        switch (_picker.Take(asker, pick, out var place))
        {
            case QueueStatus.Picked:
                Give(asker, place!);
                break;
            case QueueStatus.Queued:
                _figures.Queued++;
                asker.Tell(Queued.Instance);
                break;
            case QueueStatus.QueueFull:
                _figures.Full++;
                asker.Tell(new Unavailable(EndReason.Busy, $"all servers are full and {_settings.Queue.MaximumWaiting} connections wait"));
                break;
            case QueueStatus.AllTried:
                asker.Tell(new Unavailable(EndReason.NoUpstream, "no other server is in service"));
                break;
            default:
                asker.Tell(_picker.Use((group, _, _) => group.Servers.Count) == 0
                    ? new Unavailable(EndReason.NameNotFound, NamesText())
                    : new Unavailable(EndReason.NoUpstream, "no server is in service"));
                break;
        }
    }

    private void Give(IActorRef asker, ServerPlace place)
    {
        // A place that it had before was given back before it asked again.
        _given[asker] = place;
        asker.Tell(new Picked(place));
    }

    private void HandleGone(IActorRef connection)
    {
        _picker.Use((_, queue, _) => queue.Remove(connection));
        ForgetForNames(connection);
        if (_given.Remove(connection, out var place))
        {
            place.Return();
        }

        ServeWaiting();
    }

    private void HandleDeadline()
    {
        _armedMicroseconds = null;
        _picker.Use((group, _, now) =>
        {
            group.HandleDeadline(now);
            return true;
        });
        while (_picker.Use((_, queue, now) => queue.TryGetExpired(now, out var waiter) ? waiter : null) is { } late)
        {
            _figures.TimedOut++;
            late.Tell(new Unavailable(EndReason.Busy, $"no server had room within {_settings.Queue.Timeout.TotalSeconds:0.###} s"));
        }

        ServeWaiting();
    }

    /// <summary>What is to be done after every change: serve who waits, tell what happened, set the next deadline.</summary>
    private void ServeWaiting()
    {
        _picker.BeginLooking();
        while (_picker.TryServe(out var waiter, out var place))
        {
            Give(waiter, place);
        }

        HandleEvents();
        var (next, now) = _picker.Use((group, queue, now) => (Earlier(group.NextDeadlineMicroseconds, queue.NextDeadlineMicroseconds), now));
        if (next == _armedMicroseconds)
        {
            return;
        }

        _armedMicroseconds = next;
        if (next is { } due)
        {
            Context.Timers.StartSingleTimer(Timer.Deadline, Timer.Deadline, TimeSpan.FromMicroseconds(Math.Max(due - now, ShortestWaitMicroseconds)));
        }
        else
        {
            Context.Timers.Cancel(Timer.Deadline);
        }

        static long? Earlier(long? left, long? right) => left is { } && right <= left || left is null ? right : left;
    }

    private void HandleEvents()
    {
        while (_picker.Use((group, _, _) => group.TryGetEvent(out var change) ? change : (ServerEvent?)null) is { } next)
        {
            var line = $"{_settings.Name}: server {next.Server} {TextOf(next.Change)}{(next.Reason.Length > 0 ? $": {next.Reason}" : "")}";
            if (next.Change is ServerChange.Ejected or ServerChange.WentDown)
            {
                _log.Warning(line);
            }
            else
            {
                _log.Info(line);
            }

            if (next.Change is ServerChange.WentDown)
            {
                EndSessions(next);
            }
        }
    }

    private void EndSessions(ServerEvent down)
    {
        var word = new ServerDown(down.Server, down.Reason);
        foreach (var owner in _picker.OwnersAt(down.Server))
        {
            owner.Tell(word);
        }
    }

    private UpstreamStatus Status()
    {
        var retries = _picker.TotalRetries();
        return _picker.Use((group, queue, now) => new UpstreamStatus(
            _settings.Name,
            _settings.Balance,
            queue.Count,
            _figures.Queued,
            _figures.Full,
            _figures.TimedOut,
            retries,
            [.. group.Servers.Select(server => new ServerStatus(
                server.Settings.Name,
                TextOf(group.StateOf(server, now)),
                (now - (server.ChangedMicroseconds ?? 0)) / MicrosecondsPerSecond,
                server.Settings.Weight,
                server.Settings.IsBackup,
                server.Settings.MaximumConnections,
                new StreamCount(server.LiveConnections, server.TotalConnections),
                server.TotalFailures,
                server.TotalEjections,
                ChecksOf(server)))]));
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

    // Nobody waits for it to stop.
    private static readonly TimeSpan LookForTheLastEvery = TimeSpan.FromSeconds(1);

    private const long MicrosecondsPerSecond = 1_000_000;

    // A timer may come a little before the picker's clock shows its moment; then it is set once more and not in a circle.
    private const long ShortestWaitMicroseconds = 1000;
}

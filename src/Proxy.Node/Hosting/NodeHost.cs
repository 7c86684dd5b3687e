using System.Buffers;
using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Proxy.Actors;
using Proxy.Kcp;
using Proxy.Kernel;
using Proxy.Node.Admin;
using Proxy.Node.Filters;
using Proxy.Node.HandOver;
using Proxy.Node.Names;
using Proxy.Node.Reloading;
using Proxy.Node.Settings;
using Proxy.Transport;
using Proxy.Transport.HandOver;

namespace Proxy.Node.Hosting;

/// <summary>The composition root: picks clock, randomness, loops and logger, runs one node, and ends it in order.</summary>
internal sealed class NodeHost
{
    private readonly Reloader _reloader;
    private readonly IActorRef _node;
    private readonly OwnListeners _own;
    private readonly CachingResolver _names;
    private readonly Generations _generations;
    private readonly ListeningSockets _sockets;
    private readonly long _startedAt = Stopwatch.GetTimestamp();
    private volatile string _state = "up";
    private volatile ClusterPart? _cluster;

    // What changes while the node starts is a change too.
    private readonly FileMarks _readAtStart;

    private NodeHost(Reloader reloader, IActorRef node, NodeEnvironment environment, CachingResolver names, ListeningSockets sockets, FileMarks readAtStart)
    {
        _readAtStart = readAtStart;
        _names = names;
        _reloader = reloader;
        _node = node;
        _own = environment.Own;
        _generations = environment.Generations;
        _sockets = sockets;
    }

    public static string Version { get; } =
        typeof(NodeHost).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <summary>Runs the node until a signal ends it; returns the exit code.</summary>
    /// <param name="readAgain">Gives the settings anew when a signal (SIGHUP) asks for it, or throws <see cref="UsageException"/>.</param>
    public static Task<int> RunAsync(NodeSettings settings, HostSettings host, Func<NodeSettings>? readAgain = null) =>
        RunAsync(new LoadedInForce(settings, host), files: [], () => NewSettings.Of(readAgain ?? (() => settings), host));

    /// <summary>The same for settings that come from files, which are watched.</summary>
    /// <param name="files">What they were read from.</param>
    /// <param name="read">Reads all of them again.</param>
    public static async Task<int> RunAsync(LoadedInForce loaded, IReadOnlyList<string> files, Func<NewSettings> read)
    {
        var readAtStart = FileMarks.Of(files);
        var (settings, host) = (loaded.Node, loaded.Host);
        using var signals = new StopSignals();
        using var nodeLogs = new NodeLogs(host.LogLevel, host.IsLogJson);
        var logs = nodeLogs.Factory;
        var log = logs.CreateLogger("tcpproxy");
        await using var accessLogs = new AccessLogWriters(log);

        SessionLogs.Instance.Logger = log;
        using var sockets = new ListeningSockets();

        // A third of a start, so it is done beside the rest. Nobody asks it for anything before it listens, which is last.
        NodeHost? running = null;
        var door = new ClusterDoor();
        var admin = Task.Run(() =>
            AdminServer.Create(host.Admin, host.IsAdminAsked, logs, sockets, AnswersOf(() => running!, new OperatorBans(door, log))));
        var loopSettings = new LoopSettings { Logger = log, Pool = ArrayPool<byte>.Shared, Listening = sockets };
        var capacity = NodeCapacity.Of(settings, log);
        using var loops = LoopBackends.CreateGroup(LoopBackendKind.Auto, Environment.ProcessorCount, loopSettings);
        log.LogInformation("{Count} loops on {Backend}", loops.Loops.Count, loops.Backend);
        foreach (var line in host.StartLines)
        {
            log.LogInformation("{Line}", line);
        }

        var system = ActorSystem.Create("tcpproxy", new ActorSystemSetup
        {
            RandomSeed = Random.Shared.Next(),
            LogLevel = host.LogLevel,
            ShutdownPhases =
            [
                // The drain has its own end, which a reload may change.
                new ShutdownPhase(CoordinatedShutdown.PhaseServiceRequestsDone, LongestDrain),
                new ShutdownPhase(CoordinatedShutdown.PhaseClusterLeave, TimeSpan.FromSeconds(3)),
                new ShutdownPhase(CoordinatedShutdown.PhaseActorSystemTerminate, TimeSpan.FromSeconds(5)),
            ],
        });
        system.SystemActorOf(Props.Create(() => new LogBridge(log)), "log");
        var names = host.Names.CreateResolver(TimeProvider.System);
        var environment = new NodeEnvironment(loops.Loops, names, CreatePool, SystemRandomBytes.Instance)
        {
            Own = new OwnListeners { IsOwnAddress = OwnAddresses.Contain },
            Listening = sockets,
            Cluster = door,
        };
        var targets = new ReloadTargets
        {
            AccessLogs = accessLogs,
            SetLogLevel = level =>
            {
                nodeLogs.SetLevel(level);
                system.LogLevel = level;
            },
            Now = () => DateTimeOffset.UtcNow,
            Capacity = capacity,
        };
        settings = targets.Complete(settings, host) with { AccessLog = accessLogs.For(host.AccessLog) };
        var node = system.ActorOf(Props.Create(() => new NodeActor(environment, settings)), "node");
        using var reloader = new Reloader(node, new LoadedInForce(settings, host), files, read, targets, log);
        using var hangup = ReloadOnSignal(reloader);
        running = new NodeHost(reloader, node, environment, names, sockets, readAtStart);
        var code = await running.RunAsync(host, system, environment, admin, log, signals);
        await system.Terminate();
        await (running._cluster?.DisposeAsync() ?? ValueTask.CompletedTask);
        await SessionLogs.Instance.WhenIdle(LogLinger);
        return code;
    }

    private async Task<int> RunAsync(HostSettings host, ActorSystem system, NodeEnvironment environment, Task<AdminServer> preparing, ILogger log, StopSignals signals)
    {
        Predecessor? predecessor;
        try
        {
            predecessor = HandOverStart.Take(host.HandOver, _sockets, _generations, log);
        }
        catch (IOException failure)
        {
            log.LogError("{Text}", failure.Message);
            return ExitCodes.Failed;
        }

        using var takenOver = predecessor;
        var answer = await _node.Ask<object>(NodeActor.Start.Instance, StartTimeout);
        if (answer is NodeActor.StartFailed failed)
        {
            log.LogError("{Text}", failed.Text);
            return ExitCodes.Failed;
        }

        var admin = await preparing;
        try
        {
            await admin.StartAsync();
        }
        catch (IOException taken)
        {
            log.LogError("cannot listen on the admin address {Admin}: {Reason}", host.Admin, taken.Message);
            return ExitCodes.Failed;
        }

        foreach (var line in _sockets.CloseUnused())
        {
            log.LogWarning("{Line}", line);
        }

        await using (admin)
        {
            _own.Add(admin.Url);
            if (!TryAwaitSuccessor(host.HandOver, log, out var awaiting))
            {
                return ExitCodes.Failed;
            }

            using var successors = awaiting;
            var (urls, tunnelUrls) = (NodeActor.Started)answer;
            _cluster = ClusterPart.Start(system, environment, host, Identity(), tunnelUrls, () => StatusAsync(asksEngine: false), log);
            Announce(urls, admin.Url);
            predecessor?.TellReady();
            await using var watch = _reloader.Files.Count == 0
                ? null
                : new FileWatch(_readAtStart, () => _reloader.Files, file => _reloader.ReloadAsync($"{file} has changed"), WatchInterval);
            var signal = await FirstOf(signals, successors);
            _state = "draining";
            _cluster?.BeginDraining();
            if (successors is { Replaced.IsCompleted: true })
            {
                // The successor has the socket, and whoever asks there means it.
                await admin.LeaveAsync();
            }

            var drain = _reloader.Host.Drain;
            log.LogInformation("{Signal}: draining for at most {Seconds} s; a second signal ends now", signal, drain.TotalSeconds);
            await DrainAsync(system, drain, signal);
            log.LogInformation("stopped");
        }

        return ExitCodes.Done;
    }

    /// <summary>False: the path cannot be used, and the log says why.</summary>
    /// <param name="successors">Null: nobody is to take this process's place.</param>
    private bool TryAwaitSuccessor(string? path, ILogger log, out SuccessorListener? successors)
    {
        try
        {
            successors = path is null ? null : SuccessorListener.Start(path, _sockets, _generations, log);
            return true;
        }
        catch (IOException unusable)
        {
            log.LogError("{Text}", unusable.Message);
            successors = null;
            return false;
        }
    }

    private static PosixSignalRegistration ReloadOnSignal(Reloader reloader) => PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
    {
        context.Cancel = true;
        _ = reloader.ReloadAsync("SIGHUP");
    });

    private async Task DrainAsync(ActorSystem system, TimeSpan limit, string signal)
    {
        system.CoordinatedShutdown.AddTask(
            CoordinatedShutdown.PhaseServiceRequestsDone, "drain", () => _node.GracefulStop(limit, NodeActor.Drain.Instance));
        system.CoordinatedShutdown.AddTask(CoordinatedShutdown.PhaseClusterLeave, "leave", () => _cluster?.LeaveAsync() ?? Task.CompletedTask);
        await system.CoordinatedShutdown.Run(signal);
    }

    private static void Announce(IReadOnlyList<string> urls, string adminUrl)
    {
        foreach (var url in urls)
        {
            Console.Out.WriteLine($"listening {url}");
        }

        Console.Out.WriteLine($"listening {adminUrl}");
        Console.Out.WriteLine("ready");
        Console.Out.Flush();
        ServiceManager.Notify($"READY=1\nMAINPID={Environment.ProcessId}");
    }

    private static async Task<string> FirstOf(StopSignals signals, SuccessorListener? successors)
    {
        if (successors is not null && await Task.WhenAny(signals.First, successors.Replaced) == successors.Replaced)
        {
            return $"process {await successors.Replaced} has taken over";
        }

        // After a hand-over it is the successor whom the service manager watches.
        var signal = await signals.First;
        ServiceManager.Notify("STOPPING=1");
        return signal;
    }

    private async Task<NodeStatus> StatusAsync(bool asksEngine)
    {
        var parts = await _node.Ask<ComponentStatus>(GetStatus.Instance, StatusTimeout);
        var cluster = _cluster is { } part ? await part.StatusAsync(asksEngine) : null;
        return new NodeStatus(
            Identity(), parts.Tunnels, parts.TunnelTotals, parts.Streams, parts.Connections, parts.Frontends, parts.Upstreams,
            FilterStatus.Of(_reloader.Settings.Frontends), cluster?.Members ?? [], parts.Live, parts.Tls,
            parts.TunnelListeners, parts.Chains, parts.Drains, _reloader.Status)
        {
            Cluster = cluster,
            Dns = _names.Status(),
            Principals = parts.Principals,
        };
    }

    private static AdminAnswers AnswersOf(Func<NodeHost> running, OperatorBans bans) => new()
    {
        StatusAsync = asksEngine => running().StatusAsync(asksEngine),
        IsReady = () => running()._state == "up",
        ReloadAsync = () => running()._reloader.ReloadAsync("POST /reload"),
        Ban = bans.Ban,
        PlanAsync = request => running().PlanAsync(request),
    };

    private async Task<ReloadOutcome> PlanAsync(PlanRequest request)
    {
        var source = new SettingsSource { Files = request.Files, Overrides = request.Overrides, IsCheckOnly = true };
        var read = NewSettings.Of(await Task.Run(source.Read));

        // Whoever asks has read the files; what is in files that only this process may read is not told to anybody.
        return read.Settings is null
            ? ReloadOutcome.Refused($"the node finds {read.Errors.Count} errors in these files, with its own environment and rights; 'tcpproxy config check' in its place shows them")
            : await _reloader.PlanAsync(read);
    }

    private NodeIdentity Identity() =>
        new(_reloader.Settings.Name, _state, Version, Roles(), (long)Stopwatch.GetElapsedTime(_startedAt).TotalSeconds);

    private string[] Roles()
    {
        var roles = new List<string>();
        if (_reloader.Settings.Frontends.Any(frontend => frontend.To is UpstreamTarget))
        {
            roles.Add("relay");
        }

        if (_reloader.Settings.Tunnels.Count + _reloader.Settings.ChainSets.Count > 0)
        {
            roles.Add("client");
        }

        if (_reloader.Settings.Servers.Count > 0)
        {
            roles.Add("server");
        }

        return [.. roles];
    }

    // Segments of tunnels are what is rented all the time: at most 6 MB of them are kept per loop.
    private static SegmentPool CreatePool() => new(bufferBytes: 1500, mostFreeBuffers: 4096, ArrayPool<byte>.Shared);

    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestDrain = TimeSpan.FromDays(20);
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);
    // For what filters have logged last, if the disk takes it.
    private static readonly TimeSpan LogLinger = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan StatusTimeout = TimeSpan.FromSeconds(3);
}

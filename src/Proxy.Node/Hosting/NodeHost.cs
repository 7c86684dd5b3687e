using System.Buffers;
using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Proxy.Actors;
using Proxy.Kcp;
using Proxy.Kernel;
using Proxy.Node.AccessLogs;
using Proxy.Node.Admin;
using Proxy.Node.Filters;
using Proxy.Node.HandOver;
using Proxy.Transport;
using Proxy.Transport.Dials;
using Proxy.Transport.HandOver;

namespace Proxy.Node.Hosting;

/// <summary>The composition root: picks clock, randomness, loops and logger, runs one node, and ends it in order.</summary>
internal sealed class NodeHost
{
    private readonly NodeSettings _settings;
    private readonly IActorRef _node;
    private readonly OwnListeners _own;
    private readonly ListeningSockets _sockets;
    private readonly long _startedAt = Stopwatch.GetTimestamp();
    private volatile string _state = "up";
    private volatile ClusterPart? _cluster;

    private NodeHost(NodeSettings settings, IActorRef node, OwnListeners own, ListeningSockets sockets)
    {
        _settings = settings;
        _node = node;
        _own = own;
        _sockets = sockets;
    }

    public static string Version { get; } =
        typeof(NodeHost).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <summary>Runs the node until a signal ends it; returns the exit code.</summary>
    /// <param name="readAgain">Gives the settings anew when a signal (SIGHUP) asks for it, or throws <see cref="UsageException"/>.</param>
    public static async Task<int> RunAsync(NodeSettings settings, HostSettings host, Func<NodeSettings>? readAgain = null)
    {
        using var signals = new StopSignals();
        using var logs = CreateLogs(host);
        var log = logs.CreateLogger("tcpproxy");
        await using var accessLog = host.AccessLog is { } file ? new AccessLogWriter(file.Path, file.Format, log) : null;
        if (accessLog is not null)
        {
            settings = settings with { AccessLog = new AccessLogSettings(accessLog, host.AccessLog!.Events, host.AccessLog.Interval) };
        }

        SessionLogs.Instance.Logger = log;
        using var sockets = new ListeningSockets();

        // A third of a start, so it is done beside the rest. Nobody asks it for anything before it listens, which is last.
        NodeHost? running = null;
        var admin = Task.Run(() =>
            AdminServer.Create(host.Admin, host.IsAdminAsked, logs, sockets, () => running!.StatusAsync(), () => running!._state == "up"));
        var loopSettings = new LoopSettings { Logger = log, Pool = ArrayPool<byte>.Shared, Listening = sockets };
        settings = settings with { MaximumConnections = NodeCapacity.Of(settings, log) };
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
                new ShutdownPhase(CoordinatedShutdown.PhaseServiceRequestsDone, host.Drain),
                new ShutdownPhase(CoordinatedShutdown.PhaseClusterLeave, TimeSpan.FromSeconds(3)),
                new ShutdownPhase(CoordinatedShutdown.PhaseActorSystemTerminate, TimeSpan.FromSeconds(5)),
            ],
        });
        system.SystemActorOf(Props.Create(() => new LogBridge(log)), "log");
        var environment = new NodeEnvironment(loops.Loops, new SystemNameResolver(), CreatePool, SystemRandomBytes.Instance)
        {
            Own = new OwnListeners { IsOwnAddress = OwnAddresses.Contain },
        };
        var node = system.ActorOf(Props.Create(() => new NodeActor(environment, settings)), "node");
        using var reload = ReloadOnSignal(node, readAgain ?? (() => settings), log);
        running = new NodeHost(settings, node, environment.Own, sockets);
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
            predecessor = HandOverStart.Take(host.HandOver, _sockets, log);
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
            using var successors = host.HandOver is { } path ? SuccessorListener.Start(path, _sockets, log) : null;
            var urls = ((NodeActor.Started)answer).Urls;
            _cluster = ClusterPart.Start(system, environment, host, Identity(), urls, StatusAsync, log);
            Announce(urls, admin.Url);
            predecessor?.TellReady();
            var signal = await FirstOf(signals, successors);
            _state = "draining";
            _cluster?.BeginDraining();
            log.LogInformation("{Signal}: draining for at most {Seconds} s; a second signal ends now", signal, host.Drain.TotalSeconds);
            await DrainAsync(system, host.Drain, signal);
            log.LogInformation("stopped");
        }

        return ExitCodes.Done;
    }

    private static PosixSignalRegistration ReloadOnSignal(IActorRef node, Func<NodeSettings> readAgain, ILogger log) =>
        PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            try
            {
                node.Tell(new NodeActor.ChangeGates(readAgain()), ActorRefs.NoSender);
                log.LogInformation("SIGHUP: rules and their files were read again");
            }
            catch (UsageException wrong)
            {
                log.LogError("SIGHUP: nothing was changed: {Reason}", wrong.Message);
            }
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

    private async Task<NodeStatus> StatusAsync()
    {
        var parts = await _node.Ask<ComponentStatus>(GetStatus.Instance, StatusTimeout);
        var cluster = _cluster is { } part ? await part.StatusAsync() : null;
        return new NodeStatus(
            Identity(), parts.Tunnels, parts.TunnelTotals, parts.Streams, parts.Connections, parts.Frontends, parts.Upstreams,
            FilterStatus.Of(_settings.Frontends), cluster?.Members ?? [], parts.Live, parts.Tls,
            parts.TunnelListeners, parts.Chains)
        {
            Cluster = cluster,
        };
    }

    private NodeIdentity Identity() =>
        new(_settings.Name, _state, Version, Roles(), (long)Stopwatch.GetElapsedTime(_startedAt).TotalSeconds);

    private string[] Roles()
    {
        var roles = new List<string>();
        if (_settings.Frontends.Any(frontend => frontend.To is UpstreamTarget))
        {
            roles.Add("relay");
        }

        if (_settings.Tunnels.Count + _settings.ChainSets.Count > 0)
        {
            roles.Add("client");
        }

        if (_settings.Servers.Count > 0)
        {
            roles.Add("server");
        }

        return [.. roles];
    }

    private static ILoggerFactory CreateLogs(HostSettings host) => LoggerFactory.Create(builder =>
    {
        builder.SetMinimumLevel((LogLevel)((int)host.LogLevel + 1));
        builder.AddFilter("Microsoft", LogLevel.Warning);
        builder.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        if (host.IsLogJson)
        {
            builder.AddJsonConsole(json => json.UseUtcTimestamp = true);
        }
        else
        {
            builder.AddSimpleConsole(text =>
            {
                text.SingleLine = true;
                text.UseUtcTimestamp = true;
                text.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
                text.ColorBehavior = LoggerColorBehavior.Disabled;
            });
        }
    });

    // Segments of tunnels are what is rented all the time: at most 6 MB of them are kept per loop.
    private static SegmentPool CreatePool() => new(bufferBytes: 1500, mostFreeBuffers: 4096, ArrayPool<byte>.Shared);

    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);
    // For what filters have logged last, if the disk takes it.
    private static readonly TimeSpan LogLinger = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan StatusTimeout = TimeSpan.FromSeconds(3);
}

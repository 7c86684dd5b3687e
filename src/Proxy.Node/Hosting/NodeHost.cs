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
using Proxy.Transport;
using Proxy.Transport.Dials;

namespace Proxy.Node.Hosting;

/// <summary>The composition root: picks clock, randomness, loops and logger, runs one node, and ends it in order.</summary>
internal sealed class NodeHost
{
    private readonly NodeSettings _settings;
    private readonly IActorRef _node;
    private readonly long _startedAt = Stopwatch.GetTimestamp();
    private volatile string _state = "up";

    private NodeHost(NodeSettings settings, IActorRef node)
    {
        _settings = settings;
        _node = node;
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
        var loopSettings = new LoopSettings { Logger = log, Pool = ArrayPool<byte>.Shared };
        settings = settings with { MaximumConnections = NodeCapacity.Of(settings, loopSettings.SplicedFlows, log) };
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
                new ShutdownPhase(CoordinatedShutdown.PhaseActorSystemTerminate, TimeSpan.FromSeconds(5)),
            ],
        });
        system.SystemActorOf(Props.Create(() => new LogBridge(log)), "log");
        var environment = new NodeEnvironment(loops.Loops, new SystemNameResolver(), CreatePool, SystemRandomBytes.Instance);
        var node = system.ActorOf(Props.Create(() => new NodeActor(environment, settings)), "node");
        using var reload = ReloadOnSignal(node, readAgain ?? (() => settings), log);
        var code = await new NodeHost(settings, node).RunAsync(host, system, logs, log, signals);
        await system.Terminate();
        await SessionLogs.Instance.WhenIdle(LogLinger);
        return code;
    }

    private async Task<int> RunAsync(HostSettings host, ActorSystem system, ILoggerFactory logs, ILogger log, StopSignals signals)
    {
        var answer = await _node.Ask<object>(NodeActor.Start.Instance, StartTimeout);
        if (answer is NodeActor.StartFailed failed)
        {
            log.LogError("{Text}", failed.Text);
            return ExitCodes.Failed;
        }

        AdminServer admin;
        try
        {
            admin = await AdminServer.StartAsync(host.Admin, host.IsAdminAsked, logs, StatusAsync, () => _state == "up");
        }
        catch (IOException taken)
        {
            log.LogError("cannot listen on the admin address {Admin}: {Reason}", host.Admin, taken.Message);
            return ExitCodes.Failed;
        }

        await using (admin)
        {
            Announce(((NodeActor.Started)answer).Urls, admin.Url);
            var signal = await signals.First;
            _state = "draining";
            ServiceManager.Notify("STOPPING=1");
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
                node.Tell(new NodeActor.Apply(readAgain()), ActorRefs.NoSender);
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
        ServiceManager.Notify("READY=1");
    }

    private async Task<NodeStatus> StatusAsync()
    {
        var parts = await _node.Ask<ComponentStatus>(GetStatus.Instance, StatusTimeout);
        var identity = new NodeIdentity(
            _settings.Name, _state, Version, Roles(), (long)Stopwatch.GetElapsedTime(_startedAt).TotalSeconds);
        return new NodeStatus(
            identity, parts.Tunnels, parts.Streams, parts.Connections, parts.Frontends, parts.Upstreams, FilterStatus.Of(_settings.Frontends), [], parts.Live, parts.Tls,
            parts.TunnelListeners);
    }

    private string[] Roles()
    {
        var roles = new List<string>();
        if (_settings.Frontends.Any(frontend => frontend.To is UpstreamTarget))
        {
            roles.Add("relay");
        }

        if (_settings.Tunnels.Count > 0)
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

using Proxy.Kernel.Event;

namespace Proxy.Kernel;

/// <summary>One step of the end of a process.</summary>
/// <param name="Name">Its name, unique.</param>
/// <param name="Timeout">How long its tasks may take together.</param>
/// <param name="ContinuesAfterFailure">Whether later phases run although a task of this one failed or ran out of time.</param>
public sealed record ShutdownPhase(string Name, TimeSpan Timeout, bool ContinuesAfterFailure = true);

/// <summary>
/// The orderly end of a process: phases one after another, the tasks of a phase at the same time, each phase bounded in time. Runs once; the
/// first reason is kept. The last phase stops the actor system. Thread-safe.
/// </summary>
public sealed class CoordinatedShutdown
{
    public const string PhaseBeforeServiceUnbind = "before-service-unbind";
    public const string PhaseServiceUnbind = "service-unbind";
    public const string PhaseServiceRequestsDone = "service-requests-done";
    public const string PhaseServiceStop = "service-stop";
    public const string PhaseClusterLeave = "cluster-leave";
    public const string PhaseBeforeActorSystemTerminate = "before-actor-system-terminate";
    public const string PhaseActorSystemTerminate = "actor-system-terminate";

    private readonly Lock _lock = new();
    private readonly ActorSystem _system;
    private readonly ILoggingAdapter _log;
    private readonly IReadOnlyList<ShutdownPhase> _phases;
    private readonly Dictionary<string, List<(string Name, Func<Task> Run)>> _tasks = [];
    private Task? _running;

    internal CoordinatedShutdown(ActorSystem system, IReadOnlyList<ShutdownPhase> phases)
    {
        _system = system;
        _phases = phases;
        _log = system.GetLogger($"{system}/shutdown");
        foreach (var phase in phases)
        {
            _tasks.Add(phase.Name, []);
        }
    }

    public static IReadOnlyList<ShutdownPhase> DefaultPhases { get; } =
    [
        new(PhaseBeforeServiceUnbind, DefaultTimeout),
        new(PhaseServiceUnbind, DefaultTimeout),
        new(PhaseServiceRequestsDone, DefaultTimeout),
        new(PhaseServiceStop, DefaultTimeout),
        new(PhaseClusterLeave, DefaultTimeout),
        new(PhaseBeforeActorSystemTerminate, DefaultTimeout),
        new(PhaseActorSystemTerminate, DefaultTimeout),
    ];

    /// <summary>Why the shutdown runs; null while it does not.</summary>
    public string? Reason { get; private set; }

    private static TimeSpan DefaultTimeout => TimeSpan.FromSeconds(5);

    /// <summary>Adds a task to a phase. Throws <see cref="ArgumentException"/> for a phase that does not exist.</summary>
    /// <returns>Whether it was in time to be run: false once the shutdown has begun.</returns>
    public bool AddTask(string phase, string taskName, Func<Task> task)
    {
        lock (_lock)
        {
            if (!_tasks.TryGetValue(phase, out var tasks))
            {
                throw new ArgumentException($"There is no shutdown phase '{phase}'.", nameof(phase));
            }

            if (_running is not null)
            {
                return false;
            }

            tasks.Add((taskName, task));
            return true;
        }
    }

    /// <summary>Runs all phases and stops the actor system. Later calls join the first and their reason is ignored.</summary>
    public Task Run(string reason)
    {
        TaskCompletionSource begin;
        lock (_lock)
        {
            if (_running is not null)
            {
                return _running;
            }

            Reason = reason;
            begin = new TaskCompletionSource();
            _running = RunPhases(begin.Task);
        }

        begin.SetResult();
        return _running;
    }

    private async Task RunPhases(Task begin)
    {
        await begin.ConfigureAwait(false);
        foreach (var phase in _phases)
        {
            if (!await RunPhase(phase).ConfigureAwait(false) && !phase.ContinuesAfterFailure)
            {
                _log.Error($"Shutdown phase '{phase.Name}' failed, the phases behind it are left out.");
                break;
            }
        }

        await _system.Terminate().ConfigureAwait(false);
    }

    /// <summary>Whether all of the phase's tasks ended well and in time.</summary>
    private async Task<bool> RunPhase(ShutdownPhase phase)
    {
        var all = Task.WhenAll(_tasks[phase.Name].Select(task => RunTask(phase, task.Name, task.Run)));
        try
        {
            return (await all.WaitAsync(phase.Timeout, _system.TimeProvider).ConfigureAwait(false)).All(succeeded => succeeded);
        }
        catch (TimeoutException)
        {
            _log.Warning($"Shutdown phase '{phase.Name}' did not end within {phase.Timeout}.");
            return false;
        }
    }

    private async Task<bool> RunTask(ShutdownPhase phase, string name, Func<Task> run)
    {
        try
        {
            await run().ConfigureAwait(false);
            return true;
        }
        catch (Exception cause)
        {
            _log.Error(cause, $"Shutdown task '{name}' of phase '{phase.Name}' failed: {cause.Message}");
            return false;
        }
    }
}

using Proxy.Kernel.Event;

namespace Proxy.Kernel;

/// <summary>What an actor system is given by its host.</summary>
public sealed record ActorSystemSetup
{
    /// <summary>The clock of all timers and windows; null takes the system's.</summary>
    public TimeProvider? TimeProvider { get; init; }

    /// <summary>Where actors run whose Props and whose parents name no dispatcher; null takes the thread pool.</summary>
    public MessageDispatcher? Dispatcher { get; init; }

    /// <summary>What happens to a top-level actor that fails.</summary>
    public SupervisorStrategy UserGuardianStrategy { get; init; } = SupervisorStrategy.DefaultStrategy;

    /// <summary>From here come the generators of <see cref="ActorSystem.CreateRandom"/>, for jitter. The host picks it; a test fixes it.</summary>
    public int RandomSeed { get; init; }

    /// <summary>Lines below this level are not published.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Info;

    /// <summary>The phases of <see cref="CoordinatedShutdown"/>, in order.</summary>
    public IReadOnlyList<ShutdownPhase> ShutdownPhases { get; init; } = CoordinatedShutdown.DefaultPhases;
}

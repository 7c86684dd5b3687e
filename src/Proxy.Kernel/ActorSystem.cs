using Proxy.Kernel.Event;

namespace Proxy.Kernel;

/// <summary>
/// One tree of actors with its dispatcher, clock, event stream and dead letters. Thread-safe. Under <c>/user</c> are the actors of the program,
/// under <c>/system</c> those that must outlive them, such as a bridge to the log.
/// </summary>
public sealed class ActorSystem : IActorRefFactory
{
    private readonly DeadLetterActorRef _deadLetters;
    private readonly RootGuardian _root;
    private readonly Random _seeds;
    private volatile LogLevel _logLevel;
    private long _mailboxOverflows;

    private ActorSystem(string name, ActorSystemSetup setup)
    {
        Name = name;
#pragma warning disable RS0030 // A host that names no clock wants the real one; everything below gets it from here.
        TimeProvider = setup.TimeProvider ?? TimeProvider.System;
#pragma warning restore RS0030
        Dispatcher = setup.Dispatcher ?? new ThreadPoolDispatcher();
        _logLevel = setup.LogLevel;
        _seeds = new Random(setup.RandomSeed);

        var rootPath = ActorPath.Root(name);
        _deadLetters = new DeadLetterActorRef(this, rootPath.Child("deadLetters"));
        EventStream = new EventStream(this, rootPath.Child("eventStream"));
        TemporaryPath = rootPath.Child("temp");
        _root = new RootGuardian(this, rootPath, setup.UserGuardianStrategy);
        CoordinatedShutdown = new CoordinatedShutdown(this, setup.ShutdownPhases);
    }

    public string Name { get; }

    public TimeProvider TimeProvider { get; }

    public MessageDispatcher Dispatcher { get; }

    public EventStream EventStream { get; }

    public IActorRef DeadLetters => _deadLetters;

    /// <summary>The least serious lines that are told; may be changed at any time, from any thread.</summary>
    public LogLevel LogLevel
    {
        get => _logLevel;
        set => _logLevel = value;
    }

    public CoordinatedShutdown CoordinatedShutdown { get; }

    /// <summary>Messages that became dead letters since the start.</summary>
    public long DeadLetterCount => _deadLetters.Count;

    /// <summary>Messages that a bounded mailbox had no room for; they are dead letters too.</summary>
    public long MailboxOverflowCount => Interlocked.Read(ref _mailboxOverflows);

    /// <summary>Completes when every actor has stopped.</summary>
    public Task WhenTerminated => _root.WhenTerminated;

    internal ActorPath TemporaryPath { get; }

    public static ActorSystem Create(string name, ActorSystemSetup? setup = null)
    {
        if (!ActorPath.IsValidName(name))
        {
            throw new InvalidActorNameException($"'{name}' cannot be an actor system's name.");
        }

        var system = new ActorSystem(name, setup ?? new ActorSystemSetup());
        system._root.Start();
        return system;
    }

    public IActorRef ActorOf(Props props, string? name = null) => _root.User.ActorOf(props, name);

    /// <summary>An actor beside the program's own: it is stopped after the last of those.</summary>
    public IActorRef SystemActorOf(Props props, string? name = null) => _root.System.ActorOf(props, name);

    public void Stop(IActorRef child) => ((IInternalActorRef)child).SendSystem(new SystemMessage.Stop());

    /// <summary>Stops all actors, children before parents, and returns <see cref="WhenTerminated"/>.</summary>
    public Task Terminate()
    {
        _root.Terminate();
        return WhenTerminated;
    }

    /// <summary>A new generator, seeded from the system's seed; in a deterministic run the n-th call gives the same one.</summary>
    public Random CreateRandom()
    {
        lock (_seeds)
        {
            return new Random(_seeds.Next());
        }
    }

    public ILoggingAdapter GetLogger(string source) => new EventStreamLogger(this, source);

    public override string ToString() => $"actor://{Name}";

    internal void CountMailboxOverflow() => Interlocked.Increment(ref _mailboxOverflows);

    internal void Undelivered(in Envelope envelope, IActorRef recipient) => _deadLetters.Undelivered(envelope, recipient);
}

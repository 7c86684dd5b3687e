using Proxy.Actors;
using Proxy.Kernel;
using Proxy.Kernel.Event;
using Proxy.TestKit;

namespace Proxy.Simulation.Tests;

/// <summary>
/// A whole node on a host of the simulated world: its own actor system, loops and pool, one clock and one dispatcher with everybody else. What
/// it logs is kept and is part of the trace.
/// </summary>
public sealed class SimulatedNode
{
    private readonly SimulatedWorld _world;
    private readonly List<(TimeSpan At, LogEvent Event)> _lines = [];
    private readonly List<UnhandledMessage> _unhandled = [];
    private readonly TestProbe _probe;

    public SimulatedNode(SimulatedWorld world, SimulatedHost host, DeterministicDispatcher dispatcher, FixedNames names, NodeSettings settings, int loops = 2)
    {
        (_world, Host) = (world, host);
        Loops = [.. Enumerable.Range(0, loops).Select(number => world.CreateLoop(host, $"loop-{number}"))];
        System = ActorSystem.Create(settings.Name, new ActorSystemSetup
        {
            TimeProvider = world.Time,
            Dispatcher = dispatcher,
            RandomSeed = world.Seed,
            LogLevel = LogLevel.Debug,
        });
        Collect();
        _probe = new TestProbe(System);
        var environment = new NodeEnvironment(Loops, names, () => Pool, new SeededSecrets(SeedOf(world, host))) { Workers = InlineScheduler.Instance };
        Actor = System.ActorOf(Props.Create(() => new NodeActor(environment, settings)), "node");
        System.SystemActorOf(
            ScriptedActor.Props(new Script
            {
                Constructed = context => context.Watch(Actor),
                Handle = (_, message) => HasStopped = message is Terminated,
            }).WithDispatcher(new CallingThreadDispatcher()),
            "watcher");
        Start();
    }

    public SimulatedHost Host { get; }

    public IReadOnlyList<SimulatedLoop> Loops { get; }

    public ActorSystem System { get; }

    public IActorRef Actor { get; }

    public LeakCheckingPool Pool { get; } = new();

    public IEnumerable<LogEvent> Lines => _lines.Select(line => line.Event);

    public IReadOnlyList<UnhandledMessage> Unhandled => _unhandled;

    /// <summary>Whether it has drained, or failed.</summary>
    public bool HasStopped { get; private set; }

    public bool HasLine(params string[] parts) =>
        _lines.Exists(line => Array.TrueForAll(parts, part => line.Event.Text.Contains(part, StringComparison.Ordinal)));

    /// <summary>The end of the log, with times, for the message of a failed test.</summary>
    public string LastLines(int count = 30) => string.Join('\n', _lines.TakeLast(count).Select(line => $"  {line.At} {line.Event.Level} {line.Event.Text}"));

    /// <summary>Asks the node, and runs the world until it has answered.</summary>
    public ComponentStatus Status()
    {
        _probe.Send(Actor, GetStatus.Instance);
        _world.RunUntil(() => _probe.HasMessages, TimeSpan.FromSeconds(5));
        return _probe.ExpectMsg<ComponentStatus>();
    }

    /// <summary>Gives it other settings, and runs the world until it has taken them.</summary>
    public SettingsPlan Apply(NodeSettings settings) =>
        TryApply(settings) is NodeActor.Applied applied ? applied.Plan : throw new InvalidOperationException("The settings were not taken.");

    /// <summary>The same for settings that may not work: the node's answer, whatever it is.</summary>
    public object TryApply(NodeSettings settings)
    {
        _probe.Send(Actor, new NodeActor.Apply(settings));
        _world.RunUntil(() => _probe.HasMessages, TimeSpan.FromSeconds(5));
        return _probe.ExpectMsg<object>();
    }

    /// <summary>Gives it many at once; the answers as they come.</summary>
    public IReadOnlyList<object> ApplyAll(IReadOnlyList<NodeSettings> settings)
    {
        foreach (var next in settings)
        {
            _probe.Send(Actor, new NodeActor.Apply(next));
        }

        var answers = new List<object>();
        while (answers.Count < settings.Count)
        {
            _world.RunUntil(() => _probe.HasMessages, TimeSpan.FromSeconds(5));
            answers.Add(_probe.ExpectMsg<object>());
        }

        return answers;
    }

    public void BeginDrain() => Actor.Tell(NodeActor.Drain.Instance, ActorRefs.NoSender);

    /// <summary>Stops every actor, without waiting for any connection.</summary>
    public void Terminate()
    {
        var terminated = System.Terminate();
        _world.RunUntil(() => terminated.IsCompleted, TimeSpan.FromSeconds(5));
    }

    /// <summary>The node has stopped: nothing that it ever took may be left.</summary>
    public void AssertNothingLeft()
    {
        Assert.Equal(0, Loops.Sum(loop => loop.Counters.OpenChannels));
        Assert.Equal(0, Host.OpenListeners);
        Assert.Equal(0, Host.OpenUdpEndpoints);
        Assert.Equal(0, Host.OpenTcpSockets);
        Pool.AssertNothingRented();
    }

    /// <summary>No defect showed: no error line, no exception in a handler, no message that an actor did not expect in its state.</summary>
    public void AssertNoDefects()
    {
        Assert.Empty(Lines.Where(line => line.Level == LogLevel.Error).Select(line => line.Text));
        Assert.Empty(_unhandled.Select(message => $"{message.Recipient.Path}: {message.Message}"));
        Assert.Equal(0, Loops.Sum(loop => loop.Counters.HandlerFailures));
    }

    /// <summary>The same in every run, and another after a restart.</summary>
    private static int SeedOf(SimulatedWorld world, SimulatedHost host) =>
        unchecked((world.Seed * 1_000_003) + host.Name.Sum(letter => letter) + (int)world.Time.Elapsed.Ticks);

    private void Start()
    {
        _probe.Send(Actor, NodeActor.Start.Instance);
        _world.RunUntil(() => _probe.HasMessages, TimeSpan.FromSeconds(1));
        _probe.ExpectMsg<NodeActor.Started>();
    }

    private void Collect()
    {
        var collector = System.SystemActorOf(
            ScriptedActor.Props((_, message) =>
            {
                switch (message)
                {
                    case LogEvent line:
                        _lines.Add((_world.Time.Elapsed, line));
                        _world.Trace.Note(line.Text);
                        break;
                    case UnhandledMessage unhandled:
                        _unhandled.Add(unhandled);
                        break;
                }
            }).WithDispatcher(new CallingThreadDispatcher()),
            "collector");
        System.EventStream.Subscribe<LogEvent>(collector);
        System.EventStream.Subscribe<UnhandledMessage>(collector);
    }
}

using Proxy.Kernel;

namespace Proxy.TestKit;

/// <summary>
/// An actor system under full control: one thread, virtual time, the order of turns chosen by a seed. Nothing happens unless the test says so.
/// </summary>
public sealed class TestSystem : IDisposable
{
    public TestSystem(int seed = 1, Func<ActorSystemSetup, ActorSystemSetup>? configure = null)
    {
        Dispatcher = new DeterministicDispatcher(seed);
        var setup = new ActorSystemSetup { TimeProvider = Time, Dispatcher = Dispatcher, RandomSeed = seed };
        System = ActorSystem.Create("test", configure is null ? setup : configure(setup));
        Run();
    }

    public ManualTime Time { get; } = new();

    public DeterministicDispatcher Dispatcher { get; }

    public ActorSystem System { get; }

    public TestProbe Probe(string? name = null) => new(System, name);

    public IActorRef ActorOf(Props props, string? name = null) => System.ActorOf(props, name);

    /// <summary>Runs turns until nothing is left to do. Throws if that does not come to an end.</summary>
    public void Run()
    {
        Dispatcher.RunUntilIdle(MaximumTurns);
        if (!Dispatcher.IsIdle)
        {
            throw new ExpectationException($"The system is still busy after {MaximumTurns} turns.");
        }
    }

    /// <summary>Moves the clock from one due timer to the next and runs what each sets off before the clock moves on.</summary>
    public void Advance(TimeSpan duration)
    {
        var end = Time.Elapsed + duration;
        Run();
        while (Time.NextDue is { } due && due <= end)
        {
            Time.AdvanceTo(due);
            Run();
        }

        Time.AdvanceTo(end);
        Run();
    }

    public void AwaitAssert(Action assertion) => Await.Assert(System, assertion);

    /// <summary>Stops all actors and sees to it that they do stop.</summary>
    public void Dispose()
    {
        var terminated = System.Terminate();
        Run();
        if (!terminated.IsCompleted)
        {
            throw new ExpectationException("The system did not terminate: an actor waits for a child that does not stop.");
        }
    }

    /// <summary>A test that needs more turns than this without moving the clock is a loop.</summary>
    private const int MaximumTurns = 1_000_000;
}

using System.Runtime.ExceptionServices;

namespace Proxy.TestKit;

/// <summary>
/// Several hosts, their I/O loops and the network between them, in one process, on one thread, under virtual time. All chances (what runs
/// next, what a rule drops, where a byte stream is cut) come from the seed, so that a run is replayed exactly from it. Work takes no virtual
/// time: the clock moves only when nothing is ready, and then jumps to the next moment at which something is due.
/// </summary>
/// <remarks>
/// For one thread only, except <see cref="SimulatedLoop.Post(IThreadPoolWorkItem)"/>. What a handler throws comes out of the method that runs
/// the world, after the turn that threw it: a test sees it at once, unless it turns <see cref="ThrowsHandlerFailures"/> off.
/// </remarks>
public sealed class SimulatedWorld
{
    /// <summary>Turns after which a run is taken for one that never ends: a few seconds of real time.</summary>
    public const int DefaultMaxTurns = 5_000_000;

    private readonly List<SimulatedHost> _hosts = [];
    private int _loopCount;
    private ExceptionDispatchInfo? _failure;

    /// <summary><paramref name="ready"/> picks what runs next; null for a seeded choice of this world's own.</summary>
    public SimulatedWorld(int seed, IReadyQueue? ready = null)
    {
        Seed = seed;
        Random = new Random(seed);
        Ready = ready ?? new SeededReadyQueue(Random.Next());
        Agenda = new Agenda(Time);
        Trace = new SimulationTrace(Time);
        Network = new SimulatedNetwork(this, Random.Next());
    }

    public int Seed { get; }

    public ManualTime Time { get; } = new();

    /// <summary>For the test's own chances. The ready queue and the network have sources of their own: drawing here shifts nothing there.</summary>
    public Random Random { get; }

    public IReadyQueue Ready { get; }

    public SimulatedNetwork Network { get; }

    public SimulationTrace Trace { get; }

    /// <summary>The hash of all that happened so far; equal in two runs of the same seed and program.</summary>
    public ulong TraceHash => Trace.Hash;

    public IReadOnlyList<SimulatedHost> Hosts => _hosts;

    /// <summary>Whether an exception out of a handler, posted work or a deadline ends the run; either way its loop counts it and goes on.</summary>
    public bool ThrowsHandlerFailures { get; set; } = true;

    internal Agenda Agenda { get; }

    internal SimulatedLoop? CurrentLoop { get; set; }

    /// <summary>A new, running host with the given IP addresses (127.0.0.1 and ::1 it has anyway).</summary>
    public SimulatedHost AddHost(string name, params ReadOnlySpan<string> addresses)
    {
        var host = new SimulatedHost(this, _hosts.Count + 1, name, addresses);
        _hosts.Add(host);
        Network.Attach(host);
        return host;
    }

    /// <summary>A loop that lives until its host crashes.</summary>
    public SimulatedLoop CreateLoop(SimulatedHost host, string name)
    {
        var loop = new SimulatedLoop(this, host, name, ++_loopCount);
        host.Attach(loop);
        return loop;
    }

    /// <summary>Runs until <paramref name="condition"/> holds; it is asked before every turn.</summary>
    /// <exception cref="SimulationLimitException">It did not hold within the limits; the message has the seed.</exception>
    public void RunUntil(Func<bool> condition, TimeSpan limitOfVirtualTime, int maxTurns = DefaultMaxTurns)
    {
        var began = Time.Elapsed;
        if (!TryRun(condition, limitOfVirtualTime, maxTurns, out var turns))
        {
            throw new SimulationLimitException(
                $"The condition was not reached in {Time.Elapsed - began} of virtual time and {turns} turns; {Describe()}");
        }
    }

    /// <summary>Like <see cref="RunUntil"/>, but says whether the condition was reached.</summary>
    public bool TryRunUntil(Func<bool> condition, TimeSpan limitOfVirtualTime, int maxTurns = DefaultMaxTurns) =>
        TryRun(condition, limitOfVirtualTime, maxTurns, out _);

    /// <summary>Runs for exactly that long, what falls due at its last moment included.</summary>
    /// <exception cref="SimulationLimitException">It took more than <see cref="DefaultMaxTurns"/> turns.</exception>
    public void RunFor(TimeSpan duration)
    {
        TryRun(static () => false, duration, DefaultMaxTurns, out var turns);
        if (turns >= DefaultMaxTurns)
        {
            throw new SimulationLimitException($"{turns} turns did not end the run; {Describe()}");
        }
    }

    /// <summary>Runs all that is ready or due now, without moving the clock.</summary>
    public void Settle() => RunFor(TimeSpan.Zero);

    internal void ReportFailure(Exception failure)
    {
        if (ThrowsHandlerFailures)
        {
            _failure ??= ExceptionDispatchInfo.Capture(failure);
        }
    }

    private void ThrowFailure()
    {
        var failure = _failure;
        _failure = null;
        failure?.Throw();
    }

    private bool TryRun(Func<bool> condition, TimeSpan limit, int maxTurns, out int turns)
    {
        turns = 0;
        var end = Time.Elapsed + limit;
        while (!condition())
        {
            Agenda.RunDue();
            if (Ready.RunOne())
            {
                ThrowFailure();
                if (++turns >= maxTurns)
                {
                    return condition();
                }
            }
            else if (NextDue() is { } next && next <= end)
            {
                Time.AdvanceTo(next);
            }
            else
            {
                Time.AdvanceTo(end);
                return condition();
            }
        }

        return true;
    }

    private TimeSpan? NextDue() => (Agenda.NextDue, Time.NextDue) switch
    {
        ({ } network, { } timer) => network < timer ? network : timer,
        var (network, timer) => network ?? timer,
    };

    private string Describe()
    {
        var lines = Trace.Lines.Count == 0 ? "" : ". Last events:\n" + string.Join('\n', Trace.Lines);
        return $"seed {Seed}, clock {Time.Elapsed}, {Trace.EventCount} events, trace {TraceHash:x16}{lines}";
    }
}

/// <summary>A simulated run did not get where it should within its limits; the message has the seed that replays it.</summary>
public sealed class SimulationLimitException(string message) : Exception(message);

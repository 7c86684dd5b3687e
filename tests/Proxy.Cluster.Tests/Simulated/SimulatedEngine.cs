using Proxy.Cluster.Engine;
using Proxy.Cluster.Seeds;

namespace Proxy.Cluster.Tests.Simulated;

/// <summary>The seed's own store behind a network that takes a moment, or takes nothing.</summary>
internal sealed class SimulatedEngine(Random random)
{
    public const long RoundTrip = 2 * Clock.Millisecond;
    public const long Timeout = 2 * Clock.Second;

    private static readonly EngineFailure Cut = new(new EngineError(EngineErrorKind.Timeout, "no answer"), MayHaveBeenApplied: true);

    public SeedStore Store { get; private set; } = new(random);

    /// <summary>Which process it is.</summary>
    public int Generation { get; private set; }

    /// <summary>Requests that were answered.</summary>
    public long Requests { get; private set; }

    /// <summary>Changes of members' records, which every node hears of.</summary>
    public long MemberChanges { get; set; }

    public void Restart()
    {
        Store = new SeedStore(random);
        Generation++;
    }

    /// <summary>The answer, and when it is there.</summary>
    public (EngineAnswer Answer, long At) Call(EngineRequest request, long now, bool isCut)
    {
        if (isCut)
        {
            return (Cut, now + Timeout);
        }

        Requests++;
        return (Store.Handle(request, now), now + RoundTrip);
    }
}

using Proxy.Node.Reloading;

namespace Proxy.Node.Admin;

/// <summary>Who answers what is asked at the admin address.</summary>
internal sealed record AdminAnswers
{
    /// <summary>Given whether the engine may be asked for what it alone knows.</summary>
    public required Func<bool, Task<NodeStatus>> StatusAsync { get; init; }

    /// <summary>Whether new connections are taken.</summary>
    public required Func<bool> IsReady { get; init; }

    public required Func<Task<ReloadOutcome>> ReloadAsync { get; init; }

    /// <summary>Turns the source away for so long, at all nodes of the cluster; zero: no more.</summary>
    public required Action<System.Net.IPAddress, TimeSpan, string> Ban { get; init; }

    /// <summary>What a reload would do with other files.</summary>
    public required Func<PlanRequest, Task<ReloadOutcome>> PlanAsync { get; init; }
}

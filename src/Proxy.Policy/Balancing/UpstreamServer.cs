using Proxy.Policy.Health;

namespace Proxy.Policy.Balancing;

/// <summary>
/// A server of a group with its state and its counters. Changed only by the group it belongs to and under that group's owner; anybody else
/// may keep a reference and compare it. Not thread-safe.
/// </summary>
public sealed class UpstreamServer
{
    internal UpstreamServer(ServerSettings settings, FailureHistory? history)
    {
        Settings = settings;
        HashKey = StableHash.Of(settings.Address);
        History = history;
    }

    /// <summary>In force now; a reload may replace them while the counters stay.</summary>
    public ServerSettings Settings { get; internal set; }

    public int LiveConnections { get; private set; }

    public long TotalConnections { get; private set; }

    /// <summary>Failures that connections reported; see <see cref="UpstreamGroup.HandleOutcome"/>.</summary>
    public long TotalFailures { get; internal set; }

    public long TotalEjections { get; internal set; }

    /// <summary>When the last event about it happened; null: none did since the beginning.</summary>
    public long? ChangedMicroseconds { get; internal set; }

    /// <summary>When the ejection in force ends; null: none is.</summary>
    public long? EjectedUntilMicroseconds { get; internal set; }

    /// <summary>Whether it may have no connection more.</summary>
    public bool IsFull => Settings.MaximumConnections > 0 && LiveConnections >= Settings.MaximumConnections;

    /// <summary>Whether it is in service, full or not.</summary>
    public bool IsUsable => EjectedUntilMicroseconds is null && IsUsableButForEjection;

    internal bool IsUsableButForEjection => !IsRemoved && !IsDown && !IsDraining && Settings.Weight > 0;

    internal bool IsDown { get; set; }

    internal bool IsDraining { get; set; }

    internal bool IsRemoved { get; set; }

    /// <summary>When it came up; null: it was up from the beginning.</summary>
    internal long? UpSinceMicroseconds { get; set; }

    /// <summary>Null where the group never ejects.</summary>
    internal FailureHistory? History { get; set; }

    /// <summary>The place of smooth weighted round robin: what it is owed. Kept here so that a pick needs no table.</summary>
    internal long RoundRobinCredit { get; set; }

    /// <summary>The same on every node and in every run: what consistent hashing goes by.</summary>
    internal ulong HashKey { get; }

    public override string ToString() => Settings.Name;

    internal void HandleTaken()
    {
        LiveConnections++;
        TotalConnections++;
    }

    internal void HandleGivenBack() => LiveConnections--;
}

namespace Proxy.Cluster.Bans;

/// <summary>What is closed to a banned source.</summary>
public enum BanScope
{
    /// <summary>Everything: its connections are turned away.</summary>
    All,

    /// <summary>It may not show who it is, as it has guessed too often.</summary>
    Passwords,
}

/// <summary>A source that all nodes of the cluster turn away for a time.</summary>
/// <param name="Source">An IPv4 address, or the first address of an IPv6 /64; as text.</param>
/// <param name="Scope">From what.</param>
/// <param name="UntilUnixMilliseconds">By everybody's clock; the engine forgets it then, too.</param>
/// <param name="Why">One line for people.</param>
public sealed record SharedBan(string Source, BanScope Scope, long UntilUnixMilliseconds, string Why);

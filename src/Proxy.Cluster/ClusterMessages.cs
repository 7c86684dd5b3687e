using Proxy.Cluster.Bans;
using Proxy.Cluster.Engine;
using Proxy.Cluster.Members;
using Proxy.Cluster.Shares;

namespace Proxy.Cluster;

/// <summary>This node's state is that from now on; it is written at once. Going back is not possible.</summary>
public sealed record SetMemberState(MemberState State);

/// <summary>This node is that busy; written where it differs by a tenth, at most once in 10 s.</summary>
public sealed record SetMemberLoad(MemberLoad Load, long Capacity);

/// <summary>Shares a limit with the other nodes; it is moved from then on.</summary>
public sealed record ShareLimit(ClusterLimit Limit);

/// <summary>Shares it no more; nobody uses it here.</summary>
public sealed record UnshareLimit(ClusterLimit Limit);

/// <summary>All nodes are to turn that source away.</summary>
public sealed record BanSource(SharedBan Ban);

/// <summary>No node is to turn it away any more.</summary>
public sealed record UnbanSource(string Source);

/// <summary>Answered with the <see cref="MemberView"/>.</summary>
public sealed record GetMemberView
{
    public static readonly GetMemberView Instance = new();
}

/// <summary>The sender cannot reach that member.</summary>
public sealed record SuspectMember(string Name);

/// <summary>The sender reaches it again; a sender that stops counts as one that says so.</summary>
public sealed record TrustMember(string Name);

/// <summary>Gives the record and everything else up and stops; the sender is told <see cref="LeftCluster"/>.</summary>
public sealed record LeaveCluster
{
    public static readonly LeaveCluster Instance = new();
}

public sealed record LeftCluster
{
    public static readonly LeftCluster Instance = new();
}

/// <summary>This node's record is in the engine.</summary>
public sealed record MemberRegistered(MemberRecord Record) : ClusterEvent;

/// <summary>Another node has this node's name. It is tried again until that one is gone.</summary>
/// <param name="Name">The name.</param>
/// <param name="Holder">Who has it; null: a record that cannot be read.</param>
/// <param name="IsSuperseded">Whether the holder has this node's identity and was started later.</param>
public sealed record MemberNameTaken(string Name, MemberRecord? Holder, bool IsSuperseded) : ClusterEvent
{
    /// <summary>One line for the log, with what to do.</summary>
    public string Text => IsSuperseded
        ? $"a second process of this node was started later and has taken over the name '{Name}'; this one is not a member"
        : $"the name '{Name}' is taken by another node"
            + (Holder is { Addresses: [var address, ..] } ? $" at {address.Transport}://{address.Address}" : "")
            + "; give one of them another name";
}

/// <summary>The engine cannot be reached; the last view stays, marked stale, and traffic goes on.</summary>
public sealed record EngineAway(EngineError? Error) : ClusterEvent;

/// <summary>It can be reached again.</summary>
/// <param name="IsAnother">Whether it is another engine than before: a seed that was restarted.</param>
public sealed record EngineBack(bool IsAnother) : ClusterEvent;

/// <summary>This node has begun or ceased to divide the shared limits.</summary>
/// <param name="FencingToken">The lock's; 0: ceased.</param>
public sealed record ShareDividerChanged(long FencingToken) : ClusterEvent;

using System.Collections.Immutable;

namespace Proxy.Cluster.Members;

/// <summary>A member as the engine has it.</summary>
/// <param name="Record">What it says of itself.</param>
/// <param name="CreateRevision">The revision at which it registered; another one: it has been away.</param>
/// <param name="ModRevision">The revision of its last record.</param>
public sealed record Member(MemberRecord Record, long CreateRevision, long ModRevision)
{
    public string Name => Record.Name;
}

/// <summary>The cluster's members as one node knows them at one moment. Immutable; handed from thread to thread as it is.</summary>
public sealed record MemberView
{
    public static readonly MemberView Empty = new();

    /// <summary>Which engine it comes from; revisions of another have nothing to do with it.</summary>
    public ulong ClusterId { get; init; }

    /// <summary>The engine's revision up to which it is complete.</summary>
    public long Revision { get; init; }

    /// <summary>Counts the views of this node, from 0: the later has the larger.</summary>
    public long Sequence { get; init; }

    /// <summary>By name.</summary>
    public ImmutableSortedDictionary<string, Member> Members { get; init; } =
        ImmutableSortedDictionary.Create<string, Member>(StringComparer.Ordinal);

    /// <summary>Whether the engine is away: this is the last that was known.</summary>
    public bool IsStale { get; init; } = true;

    /// <summary>Since when it is stale, in microseconds of this node's clock; 0 where it is not.</summary>
    public long StaleSinceMicroseconds { get; init; }

    /// <summary>Records that could not be read; their nodes are not in the view.</summary>
    public int UnreadableRecords { get; init; }

    /// <summary>Members that take new streams.</summary>
    public IEnumerable<Member> Up => Members.Values.Where(member => member.Record.State == MemberState.Up);
}

namespace Proxy.Cluster.Engine;

/// <summary>What can be asked of the engine; the part of etcd's API that this program uses.</summary>
public abstract record EngineRequest
{
    private protected EngineRequest()
    {
    }

    /// <summary>Whether it may change something.</summary>
    public virtual bool IsWrite => true;

    /// <summary>Whether asking twice comes to the same as asking once, so that a lost answer may be asked for again.</summary>
    public virtual bool IsRepeatable => true;
}

/// <summary>Reads keys, in their order. Linearizable unless said otherwise.</summary>
/// <param name="Keys">Which.</param>
public sealed record RangeRequest(KeyRange Keys) : EngineRequest
{
    /// <summary>At most so many; 0: all.</summary>
    public long Limit { get; init; }

    /// <summary>As of that revision; 0: now.</summary>
    public long Revision { get; init; }

    /// <summary>Only keys changed at this revision or later; the count is of all.</summary>
    public long MinimumModRevision { get; init; }

    /// <summary>Whether one node may answer from what it has, without its peers: also without quorum, and maybe old.</summary>
    public bool IsSerializable { get; init; }

    public bool IsKeysOnly { get; init; }

    public bool IsCountOnly { get; init; }

    public override bool IsWrite => false;
}

/// <summary>Sets a key.</summary>
/// <param name="Key">Not empty.</param>
/// <param name="Value">May be empty.</param>
/// <param name="Lease">The lease it ends with; 0: none.</param>
public sealed record PutRequest(byte[] Key, byte[] Value, long Lease = 0) : EngineRequest
{
    public bool ReturnsPrevious { get; init; }
}

/// <summary>Deletes keys.</summary>
/// <param name="Keys">Which.</param>
public sealed record DeleteRequest(KeyRange Keys) : EngineRequest
{
    public bool ReturnsPrevious { get; init; }
}

/// <summary>All comparisons hold: the one list is done, else the other; all at one revision. Ranges, puts and deletes can be in the lists.</summary>
/// <param name="If">What has to hold; none: holds.</param>
/// <param name="Then">Done if so.</param>
/// <param name="Else">Done if not.</param>
public sealed record TransactionRequest(
    IReadOnlyList<Comparison> If, IReadOnlyList<EngineRequest> Then, IReadOnlyList<EngineRequest> Else) : EngineRequest
{
    public override bool IsWrite => Then.Any(request => request.IsWrite) || Else.Any(request => request.IsWrite);

    /// <summary>A second time it may find what the first has done, and take the other list.</summary>
    public override bool IsRepeatable => !IsWrite;
}

/// <summary>Makes a lease. With an ID of the asker's own it can be repeated: that it exists already then means that it was made.</summary>
/// <param name="TtlSeconds">How long it lives without a keep-alive.</param>
/// <param name="Id">0: the engine picks one.</param>
public sealed record GrantLeaseRequest(long TtlSeconds, long Id) : EngineRequest
{
    public override bool IsRepeatable => Id != 0;
}

/// <summary>Lets a lease live its whole time again. The answer's time is 0 where there is no such lease.</summary>
/// <param name="Id">The lease.</param>
public sealed record KeepAliveRequest(long Id) : EngineRequest;

/// <summary>Ends a lease and deletes its keys.</summary>
/// <param name="Id">The lease.</param>
public sealed record RevokeLeaseRequest(long Id) : EngineRequest;

/// <summary>Forgets the history up to a revision.</summary>
/// <param name="Revision">Watches can start after it.</param>
public sealed record CompactRequest(long Revision) : EngineRequest;

public enum ComparisonTarget
{
    Version,
    CreateRevision,
    ModRevision,
    Value,
    Lease,
}

public enum ComparisonResult
{
    Equal,
    Greater,
    Less,
    NotEqual,
}

/// <summary>Something of a key against a value; a key that is not there has zeros, and no value equals it.</summary>
/// <param name="Key">The key.</param>
/// <param name="Target">What of it.</param>
/// <param name="Result">How it has to stand to the value.</param>
/// <param name="Number">The value, for all targets but <see cref="ComparisonTarget.Value"/>.</param>
/// <param name="Value">The value for <see cref="ComparisonTarget.Value"/>; empty otherwise.</param>
public sealed record Comparison(byte[] Key, ComparisonTarget Target, ComparisonResult Result, long Number, byte[] Value)
{
    /// <summary>The key came to be at that revision; 0: it is not there.</summary>
    public static Comparison IsCreatedAt(byte[] key, long revision) =>
        new(key, ComparisonTarget.CreateRevision, ComparisonResult.Equal, revision, []);

    /// <summary>The key was last changed at that revision; 0: it is not there.</summary>
    public static Comparison IsChangedAt(byte[] key, long revision) =>
        new(key, ComparisonTarget.ModRevision, ComparisonResult.Equal, revision, []);
}

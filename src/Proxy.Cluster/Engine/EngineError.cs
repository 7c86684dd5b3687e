namespace Proxy.Cluster.Engine;

/// <summary>What went wrong, by who has to do what about it.</summary>
public enum EngineErrorKind
{
    /// <summary>No endpoint could be reached, or the connection broke.</summary>
    Unreachable,

    /// <summary>An endpoint took too long.</summary>
    Timeout,

    /// <summary>The engine is there but cannot decide: no leader, no quorum.</summary>
    Unavailable,

    /// <summary>The token is missing or no longer good.</summary>
    Unauthenticated,

    /// <summary>Name and password are wrong, or the user may not do that.</summary>
    Denied,

    /// <summary>The request is malformed or too large.</summary>
    Invalid,

    /// <summary>There is no such lease.</summary>
    NotFound,

    /// <summary>There is one already.</summary>
    AlreadyExists,

    /// <summary>The revision is gone from the history; read everything again.</summary>
    Compacted,

    /// <summary>The engine is full.</summary>
    Exhausted,

    /// <summary>The engine does not have this; the seed has less than etcd.</summary>
    Unsupported,

    /// <summary>What came is no answer of etcd's API, or larger than is read.</summary>
    BadAnswer,

    /// <summary>The client was disposed.</summary>
    Closed,

    /// <summary>Anything else; the message has it.</summary>
    Other,
}

/// <summary>One error of the engine, or of the way to it.</summary>
/// <param name="Kind">What kind.</param>
/// <param name="Message">The engine's own words where it said something.</param>
public sealed record EngineError(EngineErrorKind Kind, string Message)
{
    /// <summary>Whether another endpoint, or the same a little later, may do better.</summary>
    public bool IsAway => Kind is EngineErrorKind.Unreachable or EngineErrorKind.Timeout or EngineErrorKind.Unavailable;

    public override string ToString() => Message;
}

namespace Proxy.Cluster.Engine;

/// <summary>What the engine answers; a failure is an answer too.</summary>
public abstract record EngineAnswer
{
    private protected EngineAnswer()
    {
    }
}

/// <summary>It worked.</summary>
/// <param name="Header">About the engine.</param>
public abstract record EngineSuccess(EngineHeader Header) : EngineAnswer;

/// <summary>It did not, or nobody knows.</summary>
/// <param name="Error">Why.</param>
/// <param name="MayHaveBeenApplied">Whether a write may have been done, or be done yet, all the same.</param>
public sealed record EngineFailure(EngineError Error, bool MayHaveBeenApplied = false) : EngineAnswer;

/// <summary>Keys that were read.</summary>
/// <param name="Header">About the engine.</param>
/// <param name="Values">In the order of their keys.</param>
/// <param name="Count">How many there are in the range, whatever the limit.</param>
/// <param name="HasMore">Whether the limit left some out.</param>
public sealed record RangeAnswer(EngineHeader Header, IReadOnlyList<KeyValue> Values, long Count, bool HasMore) : EngineSuccess(Header);

/// <summary>A key was set.</summary>
/// <param name="Header">Its revision is that of the change.</param>
/// <param name="Previous">Where it was asked for and there was one.</param>
public sealed record PutAnswer(EngineHeader Header, KeyValue? Previous) : EngineSuccess(Header);

/// <summary>Keys were deleted.</summary>
/// <param name="Header">Its revision is that of the change, where there was one.</param>
/// <param name="Deleted">How many.</param>
/// <param name="Previous">Where they were asked for.</param>
public sealed record DeleteAnswer(EngineHeader Header, long Deleted, IReadOnlyList<KeyValue> Previous) : EngineSuccess(Header);

/// <summary>A transaction was done.</summary>
/// <param name="Header">Its revision is that of the change, where there was one.</param>
/// <param name="Succeeded">Whether the comparisons held.</param>
/// <param name="Answers">To the list that was done.</param>
public sealed record TransactionAnswer(EngineHeader Header, bool Succeeded, IReadOnlyList<EngineSuccess> Answers) : EngineSuccess(Header);

/// <summary>A lease was made or kept alive.</summary>
/// <param name="Header">About the engine.</param>
/// <param name="Id">The lease.</param>
/// <param name="TtlSeconds">How long it lives from now; 0: there is none such.</param>
public sealed record LeaseAnswer(EngineHeader Header, long Id, long TtlSeconds) : EngineSuccess(Header);

/// <summary>Done, and nothing to tell: a lease was ended, the history was compacted.</summary>
/// <param name="Header">About the engine.</param>
public sealed record DoneAnswer(EngineHeader Header) : EngineSuccess(Header);

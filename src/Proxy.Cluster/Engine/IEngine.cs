namespace Proxy.Cluster.Engine;

/// <summary>The distributed engine: etcd, or the seed. Thread-safe. Nothing throws for what the engine or the network does.</summary>
public interface IEngine
{
    /// <summary>Asks, and gives the answer or the failure. Ends within a bounded time.</summary>
    Task<EngineAnswer> CallAsync(EngineRequest request);

    /// <summary>A watch that is opened by its first <see cref="IWatch.NextAsync"/>.</summary>
    IWatch Watch(WatchRequest request);
}

/// <summary>
/// One watch, taken notice by notice: who does not ask is not told, so nothing piles up here. Not thread-safe, but for disposing. After
/// <see cref="WatchEnded"/> there is nothing more.
/// </summary>
public interface IWatch : IDisposable
{
    /// <summary>The next notice; first <see cref="WatchCreated"/>, last <see cref="WatchEnded"/>. Disposing completes it with the latter.</summary>
    Task<WatchNotice> NextAsync();
}

/// <summary>Which changes are told.</summary>
/// <param name="Keys">Of these keys.</param>
/// <param name="StartRevision">From this revision on; 0: from now on. One in the future waits, so compare the cluster's ID.</param>
public sealed record WatchRequest(KeyRange Keys, long StartRevision)
{
    /// <summary>Whether events have the key as it was before.</summary>
    public bool ReturnsPrevious { get; init; }
}

/// <summary>Something of a watch.</summary>
public abstract record WatchNotice
{
    private protected WatchNotice()
    {
    }
}

/// <summary>The watch stands.</summary>
/// <param name="Header">Its revision is the store's at that moment: events up to it are of the past.</param>
public sealed record WatchCreated(EngineHeader Header) : WatchNotice;

/// <summary>Changes, in order; those of one revision are never torn apart.</summary>
/// <param name="Header">About the engine.</param>
/// <param name="Events">At least one, or none where the engine only tells its revision.</param>
public sealed record WatchEvents(EngineHeader Header, IReadOnlyList<KeyEvent> Events) : WatchNotice;

/// <summary>The watch is over.</summary>
/// <param name="Error">Why. <see cref="EngineErrorKind.Compacted"/>: what it wanted to see is forgotten.</param>
/// <param name="CompactRevision">Up to where the history is forgotten; 0 where that is not the reason.</param>
public sealed record WatchEnded(EngineError Error, long CompactRevision = 0) : WatchNotice;

namespace Proxy.Policy.Limits;

/// <summary>
/// What one direction of a connection has in one <see cref="SharedBucket"/>: made with the connection, cancelled and dropped with it.
/// <see cref="Owner"/> is what the caller wants to find again when a grant comes.
/// </summary>
public sealed class BucketShare(object? owner = null)
{
    internal const long NoTurn = -1;

    public object? Owner { get; } = owner;

    /// <summary>Whether it waits for a grant.</summary>
    public bool IsWaiting => WantedBytes > 0;

    internal long WantedBytes { get; set; }

    internal long Position { get; set; }

    internal long Turn { get; set; } = NoTurn;
}

namespace Proxy.Tunnel.Native.Fec;

/// <summary>
/// When shards are worth what they cost, and how many. Adaptive: only where the path loses more than a hundredth and takes more than 30 ms,
/// and only for a tail, as whatever has more behind it is found lost by that. The budget is what was lost: each lost byte pays for one and a
/// half bytes of shards, so that a clean path never sees one. Pure; microseconds.
/// </summary>
/// <param name="mode">Not <see cref="FecMode.Off"/>.</param>
/// <param name="members">Datagrams of a group; of <see cref="FecMode.Fixed"/> only.</param>
/// <param name="shards">Shards of a group; of <see cref="FecMode.Fixed"/> only.</param>
internal sealed class FecPolicy(FecMode mode, int members, int shards)
{
    private const double LeastLoss = 0.01;
    private const double OverheadPerLoss = 1.5;
    private const long LeastRoundTripMicroseconds = 30_000;

    // What was lost long ago pays for nothing.
    private const double MostBudgetBytes = 32 * 1024;

    // Shards in the budget at which it is spent twice as fast.
    private const int PlentyShards = 4;

    // A tunnel whose lanes are never empty gains nothing.
    private const long TailMemoryMicroseconds = 2_000_000;

    private readonly FecLossMeter _loss = new();
    private double _budgetBytes;
    private long? _lastTailMicroseconds;

    /// <summary>Bytes of shards that may be sent now, of <see cref="FecMode.Adaptive"/>.</summary>
    public double BudgetBytes => _budgetBytes;

    /// <summary>Datagrams after which a group ends though more follow.</summary>
    public int MostMembers => mode == FecMode.Fixed ? members : int.MaxValue;

    /// <summary>Whether groups end without shards when what they hold is so old that its loss is known.</summary>
    public bool DropsOld => mode == FecMode.Adaptive;

    public void HandleArrived() => _loss.Add(isLost: false);

    /// <summary>A datagram is taken to be lost. Lost shards pay for no others.</summary>
    public void HandleLost(int bytes, bool isShard)
    {
        _loss.Add(isLost: true);
        _budgetBytes = isShard ? _budgetBytes : Math.Min(MostBudgetBytes, _budgetBytes + (OverheadPerLoss * bytes));
    }

    /// <summary>It was not lost after all.</summary>
    public void HandleSpurious(int bytes, bool isShard)
    {
        _loss.TakeBackLoss();
        _budgetBytes -= isShard ? 0 : OverheadPerLoss * bytes;
    }

    public void HandleShardSent(int bytes) => _budgetBytes -= mode == FecMode.Adaptive ? bytes : 0;

    /// <summary>There was nothing more to send while something was under way.</summary>
    public void HandleTail(long nowMicroseconds) => _lastTailMicroseconds = nowMicroseconds;

    /// <summary>Another path: nothing that was learned holds.</summary>
    public void Restart()
    {
        _loss.Clear();
        _budgetBytes = 0;
    }

    /// <summary>Whether what is sent now may belong to a group.</summary>
    public bool IsOn(long roundTripMicroseconds, long nowMicroseconds) => mode == FecMode.Fixed
        || (_loss.Least > LeastLoss && roundTripMicroseconds > LeastRoundTripMicroseconds
            && nowMicroseconds - _lastTailMicroseconds <= TailMemoryMicroseconds);

    /// <summary>How long a tail waits for more to come before it is covered: recovery comes that much later, and costs that much less.</summary>
    public long TailWaitMicroseconds(long roundTripMicroseconds) =>
        mode == FecMode.Fixed ? roundTripMicroseconds / 4 : roundTripMicroseconds * 3 / 4;

    /// <summary>How many shards end the group now; 0: it goes on.</summary>
    /// <param name="groupMembers">Datagrams in it that are worth it.</param>
    /// <param name="isFull">Whether it can have no more.</param>
    /// <param name="isTail">Whether nothing waits to be sent.</param>
    /// <param name="ageMicroseconds">Since its first was sent.</param>
    /// <param name="shardBytes">Of a datagram with one of its shards.</param>
    /// <param name="roundTripMicroseconds">Smoothed.</param>
    public int ShardsDue(int groupMembers, bool isFull, bool isTail, long ageMicroseconds, int shardBytes, long roundTripMicroseconds)
    {
        var hasWaited = isTail && ageMicroseconds >= TailWaitMicroseconds(roundTripMicroseconds);
        if (mode == FecMode.Fixed)
        {
            return groupMembers >= members || isFull ? shards
                : hasWaited ? ((groupMembers * shards) + members - 1) / members
                : 0;
        }

        var affordable = (int)Math.Clamp(_budgetBytes / shardBytes, 0, ErasureCode.MostShards);
        var enough = 1 / (OverheadPerLoss * Math.Max(_loss.Least, LeastLoss) * (affordable > PlentyShards ? 2 : 1));
        return isTail && (hasWaited || groupMembers >= enough)
            ? Math.Min(affordable, 1 + (int)Math.Round(OverheadPerLoss * _loss.Least * groupMembers))
            : 0;
    }
}

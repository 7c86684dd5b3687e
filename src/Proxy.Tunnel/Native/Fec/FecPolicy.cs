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

    // With so much in the budget tails wait less.
    private const double PlentyBytes = 4 * 1024;

    // The more shards share a group, the less often one of them is missing; but the longer it takes.
    private const int ShardsPerGroup = 3;

    // A tunnel whose lanes are never empty gains nothing.
    private const long TailMemoryMicroseconds = 2_000_000;

    private readonly FecLossMeter _loss = new();
    private double _budgetBytes;
    private long? _lastTailMicroseconds;

    /// <summary>Bytes of shards that may be sent now, of <see cref="FecMode.Adaptive"/>.</summary>
    public double BudgetBytes => _budgetBytes;

    /// <summary>Datagrams after which a group ends though more follow.</summary>
    public int MostMembers => mode == FecMode.Fixed ? members : int.MaxValue;

    /// <summary>Whether members that cost much and gain little are left out: so old that their loss is known, or far longer than the others.</summary>
    public bool IsFrugal => mode == FecMode.Adaptive;

    /// <summary>
    /// A datagram arrived. What passes a standing queue says nothing of the path: a queue that overflows all the time drops like a path that
    /// loses, but a path loses without a queue as well.
    /// </summary>
    public void HandleArrived(bool isQueueing)
    {
        if (!isQueueing)
        {
            _loss.Add(isLost: false);
        }
    }

    /// <summary>A datagram is taken to be lost. Lost shards pay for no others, and what a queue may have dropped for none.</summary>
    public void HandleLost(int bytes, bool isShard, bool isQueueing)
    {
        if (isQueueing)
        {
            return;
        }

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

    /// <summary>
    /// How long a tail waits for more to come before it is covered: recovery comes that much later, and costs that much less. Up to an eighth
    /// of a round trip it is told before the loss is found, and nothing is sent again.
    /// </summary>
    public long TailWaitMicroseconds(long roundTripMicroseconds) =>
        mode == FecMode.Fixed || _budgetBytes > PlentyBytes ? roundTripMicroseconds / 16 : roundTripMicroseconds * 3 / 4;

    /// <summary>Whether a group is to end now, if it can have shards.</summary>
    /// <param name="groupMembers">Datagrams in it that are worth it, at least one.</param>
    /// <param name="isFull">Whether it can have no more.</param>
    /// <param name="isTail">Whether nothing waits to be sent.</param>
    /// <param name="ageMicroseconds">Since its first was sent.</param>
    /// <param name="roundTripMicroseconds">Smoothed.</param>
    public bool MayEnd(int groupMembers, bool isFull, bool isTail, long ageMicroseconds, long roundTripMicroseconds)
    {
        var isLarge = isFull || groupMembers >= (mode == FecMode.Fixed ? members : ShardsPerGroup / ShardsPerMember);
        var hasWaited = ageMicroseconds >= TailWaitMicroseconds(roundTripMicroseconds);
        return mode == FecMode.Fixed ? isLarge || (isTail && hasWaited) : isTail && (isLarge || hasWaited);
    }

    /// <summary>How many shards a group gets that may end; 0: it goes on.</summary>
    /// <param name="groupMembers">Datagrams in it that are worth it, at least one.</param>
    /// <param name="shardBytes">Of a datagram with one of its shards.</param>
    /// <param name="mostMembers">How many of the group's newest so many shards are enough for.</param>
    public int ShardsFor(int groupMembers, int shardBytes, out int mostMembers)
    {
        mostMembers = groupMembers;
        if (mode == FecMode.Fixed)
        {
            return Math.Min(shards, ((groupMembers * shards) + members - 1) / members);
        }

        var affordable = (int)Math.Clamp(_budgetBytes / shardBytes, 0, ErasureCode.MostShards);
        var wanted = (int)Math.Ceiling(ShardsPerMember * groupMembers);
        mostMembers = affordable < wanted ? (int)Math.Ceiling(affordable / ShardsPerMember) : groupMembers;
        return Math.Min(affordable, wanted);
    }

    /// <summary>What the budget is enough for in the long run.</summary>
    private double ShardsPerMember => OverheadPerLoss * Math.Max(_loss.Mean, LeastLoss);
}

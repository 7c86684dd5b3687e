namespace Proxy.Protocol.Tunnels;

/// <summary>
/// How many answers (RST for unknown or refused streams, PING answers) a peer may draw out of one tunnel: a bucket of one second's worth.
/// A peer that asks for more is attacking or broken, and the tunnel ends. Time is microseconds of any monotonic clock, passed in.
/// </summary>
public struct ReplyBudget
{
    public const int RepliesPerSecond = 1000;

    private const long SecondMicroseconds = 1_000_000;
    private const long CostMicroseconds = SecondMicroseconds / RepliesPerSecond;

    private long _latestMicroseconds;
    private long _creditMicroseconds;

    public ReplyBudget(long nowMicroseconds)
    {
        _latestMicroseconds = nowMicroseconds;
        _creditMicroseconds = SecondMicroseconds;
    }

    /// <summary>Whether one more answer is within the budget; takes it if so.</summary>
    public bool TryTake(long nowMicroseconds)
    {
        var elapsed = Math.Max(0, nowMicroseconds - _latestMicroseconds);
        _latestMicroseconds += elapsed;
        _creditMicroseconds = Math.Min(SecondMicroseconds, _creditMicroseconds + Math.Min(elapsed, SecondMicroseconds));
        if (_creditMicroseconds < CostMicroseconds)
        {
            return false;
        }

        _creditMicroseconds -= CostMicroseconds;
        return true;
    }
}

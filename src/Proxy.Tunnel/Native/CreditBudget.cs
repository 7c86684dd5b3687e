using Proxy.Protocol;

namespace Proxy.Tunnel.Native;

/// <summary>
/// Shares out what peers may make us hold: the sum of all windows never passes the budget, and the initial window of every stream that may
/// still come is kept back. What is beyond that is given a part at a time, so that many get something. Pure arithmetic.
/// </summary>
internal sealed class CreditBudget(long budgetBytes, int maximumStreams)
{
    private const int FirstShare = 16;
    private const int GrowthShare = 4;
    private const int SmallShare = 64;

    private long _usedBytes;
    private int _streams;

    public long UsedBytes => _usedBytes;

    public long LeftBytes => budgetBytes - _usedBytes;

    /// <summary>Whether one more stream can have its initial window.</summary>
    public bool HasRoom => LeftBytes >= ProtocolLimits.InitialCreditBytes;

    /// <summary>
    /// Takes a new stream's window, the initial one and as much on top as there is, up to what is wished for. Only while there is room.
    /// </summary>
    public int Open(int wishedBytes)
    {
        var window = ProtocolLimits.InitialCreditBytes;
        _streams++;
        _usedBytes += window;
        var extra = (int)Math.Clamp(SpareBytes / FirstShare, 0, Math.Max(0, wishedBytes - window));
        _usedBytes += extra;
        return window + extra;
    }

    /// <summary>
    /// Doubles a window, or grows it by as much as there is, up to the maximum; gives its new size. One that is small beside the budget is made
    /// four times as large: on a lossy path each step takes several round trips, and there are many of them to a full pipe.
    /// </summary>
    public int Grow(int windowBytes, int maximumBytes)
    {
        var wished = windowBytes <= budgetBytes / SmallShare ? 3L * windowBytes : windowBytes;
        var extra = (int)Math.Clamp(SpareBytes / GrowthShare, 0, Math.Max(0, Math.Min(wished, maximumBytes - windowBytes)));
        _usedBytes += extra;
        return windowBytes + extra;
    }

    /// <summary>A stream is gone.</summary>
    public void Close(int windowBytes)
    {
        _streams--;
        _usedBytes -= windowBytes;
    }

    /// <summary>
    /// What is left when every stream that may come has its initial window; half the budget is spare where it is too small for that.
    /// </summary>
    private long SpareBytes
    {
        get
        {
            var kept = Math.Min((long)Math.Max(0, maximumStreams - _streams) * ProtocolLimits.InitialCreditBytes, budgetBytes / 2);
            return LeftBytes - kept;
        }
    }
}

namespace Proxy.Policy.Chains;

/// <summary>
/// How many connections to one place are worth keeping ready: as many as are asked for within two seconds, by what the last ten have seen, up to
/// a bound. Pure and not thread-safe; time in microseconds.
/// </summary>
public sealed class WarmDemand(long nowMicroseconds)
{
    /// <summary>A burst of more than this pays for its own connecting.</summary>
    public const int Most = 4;

    private const long WindowMicroseconds = 10_000_000;
    private const int AsksForOne = 5;

    private long _windowStart = nowMicroseconds;
    private int _asks;
    private int _asksBefore;

    /// <summary>One was needed.</summary>
    public void NoteAsked(long nowMicroseconds)
    {
        Roll(nowMicroseconds);
        _asks++;
    }

    public int Wanted(long nowMicroseconds)
    {
        Roll(nowMicroseconds);
        return Math.Min(Most, Math.Max(_asks, _asksBefore) / AsksForOne);
    }

    /// <summary>Whether nobody has asked for so long that it can be forgotten.</summary>
    public bool IsForgotten(long nowMicroseconds)
    {
        Roll(nowMicroseconds);
        return _asks + _asksBefore == 0;
    }

    private void Roll(long nowMicroseconds)
    {
        var windows = (nowMicroseconds - _windowStart) / WindowMicroseconds;
        if (windows > 0)
        {
            (_asksBefore, _asks) = (windows == 1 ? _asks : 0, 0);
            _windowStart += windows * WindowMicroseconds;
        }
    }
}

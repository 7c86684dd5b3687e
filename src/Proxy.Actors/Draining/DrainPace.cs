namespace Proxy.Actors;

/// <summary>
/// How idle connections are ended while something drains: not before the last part of its time, so that nobody who would finish is cut, and from
/// then on a few at each step, so that their clients do not come back all at once. Pure; microseconds since the drain began.
/// </summary>
/// <param name="limit">How long the drain may take.</param>
internal sealed class DrainPace(TimeSpan limit)
{
    private readonly long _limitMicroseconds = limit.Ticks / TimeSpan.TicksPerMicrosecond;

    /// <summary>When the closing of idle connections begins.</summary>
    public long FromMicroseconds => _limitMicroseconds / 2;

    /// <summary>When the last idle one is to be closed; what is left of the time is for those that are not idle.</summary>
    public long UntilMicroseconds => _limitMicroseconds * 19 / 20;

    private long StepMicroseconds => Math.Max(ShortestStepMicroseconds, (UntilMicroseconds - FromMicroseconds) / Steps);

    /// <summary>When to look next, give or take a third of a step; null: the time is over.</summary>
    public long? NextLookMicroseconds(long nowMicroseconds, Random random)
    {
        var wait = (long)(StepMicroseconds * (0.67 + (0.66 * random.NextDouble())));
        var next = nowMicroseconds < FromMicroseconds ? FromMicroseconds + (wait / 2) : nowMicroseconds + wait;
        return next < _limitMicroseconds ? next : null;
    }

    /// <summary>
    /// How many of those that are idle now are to be closed now: an even share of them for each step that is left; of a broken share one by chance.
    /// </summary>
    public int Due(int idle, long nowMicroseconds, Random random)
    {
        if (nowMicroseconds < FromMicroseconds)
        {
            return 0;
        }

        var stepsLeft = Math.Max(1, (UntilMicroseconds - nowMicroseconds) / StepMicroseconds);
        var (whole, rest) = Math.DivRem(idle, stepsLeft);
        return (int)whole + (random.NextDouble() * stepsLeft < rest ? 1 : 0);
    }

    private const int Steps = 40;

    private const long ShortestStepMicroseconds = 20_000;
}

namespace Proxy.Tunnel.Native;

/// <summary>The round trip of a path, as RFC 9002, 5 has it. Microseconds.</summary>
internal sealed class RoundTrip(long initialMicroseconds)
{
    /// <summary>Least allowance for variance; below it timers mean nothing.</summary>
    private const long GranularityMicroseconds = 1_000;

    /// <summary>
    /// A process that shares its core is not always run when its datagram arrives: with 20 ms no probe was sent in vain in a trial under load.
    /// </summary>
    private const long SchedulingMicroseconds = 20_000;

    private long _varianceMicroseconds = initialMicroseconds / 2;

    /// <summary>How many measurements there were.</summary>
    public int Samples { get; private set; }

    public bool IsMeasured { get; private set; }

    public long SmoothedMicroseconds { get; private set; } = initialMicroseconds;

    public long LatestMicroseconds { get; private set; } = initialMicroseconds;

    /// <summary>The least ever seen on this path, of which no delay was taken off.</summary>
    public long LeastMicroseconds { get; private set; } = long.MaxValue;

    /// <summary>How long an answer is waited for before a probe asks for it.</summary>
    public long ProbeTimeoutMicroseconds =>
        SmoothedMicroseconds + Math.Max(4 * _varianceMicroseconds, GranularityMicroseconds)
        + AcknowledgementSchedule.MostDelayMicroseconds + SchedulingMicroseconds;

    /// <param name="sampleMicroseconds">From sending the largest number just acknowledged to now.</param>
    /// <param name="delayMicroseconds">How long the peer says it waited.</param>
    public void Measure(long sampleMicroseconds, long delayMicroseconds)
    {
        Samples++;
        var sample = Math.Max(1, sampleMicroseconds);
        LeastMicroseconds = Math.Min(LeastMicroseconds, sample);

        // A delay that would take it below the least is not believed.
        var adjusted = sample - delayMicroseconds >= LeastMicroseconds ? sample - delayMicroseconds : sample;
        LatestMicroseconds = adjusted;
        if (!IsMeasured)
        {
            IsMeasured = true;
            SmoothedMicroseconds = adjusted;
            _varianceMicroseconds = adjusted / 2;
            return;
        }

        _varianceMicroseconds = ((3 * _varianceMicroseconds) + Math.Abs(SmoothedMicroseconds - adjusted)) / 4;
        SmoothedMicroseconds = ((7 * SmoothedMicroseconds) + adjusted) / 8;
    }

    /// <summary>Another path: what was known holds no more, but stays the best guess until something is measured.</summary>
    public void Restart()
    {
        IsMeasured = false;
        LeastMicroseconds = long.MaxValue;
    }
}

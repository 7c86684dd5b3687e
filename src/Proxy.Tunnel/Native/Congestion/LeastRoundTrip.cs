namespace Proxy.Tunnel.Native;

/// <summary>
/// The round trip without a queue: the least of the last ten seconds, or five while something queues, so that who came while a queue stood
/// soon learns of it. When it has become old it is measured anew with half as much under way,
/// from when that is so; until then the old one holds, as a queue that stands would only confirm itself. All who share a bottleneck see its
/// queue empty at the same time, and so do this together from then on. Microseconds.
/// </summary>
internal sealed class LeastRoundTrip(long initialMicroseconds)
{
    private const long WindowMicroseconds = 10_000_000;
    private const long QueueWindowMicroseconds = 5_000_000;
    private const double Queueing = 1.25;
    private const long ProbeMicroseconds = 200_000;

    private long _initialMicroseconds = initialMicroseconds;
    private long _leastMicroseconds;           // 0: not measured
    private long _atMicroseconds;
    private long _probeLeastMicroseconds;
    private long? _probeSinceMicroseconds;     // since enough has left the path

    /// <summary>A guess before there was a measurement.</summary>
    public long Microseconds => _leastMicroseconds > 0 ? _leastMicroseconds : _initialMicroseconds;

    /// <summary>Whether it has to be measured anew.</summary>
    public bool IsOld { get; private set; }

    /// <summary>The last measurement.</summary>
    public long LatestMicroseconds { get; private set; }

    /// <summary>Whether the last measurement tells of a queue.</summary>
    public bool IsQueueing => LatestMicroseconds > Queueing * Microseconds;

    /// <param name="sampleMicroseconds">0: there is none.</param>
    /// <param name="isQueueOurs">False: we send so little that there is no queue of ours to be emptied.</param>
    /// <param name="nowMicroseconds">When.</param>
    public void Add(long sampleMicroseconds, bool isQueueOurs, long nowMicroseconds)
    {
        var age = nowMicroseconds - _atMicroseconds;
        IsOld = _leastMicroseconds > 0 && age > (IsQueueing ? QueueWindowMicroseconds : WindowMicroseconds);
        if (sampleMicroseconds <= 0)
        {
            return;
        }

        LatestMicroseconds = sampleMicroseconds;
        _probeLeastMicroseconds = Math.Min(_probeLeastMicroseconds, sampleMicroseconds);
        if (_leastMicroseconds == 0 || sampleMicroseconds <= _leastMicroseconds || (IsOld && !isQueueOurs))
        {
            _leastMicroseconds = sampleMicroseconds;
            _atMicroseconds = nowMicroseconds;
        }
    }

    public void BeginProbe() => _probeSinceMicroseconds = null;

    /// <summary>Whether the probe is over, and what it found holds.</summary>
    /// <param name="hasLeft">Whether no more than half is under way, or that was waited for in vain.</param>
    /// <param name="nowMicroseconds">When.</param>
    public bool TryEndProbe(bool hasLeft, long nowMicroseconds)
    {
        if (_probeSinceMicroseconds is null && hasLeft)
        {
            _probeSinceMicroseconds = nowMicroseconds;
            _probeLeastMicroseconds = long.MaxValue;
        }

        if (_probeSinceMicroseconds is not { } since || nowMicroseconds - since <= Math.Max(ProbeMicroseconds, Microseconds))
        {
            return false;
        }

        _leastMicroseconds = _probeLeastMicroseconds < long.MaxValue ? _probeLeastMicroseconds : _leastMicroseconds;
        _atMicroseconds = nowMicroseconds;
        return true;
    }

    public void Restart()
    {
        _initialMicroseconds = Microseconds;
        _leastMicroseconds = 0;
        IsOld = false;
    }
}

using System.Net;
using System.Net.Sockets;

namespace Proxy.Transport.Dials;

/// <summary>
/// Which address to try when (RFC 8305, sections 4 and 5): a pure engine. After every input the caller takes attempts with
/// <see cref="TryTakeAttempt"/> until there is none, looks whether the dial <see cref="HasFailed"/>, and else comes back at
/// <see cref="DueMicroseconds"/>.
/// </summary>
public sealed class HappyEyeballs
{
    // A dial of a few seconds has no use for more, and a name server may answer with thousands.
    private const int MaximumAttempts = 32;
    private readonly IEnumerator<IPEndPoint> _endPoints;
    private readonly List<DialAttemptFault> _faults = [];
    private readonly List<IPEndPoint> _inFlight = [];
    private readonly long _staggerMicroseconds;
    private readonly long _deadlineMicroseconds;
    private long _nextAttemptMicroseconds;
    private int _taken;
    private bool _isExhausted;

    public HappyEyeballs(IEnumerable<IPEndPoint> endPoints, DialSettings settings, long nowMicroseconds)
    {
        ArgumentNullException.ThrowIfNull(settings);
        _endPoints = (settings.IsOrderGiven ? endPoints : Interleave(endPoints)).GetEnumerator();
        _staggerMicroseconds = settings.Stagger.Ticks / TimeSpan.TicksPerMicrosecond;
        _deadlineMicroseconds = nowMicroseconds + (settings.Deadline.Ticks / TimeSpan.TicksPerMicrosecond);
        _nextAttemptMicroseconds = nowMicroseconds;
    }

    /// <summary>When to come back, if nothing happens before.</summary>
    public long DueMicroseconds => _isExhausted ? _deadlineMicroseconds : Math.Min(_nextAttemptMicroseconds, _deadlineMicroseconds);

    /// <summary>Whether the dial is lost: its time is over, or every address has failed.</summary>
    public bool HasFailed(long nowMicroseconds) => nowMicroseconds >= _deadlineMicroseconds || (_isExhausted && _inFlight.Count == 0);

    /// <summary>Takes the address to try now, if there is one.</summary>
    public bool TryTakeAttempt(long nowMicroseconds, out IPEndPoint endPoint)
    {
        endPoint = null!;
        if (_isExhausted || nowMicroseconds < _nextAttemptMicroseconds || nowMicroseconds >= _deadlineMicroseconds)
        {
            return false;
        }

        if (_taken == MaximumAttempts || !_endPoints.MoveNext())
        {
            _isExhausted = true;
            return false;
        }

        endPoint = _endPoints.Current;
        _taken++;
        _inFlight.Add(endPoint);
        _nextAttemptMicroseconds = nowMicroseconds + _staggerMicroseconds;
        return true;
    }

    /// <summary>An attempt has failed: the next one does not wait for its time.</summary>
    public void HandleFailed(IPEndPoint endPoint, TransportFault fault, long nowMicroseconds)
    {
        if (_inFlight.Remove(endPoint))
        {
            _faults.Add(new DialAttemptFault(endPoint, fault));
            _nextAttemptMicroseconds = nowMicroseconds;
        }
    }

    /// <summary>What to say of a dial that <see cref="HasFailed"/>.</summary>
    public DialFailure Failure()
    {
        if (_isExhausted && _taken == 0)
        {
            return new DialFailure(new TransportFault(TransportFaultKind.Unreachable, "there is no address to connect to"), []);
        }

        if (_isExhausted && _inFlight.Count == 0)
        {
            return new DialFailure(_faults[0].Fault, _faults);
        }

        var timedOut = new TransportFault(TransportFaultKind.TimedOut, "no connection within the dial's deadline");
        var unanswered = _inFlight.Select(endPoint => new DialAttemptFault(endPoint, timedOut));
        return new DialFailure(timedOut, [.. _faults, .. unanswered]);
    }

    // IPv6 first, then the families take turns; the order within a family is the resolver's.
    private static IEnumerable<IPEndPoint> Interleave(IEnumerable<IPEndPoint> endPoints)
    {
        if (endPoints is IPEndPoint[] { Length: 1 })
        {
            return endPoints;
        }

        var distinct = endPoints.Distinct().ToArray();
        var sixes = distinct.Where(endPoint => endPoint.AddressFamily == AddressFamily.InterNetworkV6).Select((endPoint, i) => (endPoint, 2 * i));
        var fours = distinct.Where(endPoint => endPoint.AddressFamily == AddressFamily.InterNetwork).Select((endPoint, i) => (endPoint, (2 * i) + 1));
        return sixes.Concat(fours).OrderBy(entry => entry.Item2).Select(entry => entry.endPoint);
    }
}

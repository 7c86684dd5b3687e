namespace Proxy.Tunnel.Native;

/// <summary>
/// Spreads what leaves over time: credit by elapsed time, spent in batches. It begins to send only when a whole batch may go, and then goes on
/// while there is credit, so that a fast tunnel sends as few and as large batches as its rate allows. What a machine with other work to do lets
/// it miss, by calling it later than it asked for, it makes up for at once. Bytes and microseconds.
/// </summary>
internal sealed class Pacer
{
    private const double BatchSeconds = 0.001;
    private const double BucketSeconds = 0.002;
    private const int MostBucketBytes = 256 * 1024;
    private const int MostBatchBytes = 44 * 1452;
    private const long MostLateMicroseconds = 20_000;

    private double _creditBytes = MostBucketBytes;
    private double _lateBytes;                 // of the credit, what was missed by being called late
    private long? _dueMicroseconds;            // when it asked to be called
    private long _lastMicroseconds;
    private bool _isSending;

    /// <summary>Whether a datagram of that size may leave.</summary>
    public bool CanSend(int bytes, double bytesPerSecond, long nowMicroseconds)
    {
        Refill(bytes, bytesPerSecond, nowMicroseconds);
        _isSending = _creditBytes >= (_isSending ? bytes : BatchBytes(bytes, bytesPerSecond));
        return _isSending;
    }

    /// <summary>Something left, allowed or not: what may not wait is paid for afterwards.</summary>
    public void HandleSent(int bytes) => _creditBytes = Math.Max(-MostBucketBytes, _creditBytes - bytes);

    /// <summary>When <see cref="CanSend"/> will say yes.</summary>
    public long NextMicroseconds(int bytes, double bytesPerSecond, long nowMicroseconds)
    {
        Refill(bytes, bytesPerSecond, nowMicroseconds);
        var missing = BatchBytes(bytes, bytesPerSecond) - _creditBytes;
        var due = nowMicroseconds + Math.Max(1, (long)Math.Ceiling(missing * 1_000_000 / bytesPerSecond));
        _dueMicroseconds = due;
        return due;
    }

    private static double BatchBytes(int bytes, double bytesPerSecond) =>
        Math.Clamp(bytesPerSecond * BatchSeconds, bytes, MostBatchBytes);

    private void Refill(int bytes, double bytesPerSecond, long nowMicroseconds)
    {
        var bucket = Math.Clamp(bytesPerSecond * BucketSeconds, 2 * BatchBytes(bytes, bytesPerSecond), MostBucketBytes);
        if (_dueMicroseconds is { } due && nowMicroseconds > due)
        {
            _dueMicroseconds = null;
            _lateBytes += Math.Min(nowMicroseconds - due, MostLateMicroseconds) * bytesPerSecond / 1_000_000;
        }

        var most = Math.Min(bucket + _lateBytes, Math.Max(bucket, MostBucketBytes));
        _creditBytes = Math.Min(most, _creditBytes + ((nowMicroseconds - _lastMicroseconds) * bytesPerSecond / 1_000_000));
        _lateBytes = Math.Clamp(_creditBytes - bucket, 0, _lateBytes);
        _lastMicroseconds = nowMicroseconds;
    }
}

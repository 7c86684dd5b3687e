namespace Proxy.Tunnel.Native;

/// <summary>
/// How large a datagram the path carries. It begins with what every path carries; once there is traffic, larger sizes are tried with datagrams
/// that carry nothing, and taken when they arrive. Where large ones stop arriving while others do, the path has become narrower (a black
/// hole): back to the start, and tried again after a while. Microseconds.
/// </summary>
internal sealed class DatagramSize(int maximumBytes)
{
    private const int TriesPerSize = 3;
    private const int LossesOfBlackHole = 3;
    private const long BeforeFirstTryMicroseconds = 100_000;
    private const long AfterBlackHoleMicroseconds = 60_000_000;
    private const long BetweenSearchesMicroseconds = 600_000_000;

    // Ethernet, Ethernet behind PPPoE and one more tunnel, IPv6's least.
    private static readonly int[] Sizes = [int.MaxValue, 1412, 1332, 1232];

    private int _size;               // index of the size that is tried
    private int _tries;
    private bool _isUnderWay;
    private bool _hasBegun;
    private long _nextMicroseconds;
    private int _largeLost;          // since a large one arrived
    private long _largeArrivedSentMicroseconds;

    /// <summary>What datagrams have now.</summary>
    public int Bytes { get; private set; } = NativeTunnelSettings.LeastDatagramBytes;

    /// <summary>The size to try now; null: none. Asked while there is traffic.</summary>
    public int? NextTry(long nowMicroseconds)
    {
        if (_isUnderWay || maximumBytes <= NativeTunnelSettings.LeastDatagramBytes)
        {
            return null;
        }

        if (!_hasBegun)
        {
            _hasBegun = true;
            _nextMicroseconds = nowMicroseconds + BeforeFirstTryMicroseconds;
        }

        if (nowMicroseconds < _nextMicroseconds)
        {
            return null;
        }

        if (Math.Min(Sizes[_size], maximumBytes) <= Bytes)
        {
            EndSearch(nowMicroseconds);
            return null;
        }

        return Math.Min(Sizes[_size], maximumBytes);
    }

    public void HandleTried() => _isUnderWay = true;

    public void HandleTryArrived(int bytes, long nowMicroseconds)
    {
        _isUnderWay = false;
        if (bytes > Bytes)
        {
            Bytes = bytes;
            _largeLost = 0;
            _largeArrivedSentMicroseconds = nowMicroseconds;
        }

        EndSearch(nowMicroseconds);
    }

    public void HandleTryLost(long nowMicroseconds)
    {
        _isUnderWay = false;
        if (++_tries < TriesPerSize)
        {
            return;
        }

        _tries = 0;
        if (++_size == Sizes.Length)
        {
            EndSearch(nowMicroseconds);
        }
    }

    public void HandleArrived(int bytes, long sentMicroseconds)
    {
        if (bytes > NativeTunnelSettings.LeastDatagramBytes)
        {
            _largeLost = 0;
            _largeArrivedSentMicroseconds = Math.Max(_largeArrivedSentMicroseconds, sentMicroseconds);
        }
    }

    /// <summary>Whether this loss shows a black hole. No large one that was sent within a round trip before it has arrived.</summary>
    public bool HandleLost(int bytes, long sentMicroseconds, long roundTripMicroseconds, long nowMicroseconds)
    {
        if (bytes <= NativeTunnelSettings.LeastDatagramBytes || Bytes == NativeTunnelSettings.LeastDatagramBytes
            || ++_largeLost < LossesOfBlackHole || sentMicroseconds - _largeArrivedSentMicroseconds < roundTripMicroseconds)
        {
            return false;
        }

        Restart(nowMicroseconds);
        _nextMicroseconds = nowMicroseconds + AfterBlackHoleMicroseconds;
        return true;
    }

    /// <summary>Another path, or this one has changed.</summary>
    public void Restart(long nowMicroseconds)
    {
        Bytes = NativeTunnelSettings.LeastDatagramBytes;
        _size = _tries = _largeLost = 0;
        _isUnderWay = false;
        _nextMicroseconds = nowMicroseconds + BeforeFirstTryMicroseconds;
    }

    private void EndSearch(long nowMicroseconds)
    {
        _size = _tries = 0;
        _nextMicroseconds = nowMicroseconds + BetweenSearchesMicroseconds;
    }
}

namespace Proxy.Tunnel.Native;

/// <summary>
/// The share of bytes that the path loses whatever the rate: the least of the last measurements. What a full queue drops comes and goes with
/// the rate, so the quiet phases of the controller show the rest. A measurement is a round, or several where rounds are small.
/// </summary>
internal sealed class LossMeter
{
    private const int Measurements = 10;
    private const long LeastBytes = 64 * 1024;
    private const double DatagramBytes = 1400;
    private const double Excess = 0.02;
    private const double Deviations = 3;

    private readonly double[] _shares = new double[Measurements];
    private int _count;
    private int _next;
    private long _acknowledgedBytes;
    private long _lostBytes;

    /// <summary>0 to 1.</summary>
    public double Steady { get; private set; }

    /// <summary>The latest measurement.</summary>
    public double Latest { get; private set; }

    /// <summary>Whether the latest measurement is so far above what the path loses anyway that chance does not explain it.</summary>
    public bool IsExcessive { get; private set; }

    public void Add(long acknowledgedBytes, long lostBytes)
    {
        _acknowledgedBytes += acknowledgedBytes;
        _lostBytes += lostBytes;
    }

    /// <summary>Whether there was enough for a measurement.</summary>
    public bool EndRound()
    {
        var bytes = _acknowledgedBytes + _lostBytes;
        if (bytes < LeastBytes)
        {
            return false;
        }

        Latest = (double)_lostBytes / bytes;
        _acknowledgedBytes = _lostBytes = 0;
        _shares[_next] = Latest;
        _next = (_next + 1) % Measurements;
        _count = Math.Min(_count + 1, Measurements);
        Steady = 1;
        for (var index = 0; index < _count; index++)
        {
            Steady = Math.Min(Steady, _shares[index]);
        }

        IsExcessive = Latest - Steady > Excess + (Deviations * Math.Sqrt(Steady * DatagramBytes / bytes));

        return true;
    }

    public void Clear()
    {
        _count = _next = 0;
        _acknowledgedBytes = _lostBytes = 0;
        Steady = Latest = 0;
        IsExcessive = false;
    }
}

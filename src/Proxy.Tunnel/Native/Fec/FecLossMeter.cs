namespace Proxy.Tunnel.Native.Fec;

/// <summary>
/// The share of datagrams that a path loses whatever is sent: the least of the last few hundreds, as what a full queue drops comes and goes.
/// Counts datagrams, where they are small as well.
/// </summary>
internal sealed class FecLossMeter
{
    private const int Datagrams = 256;
    private const int Measurements = 4;

    private readonly double[] _shares = new double[Measurements];
    private int _next;
    private int _count;
    private int _lost;

    /// <summary>0 to 1; 0 until there were enough for a measurement.</summary>
    public double Least { get; private set; }

    /// <summary>The mean of the same.</summary>
    public double Mean { get; private set; }

    public void Add(bool isLost)
    {
        _lost += isLost ? 1 : 0;
        if (++_count < Datagrams)
        {
            return;
        }

        _shares[_next % Measurements] = (double)_lost / _count;
        _next++;
        _count = _lost = 0;
        var measured = _shares.AsSpan(0, Math.Min(_next, Measurements));
        (Least, Mean) = (1, 0);
        foreach (var share in measured)
        {
            Least = Math.Min(Least, share);
            Mean += share / measured.Length;
        }
    }

    /// <summary>One that was counted as lost was only late, and will be counted as arrived.</summary>
    public void TakeBackLoss() => _lost = Math.Max(0, _lost - 1);

    public void Clear()
    {
        _next = _count = _lost = 0;
        Least = Mean = 0;
    }
}

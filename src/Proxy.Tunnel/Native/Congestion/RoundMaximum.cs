namespace Proxy.Tunnel.Native;

/// <summary>The largest value of the last rounds. A round in which nothing was added does not push older ones out.</summary>
internal sealed class RoundMaximum(int rounds)
{
    private readonly double[] _values = new double[rounds];
    private int _current;
    private bool _hasAdded;

    public double Value { get; private set; }

    /// <summary>The largest of the present round; 0 when nothing was added.</summary>
    public double Current => _hasAdded ? _values[_current] : 0;

    public void Add(double value)
    {
        if (!_hasAdded)
        {
            _hasAdded = true;
            _values[_current] = value;
            Value = Largest();
        }
        else if (value > _values[_current])
        {
            _values[_current] = value;
            Value = Math.Max(Value, value);
        }
    }

    public void EndRound()
    {
        if (_hasAdded)
        {
            _current = (_current + 1) % _values.Length;
            _hasAdded = false;
        }
    }

    /// <summary>Nothing above the limit is believed any more.</summary>
    public void Cap(double limit)
    {
        for (var index = 0; index < _values.Length; index++)
        {
            _values[index] = Math.Min(_values[index], limit);
        }

        Value = Largest();
    }

    public void Clear()
    {
        Array.Clear(_values);
        _hasAdded = false;
        Value = 0;
    }

    private double Largest()
    {
        var largest = 0.0;
        foreach (var value in _values)
        {
            largest = Math.Max(largest, value);
        }

        return largest;
    }
}

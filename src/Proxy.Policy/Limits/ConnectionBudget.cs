namespace Proxy.Policy.Limits;

/// <summary>
/// A maximum of connections that several owners draw on: a node's total over all its listeners, or a principal's. Any thread may use it.
/// </summary>
public sealed class ConnectionBudget
{
    private int _active;
    private int _maximum;

    public ConnectionBudget(int maximum)
    {
        Change(maximum);
    }

    public int Active => Volatile.Read(ref _active);

    public int Maximum => Volatile.Read(ref _maximum);

    /// <summary>Takes a place; false: all are taken.</summary>
    public bool TryTake()
    {
        var active = Volatile.Read(ref _active);
        while (active < Maximum)
        {
            var seen = Interlocked.CompareExchange(ref _active, active + 1, active);
            if (seen == active)
            {
                return true;
            }

            active = seen;
        }

        return false;
    }

    /// <summary>Returns a place; once for every one that was taken.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _active) < 0)
        {
            throw new InvalidOperationException("More places were returned than taken.");
        }
    }

    /// <summary>Sets another maximum. Connections above it stay; no more come in until enough of them have ended.</summary>
    public void Change(int maximum)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maximum, 1);
        Volatile.Write(ref _maximum, maximum);
    }
}

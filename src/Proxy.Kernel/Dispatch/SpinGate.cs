namespace Proxy.Kernel;

/// <summary>
/// A lock of four bytes for sections of a few stores, which never call out and never throw. Entering is one compare-exchange, a full fence. A
/// holder that lost its processor is waited for by yielding, never by sleeping a millisecond.
/// </summary>
internal struct SpinGate
{
    private int _held;

    public void Enter()
    {
        if (Interlocked.CompareExchange(ref _held, 1, 0) != 0)
        {
            EnterContended();
        }
    }

    public void Exit() => Volatile.Write(ref _held, 0);

    private void EnterContended()
    {
        var wait = default(SpinWait);
        do
        {
            wait.SpinOnce(sleep1Threshold: -1);
        }
        while (Volatile.Read(ref _held) != 0 || Interlocked.CompareExchange(ref _held, 1, 0) != 0);
    }
}

namespace Proxy.Tunnel.Native;

/// <summary>
/// When what arrived is acknowledged: with data that goes out anyway, else after two batches of datagrams or many datagrams, or a short
/// while, and at once when something is missing or came late. Microseconds.
/// </summary>
internal sealed class AcknowledgementSchedule
{
    /// <summary>The longest that an acknowledgement waits; the peer allows for it.</summary>
    public const long MostDelayMicroseconds = 5_000;

    // Below it, on paths of microseconds, an answer would always leave before the data that could carry it.
    private const long LeastDelayMicroseconds = 1_000;
    private const int Batches = 2;
    private const int Datagrams = 64;

    private long? _dueMicroseconds;
    private int _batches;
    private int _datagrams;
    private bool _isBatchOpen;
    private bool _isDueNow;

    /// <summary>Whether the peer waits for an acknowledgement at all.</summary>
    public bool IsOwed => _dueMicroseconds is not null;

    public long DueMicroseconds => _dueMicroseconds ?? long.MaxValue;

    /// <summary>A datagram came that wants to be acknowledged.</summary>
    public void HandleArrival(bool isInOrder, long roundTripMicroseconds, long nowMicroseconds)
    {
        _dueMicroseconds ??= nowMicroseconds + Math.Clamp(roundTripMicroseconds / 8, LeastDelayMicroseconds, MostDelayMicroseconds);
        _isDueNow |= !isInOrder || ++_datagrams >= Datagrams;
        _isBatchOpen = true;
    }

    /// <summary>Everything that had arrived was handled; output follows.</summary>
    public void EndBatch()
    {
        if (_isBatchOpen)
        {
            _isBatchOpen = false;
            _isDueNow |= ++_batches >= Batches;
        }
    }

    public bool IsDue(long nowMicroseconds) => IsOwed && (_isDueNow || nowMicroseconds >= _dueMicroseconds);

    public void HandleSent()
    {
        _dueMicroseconds = null;
        _batches = 0;
        _datagrams = 0;
        _isDueNow = false;
    }
}

using Proxy.Transport.Relays;

namespace Proxy.Transport.Tests.Contract;

public sealed class RecordingObserver : IRelayObserver
{
    private readonly Lock _lock = new();
    private readonly List<RelaySide> _halfClosed = [];
    private readonly List<RelayEnd> _ends = [];

    public IReadOnlyList<RelaySide> HalfClosed
    {
        get
        {
            lock (_lock)
            {
                return [.. _halfClosed];
            }
        }
    }

    /// <summary>Every end that was told; more than one is a fault of the relay.</summary>
    public IReadOnlyList<RelayEnd> Ends
    {
        get
        {
            lock (_lock)
            {
                return [.. _ends];
            }
        }
    }

    public void OnHalfClosed(RelaySide side)
    {
        lock (_lock)
        {
            _halfClosed.Add(side);
        }
    }

    public void OnEnded(in RelayEnd end)
    {
        lock (_lock)
        {
            _ends.Add(end);
        }
    }
}

using Proxy.Protocol.Ends;
using Proxy.Protocol.Tunnels;

namespace Proxy.Actors;

/// <summary>
/// The tunnels of a server whose peers have not answered yet: each may be the work of one forged datagram, so they are few, and they are
/// closed when the handshake's time is over. For the loop's thread only.
/// </summary>
internal sealed class HalfOpenTunnels
{
    private readonly Queue<(TunnelLink Link, long OpenedMicroseconds)> _tunnels = new();
    private readonly long _timeoutMicroseconds;

    public HalfOpenTunnels(TimeSpan timeout)
    {
        _timeoutMicroseconds = timeout.Ticks / TimeSpan.TicksPerMicrosecond;
    }

    /// <summary>Whether one more may be opened.</summary>
    public bool HasRoom(long nowMicroseconds)
    {
        // The oldest stand first; whoever has answered by now, or had the time to, leaves.
        while (_tunnels.TryPeek(out var oldest) && (!IsHalfOpen(oldest.Link) || nowMicroseconds - oldest.OpenedMicroseconds >= _timeoutMicroseconds))
        {
            _tunnels.Dequeue();
            if (IsHalfOpen(oldest.Link))
            {
                oldest.Link.Close(EndReason.HandshakeTimeout);
            }
        }

        if (_tunnels.Count >= Maximum)
        {
            Sweep();
        }

        return _tunnels.Count < Maximum;
    }

    public void Add(TunnelLink link, long nowMicroseconds) => _tunnels.Enqueue((link, nowMicroseconds));

    private void Sweep()
    {
        for (var left = _tunnels.Count; left > 0; left--)
        {
            var tunnel = _tunnels.Dequeue();
            if (IsHalfOpen(tunnel.Link))
            {
                _tunnels.Enqueue(tunnel);
            }
        }
    }

    private static bool IsHalfOpen(TunnelLink link) => !link.IsPeerConfirmed && link.State != TunnelState.Closed;

    private const int Maximum = 1000;
}

using System.Net;

namespace Proxy.Transport;

/// <summary>
/// A UDP socket that takes the datagrams of many senders apart into flows, and offers each new one as a connection (<see cref="IAcceptHandler"/>).
/// A sender that was refused is not heard for a second. For its loop's thread only.
/// </summary>
public sealed class UdpListener : IListener, IUdpHandler
{
    private readonly IIoLoop _loop;
    private readonly IAcceptHandler _handler;
    private readonly Dictionary<UdpFlowKey, UdpFlow?> _flows = [];
    private readonly Queue<(UdpFlowKey Key, long UntilMicroseconds)> _refused = new();
    private IUdpEndpoint _endpoint = null!;
    private bool _isClosed;

    private UdpListener(IIoLoop loop, IAcceptHandler handler) => (_loop, _handler) = (loop, handler);

    internal bool IsTransparent { get; private init; }

    public IPEndPoint LocalEndPoint => _endpoint.LocalEndPoint;

    /// <summary>Datagrams that were dropped because there are as many flows as there may be.</summary>
    public long Overflown { get; private set; }

    /// <summary>Binds. False: <paramref name="fault"/> says why.</summary>
    /// <param name="isTransparent">Whether it takes what the packet filter gives it, each flow with where it was going.</param>
    public static bool TryListen(
        IIoLoop loop, IPEndPoint localEndPoint, bool isTransparent, IAcceptHandler handler, out IListener listener, out TransportFault fault)
    {
        ArgumentNullException.ThrowIfNull(loop);
        var created = new UdpListener(loop, handler) { IsTransparent = isTransparent };
        listener = created;
        var options = new UdpOptions { ListeningAs = localEndPoint, TellsOwnAddress = !isTransparent, IsTransparent = isTransparent };
        return loop.TryOpenUdp(localEndPoint, null, options, created, out created._endpoint, out fault);
    }

    /// <summary>Takes no new flows; the socket lives until the last flow has ended.</summary>
    public void Close()
    {
        _isClosed = true;
        CloseIfUnused();
    }

    public void OnDatagrams(IUdpEndpoint endpoint, Span<byte> datagrams, int segmentSizeBytes, in UdpAddress from)
    {
        var to = _endpoint.OriginalDestination;
        if (IsTransparent && (to is null || to.Value.Port == LocalEndPoint.Port))
        {
            // It came to the listener itself; nobody had redirected it.
            return;
        }

        if (!TryFind(new UdpFlowKey(from, to?.Host ?? _endpoint.ReceivedAt, to?.Port ?? 0), out var flow))
        {
            return;
        }

        while (!datagrams.IsEmpty)
        {
            var length = Math.Min(segmentSizeBytes, datagrams.Length);
            flow.Receive(datagrams[..length]);
            datagrams = datagrams[length..];
        }
    }

    public void OnReceiveTurnEnded(IUdpEndpoint endpoint)
    {
        // Each packet went on by itself.
    }

    public void OnSendRefused(IUdpEndpoint endpoint, TransportFault fault)
    {
        // Of connected sockets only.
    }

    internal UdpSendStatus Send(in UdpFlowKey key, ReadOnlySpan<byte> packet) => _endpoint.SendFrom(key.To, packet, key.From);

    internal IPEndPoint LocalOf(in UdpFlowKey key) =>
        key.To == default ? LocalEndPoint : key.From.With(key.To, key.Port != 0 ? key.Port : LocalEndPoint.Port).ToIPEndPoint();

    internal void Remove(UdpFlow flow)
    {
        _flows.Remove(flow.Key);
        CloseIfUnused();
    }

    internal void Refuse(UdpFlow flow)
    {
        flow.Abort();
        if (!_isClosed)
        {
            _flows[flow.Key] = null;
            _refused.Enqueue((flow.Key, _loop.NowMicroseconds + RefusedMicroseconds));
        }
    }

    /// <summary>The flow of the sender, which may be new. False: it is not heard.</summary>
    private bool TryFind(in UdpFlowKey key, out UdpFlow flow)
    {
        if (_flows.TryGetValue(key, out var known) && known is not null)
        {
            flow = known;
            return true;
        }

        ForgetRefused();
        flow = null!;
        if (_isClosed || _flows.ContainsKey(key))
        {
            return false;
        }

        if (_flows.Count >= MostFlows)
        {
            Overflown++;
            return false;
        }

        flow = new UdpFlow(this, _loop, key);
        _flows.Add(key, flow);
        _handler.OnAccepted(flow);
        return true;
    }

    private void ForgetRefused()
    {
        while (_refused.TryPeek(out var oldest) && oldest.UntilMicroseconds <= _loop.NowMicroseconds)
        {
            _refused.Dequeue();
            if (_flows.TryGetValue(oldest.Key, out var flow) && flow is null)
            {
                _flows.Remove(oldest.Key);
            }
        }
    }

    private void CloseIfUnused()
    {
        if (_isClosed && _flows.Values.All(flow => flow is null))
        {
            _endpoint.Close();
        }
    }

    // Whatever the limits of a frontend are: what strangers can make a listener remember.
    private const int MostFlows = 64 * 1024;
    private const long RefusedMicroseconds = 1_000_000;
}

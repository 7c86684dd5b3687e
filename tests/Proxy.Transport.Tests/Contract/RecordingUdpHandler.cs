namespace Proxy.Transport.Tests.Contract;

/// <summary>Writes down datagrams, one by one whatever the batches were.</summary>
public sealed class RecordingUdpHandler : IUdpHandler
{
    private readonly Lock _lock = new();
    private readonly List<(byte[] Bytes, UdpAddress From)> _datagrams = [];
    private readonly List<TransportFault> _refusals = [];
    private int _turnsEnded;

    /// <summary>Runs inside the call, on the loop, per datagram.</summary>
    public Action<IUdpEndpoint, byte[], UdpAddress>? WhenReceived { get; set; }

    public IReadOnlyList<(byte[] Bytes, UdpAddress From)> Datagrams
    {
        get
        {
            lock (_lock)
            {
                return [.. _datagrams];
            }
        }
    }

    public IReadOnlyList<TransportFault> Refusals
    {
        get
        {
            lock (_lock)
            {
                return [.. _refusals];
            }
        }
    }

    public int TurnsEnded => Volatile.Read(ref _turnsEnded);

    public void OnDatagrams(IUdpEndpoint endpoint, Span<byte> datagrams, int segmentSizeBytes, in UdpAddress from)
    {
        while (!datagrams.IsEmpty)
        {
            var datagram = datagrams[..Math.Min(segmentSizeBytes, datagrams.Length)].ToArray();
            datagrams = datagrams[datagram.Length..];
            lock (_lock)
            {
                _datagrams.Add((datagram, from));
            }

            WhenReceived?.Invoke(endpoint, datagram, from);
        }
    }

    public void OnReceiveTurnEnded(IUdpEndpoint endpoint) => Interlocked.Increment(ref _turnsEnded);

    public void OnSendRefused(IUdpEndpoint endpoint, TransportFault fault)
    {
        lock (_lock)
        {
            _refusals.Add(fault);
        }
    }
}

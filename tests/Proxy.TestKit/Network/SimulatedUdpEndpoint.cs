using System.Net;
using Proxy.Transport;

namespace Proxy.TestKit;

/// <summary>
/// A UDP socket of a simulated host. Datagrams that wait are handed over in batches, as a kernel with GRO would, and the seed decides where a
/// batch ends. Sending never blocks: what a bottleneck does is a rule's matter.
/// </summary>
internal sealed class SimulatedUdpEndpoint(SimulatedLoop loop, IPEndPoint? remote, UdpOptions options, IUdpHandler handler)
    : IUdpEndpoint, IThreadPoolWorkItem
{
    // The most that a UDP datagram over IPv4 carries.
    private const int MaxDatagramBytes = 65_507;

    // What a waiting datagram costs of the receive buffer beside its payload, so that empty ones are bounded too.
    private const int DatagramOverheadBytes = 64;

    // Datagrams of one batch, as Linux has it for GRO and GSO.
    private const int MaxBatchDatagrams = 64;

    // Batches of one turn; what waits beyond them comes in the next one.
    private const int MaxTurnBatches = 8;

    private static readonly TransportFault PortUnreachable = new(TransportFaultKind.Refused, "port unreachable");

    private readonly Queue<(ReadOnlyMemory<byte> Bytes, UdpAddress From)> _received = new();
    private readonly UdpAddress _remoteAddress = remote is null ? default : UdpAddress.From(remote);
    private int _receivedBytes;
    private bool _isOpen;
    private bool _isTurnPosted;

    // Whether an ICMP answer has come that nobody was told of yet.
    private bool _isRefused;

    // Whether it is bound, and its host has not crashed since.
    private bool IsOpen => _isOpen && !loop.IsDead;

    public IPEndPoint LocalEndPoint { get; private set; } = new(IPAddress.Any, 0);

    public UdpSendStatus Send(ReadOnlySpan<byte> datagrams, int segmentSizeBytes, in UdpAddress to)
    {
        loop.RequireCurrent();
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(segmentSizeBytes);
        if (!IsOpen)
        {
            return UdpSendStatus.Failed;
        }

        if (_isRefused)
        {
            _isRefused = false;
            return UdpSendStatus.Refused;
        }

        if (Math.Min(segmentSizeBytes, datagrams.Length) > MaxDatagramBytes)
        {
            return UdpSendStatus.TooLarge;
        }

        var destination = remote ?? to.ToIPEndPoint();
        if (loop.World.Network.HostAt(loop.Host, destination.Address) is not { } target || SourceFor(destination) is not { } source)
        {
            return UdpSendStatus.Unreachable;
        }

        ReadOnlyMemory<byte> copy = datagrams.ToArray();
        for (var offset = 0; offset < copy.Length && IsOpen; offset += segmentSizeBytes)
        {
            var datagram = copy.Slice(offset, Math.Min(segmentSizeBytes, copy.Length - offset));
            loop.Host.SendDatagram(this, target, source, destination, datagram);
        }

        return UdpSendStatus.Sent;
    }

    public void Close()
    {
        loop.RequireCurrent();
        if (_isOpen)
        {
            _isOpen = false;
            _received.Clear();
            loop.Counters.OpenEndpoints--;
            loop.Host.Unbind(this);
        }
    }

    /// <summary>The host has bound it.</summary>
    public void Open(IPEndPoint bound)
    {
        LocalEndPoint = bound;
        _isOpen = true;
        loop.Counters.OpenEndpoints++;
    }

    /// <summary>Whether a datagram of that sender is for this socket; a connected one hears its peer only.</summary>
    public bool Accepts(in UdpAddress source) => remote is null || source == _remoteAddress;

    public void Receive(in UdpAddress source, ReadOnlyMemory<byte> bytes)
    {
        var cost = bytes.Length + DatagramOverheadBytes;
        if (_receivedBytes + cost > options.ReceiveBufferBytes)
        {
            loop.Host.OverflownDatagrams++;
            loop.World.Trace.Record(TraceKind.Lost, loop.Host, bytes.Length);
            return;
        }

        _receivedBytes += cost;
        _received.Enqueue((bytes, source));
        PostTurn();
    }

    /// <summary>An ICMP answer came for something sent to <paramref name="destination"/>.</summary>
    public void Refuse(in UdpAddress destination)
    {
        if (IsOpen && remote is not null && destination == _remoteAddress)
        {
            _isRefused = true;
            PostTurn();
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        _isTurnPosted = false;
        if (IsOpen && _isRefused)
        {
            _isRefused = false;
            Guarded(() => handler.OnSendRefused(this, PortUnreachable));
        }

        if (!IsOpen || _received.Count == 0)
        {
            return;
        }

        for (var batch = 0; batch < MaxTurnBatches && IsOpen && _received.Count > 0; batch++)
        {
            DeliverBatch();
        }

        if (IsOpen)
        {
            Guarded(() => handler.OnReceiveTurnEnded(this));
        }

        if (IsOpen && _received.Count > 0)
        {
            PostTurn();
        }
    }

    /// <summary>
    /// Gathers datagrams of one sender and one size, the last may be shorter, into the loop's buffer; a chance ends the batch before it must.
    /// </summary>
    private void DeliverBatch()
    {
        var (first, from) = Take();
        var buffer = loop.ReceiveBuffer;
        first.Span.CopyTo(buffer);
        var (length, last, count) = (first.Length, first.Length, 1);
        var limit = 1 + loop.World.Network.Random.Next(MaxBatchDatagrams);
        while (count < limit
            && last == first.Length
            && _received.TryPeek(out var next)
            && next.From == from
            && next.Bytes.Length > 0
            && next.Bytes.Length <= first.Length
            && length + next.Bytes.Length <= buffer.Length)
        {
            Take().Bytes.Span.CopyTo(buffer[length..]);
            last = next.Bytes.Length;
            length += last;
            count++;
        }

        try
        {
            handler.OnDatagrams(this, buffer[..length], first.Length, from);
        }
        catch (Exception failure)
        {
            loop.ReportFailure(failure);
        }

        buffer[..length].Fill(SimulatedLoop.StaleByte);
    }

    private (ReadOnlyMemory<byte> Bytes, UdpAddress From) Take()
    {
        var taken = _received.Dequeue();
        _receivedBytes -= taken.Bytes.Length + DatagramOverheadBytes;
        return taken;
    }

    private void PostTurn()
    {
        if (!_isTurnPosted)
        {
            _isTurnPosted = true;
            loop.Post(this);
        }
    }

    private void Guarded(Action call)
    {
        try
        {
            call();
        }
        catch (Exception failure)
        {
            loop.ReportFailure(failure);
        }
    }

    private IPEndPoint? SourceFor(IPEndPoint destination)
    {
        var local = LocalEndPoint;
        if (local.AddressFamily != destination.AddressFamily)
        {
            return null;
        }

        if (!local.Address.Equals(IPAddress.Any) && !local.Address.Equals(IPAddress.IPv6Any))
        {
            return local;
        }

        return loop.Host.SourceFor(destination.Address) is { } source ? new IPEndPoint(source, local.Port) : null;
    }
}

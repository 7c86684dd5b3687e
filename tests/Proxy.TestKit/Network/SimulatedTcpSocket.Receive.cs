namespace Proxy.TestKit;

internal sealed partial class SimulatedTcpSocket
{
    // A read takes the next segment too with this chance against one: readers see pieces of all sizes.
    private const int JoinSegmentsChance = 3;

    private readonly Queue<ReadOnlyMemory<byte>> _received = new();

    // Segments that came before their turn, by sequence.
    private readonly Dictionary<long, TcpSegment> _early = [];
    private long _expectedSequence;
    private bool _isFinishArrived;

    public bool HasReceived => _received.Count > 0;

    /// <summary>Whether the peer's FIN is the next thing to read.</summary>
    public bool IsAtEnd => _isFinishArrived && _received.Count == 0;

    /// <summary>Moves received bytes to <paramref name="buffer"/>: a segment or, by chance, several. Reading opens the window.</summary>
    public int Read(Span<byte> buffer)
    {
        var count = 0;
        while (_received.TryPeek(out var segment) && count + segment.Length <= buffer.Length)
        {
            segment.Span.CopyTo(buffer[count..]);
            count += segment.Length;
            _received.Dequeue();
            if (Network.Random.Next(JoinSegmentsChance + 1) == 0)
            {
                break;
            }
        }

        Acknowledge(count);
        return count;
    }

    /// <summary>A segment for this connection arrived.</summary>
    public void Receive(TcpSegment segment)
    {
        if (segment.Kind == PacketKind.TcpReset)
        {
            Fail(IsServer || IsEstablished ? PeerReset : NobodyListens);
            return;
        }

        if (segment.Sequence >= _expectedSequence)
        {
            _early[segment.Sequence] = segment;
        }

        while (!_isGone && _early.Remove(_expectedSequence, out var next))
        {
            _expectedSequence++;
            ReceiveInOrder(next);
        }
    }

    private void ReceiveInOrder(TcpSegment segment)
    {
        switch (segment.Kind)
        {
            case PacketKind.TcpAccept:
                Send(PacketKind.TcpConfirm, _nextSequence++);
                Establish();
                break;
            case PacketKind.TcpConfirm:
                Establish();
                break;
            case PacketKind.TcpData:
                ReceiveData(segment.Bytes);
                break;
            case PacketKind.TcpFinish:
                _isFinishArrived = true;
                Acknowledge(0, isFinish: true);
                Owner?.OnSocketChanged();
                ForgetWhenOver();
                break;
        }
    }

    private void ReceiveData(ReadOnlyMemory<byte> bytes)
    {
        if (_isReleased)
        {
            Acknowledge(bytes.Length);
            return;
        }

        _received.Enqueue(bytes);
        Owner?.OnSocketChanged();
    }

    private void DropReceived()
    {
        var bytes = _received.Sum(segment => segment.Length);
        _received.Clear();
        Acknowledge(bytes);
    }
}

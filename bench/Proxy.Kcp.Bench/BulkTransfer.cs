using System.Buffers;

namespace Proxy.Kcp.Bench;

/// <summary>
/// Data one way over a link of ten turns each way; a turn is a millisecond, and the sender fills its window. Datagrams lie in a fixed ring,
/// so the link allocates nothing.
/// </summary>
internal sealed class BulkTransfer(KcpSettings settings, int loseEvery, ArrayPool<byte> pool) : IDisposable
{
    public const int PayloadBytes = 1226;

    private const uint LatencyTurns = 10;

    private readonly KcpEngine _sender = new(0, settings, pool);
    private readonly KcpEngine _receiver = new(0, settings, pool);
    private readonly Link _toReceiver = new();
    private readonly Link _toSender = new();
    private readonly byte[] _bytes = new byte[64 * PayloadBytes];
    private uint _turn;
    private long _datagrams;
    private long _received;

    public long Resent => _sender.Statistics.Resends;

    public void Run(int segments)
    {
        var end = _received + segments;
        while (_received < end)
        {
            _turn++;
            if (settings.Acknowledgement == KcpAcknowledgement.Own)
            {
                TurnWithOwnAcknowledgement();
            }
            else
            {
                TurnWithExternalAcknowledgement();
            }
        }
    }

    public void Dispose()
    {
        _sender.Dispose();
        _receiver.Dispose();
    }

    private void TurnWithOwnAcknowledgement()
    {
        while (_toSender.TryReceive(_turn, out var datagram, out _))
        {
            _sender.HandleDatagram(datagram, _turn);
        }

        Feed();
        while (_sender.TryGetDatagram(_turn, _toReceiver.Free, out var length))
        {
            if (!IsLost())
            {
                _toReceiver.Send(length, _turn + LatencyTurns, 0);
            }
        }

        while (_toReceiver.TryReceive(_turn, out var datagram, out _))
        {
            _receiver.HandleDatagram(datagram, _turn);
            Read();

            // As over a socket without batches: an answer to each datagram.
            while (_receiver.TryGetDatagram(_turn, _toSender.Free, out var length))
            {
                _toSender.Send(length, _turn + LatencyTurns, 0);
            }
        }
    }

    private void TurnWithExternalAcknowledgement()
    {
        while (_toSender.TryReceive(_turn, out var datagram, out var tag))
        {
            switch ((Answer)(tag >> 32))
            {
                case Answer.Acknowledged:
                    _sender.Acknowledged((uint)tag);
                    break;
                case Answer.Lost:
                    _sender.Lost((uint)tag);
                    break;
                default:
                    _sender.HandleDatagram(datagram, _turn);
                    break;
            }
        }

        Feed();
        while (_sender.TryGetSegment(_turn, _toReceiver.Free, out var output))
        {
            // The tunnel learns of a loss about when it would have learnt of the arrival.
            if (IsLost())
            {
                _toSender.Send(0, _turn + (2 * LatencyTurns), ((long)Answer.Lost << 32) | output.SequenceNumber);
            }
            else
            {
                _toReceiver.Send(output.LengthBytes, _turn + LatencyTurns, output.SequenceNumber);
            }
        }

        while (_toReceiver.TryReceive(_turn, out var datagram, out var number))
        {
            _receiver.HandleDatagram(datagram, _turn);
            _toSender.Send(0, _turn + LatencyTurns, ((long)Answer.Acknowledged << 32) | number);
            Read();
            while (_receiver.TryGetSegment(_turn, _toSender.Free, out var output))
            {
                _toSender.Send(output.LengthBytes, _turn + LatencyTurns, 0);
            }
        }
    }

    private void Feed()
    {
        while (_sender.Send(_bytes) == _bytes.Length)
        {
        }
    }

    private void Read()
    {
        while (_receiver.TryPeekReceived(out _))
        {
            _receiver.AdvanceReceived();
            _received++;
        }
    }

    private bool IsLost() => loseEvery > 0 && ++_datagrams % loseEvery == 0;

    private enum Answer
    {
        Segments,
        Acknowledged,
        Lost,
    }

    /// <summary>First in, first out. A datagram under way keeps its place until it is received.</summary>
    private sealed class Link
    {
        private const int Places = 8192;
        private const int MtuBytes = 1250;
        private readonly byte[] _datagrams = new byte[Places * MtuBytes];
        private readonly (int Length, uint Arrival, long Tag)[] _entries = new (int, uint, long)[Places];
        private int _head;
        private int _tail;

        public Span<byte> Free => _datagrams.AsSpan(_tail % Places * MtuBytes, MtuBytes);

        public void Send(int length, uint arrival, long tag)
        {
            _entries[_tail % Places] = (length, arrival, tag);
            _tail++;
        }

        public bool TryReceive(uint turn, out ReadOnlySpan<byte> datagram, out long tag)
        {
            var place = _head % Places;
            var (length, arrival, entryTag) = _entries[place];
            tag = entryTag;
            datagram = _datagrams.AsSpan(place * MtuBytes, length);
            if (_head == _tail || arrival > turn)
            {
                return false;
            }

            _head++;
            return true;
        }
    }
}

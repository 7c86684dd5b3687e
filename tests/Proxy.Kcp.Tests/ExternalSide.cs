using System.Buffers.Binary;

namespace Proxy.Kcp.Tests;

/// <summary>
/// An engine with external acknowledgement and, around it, the least a tunnel does: datagrams are numbered, each carries segments, the
/// numbers that arrived are told back, and what three later ones have overtaken, or what was not answered in time, is lost.
/// </summary>
internal sealed class ExternalSide(KcpSettings settings, SimulatedLink outbound, SimulatedLink inbound) : IDisposable
{
    private const int DatagramBytes = 1300;
    private const int NumberBytes = 8;
    private const int AnswerMilliseconds = 150;
    private const int Reordering = 3;
    private const int ToldNumbers = 64;
    private const long Answer = -1;

    private readonly SortedDictionary<long, Sent> _sent = [];
    private readonly Queue<long> _arrived = new();
    private readonly List<byte> _received = [];
    private readonly byte[] _buffer = new byte[DatagramBytes];
    private byte[] _toSend = [];
    private int _sentBytes;
    private long _nextNumber;
    private bool _owesAnswer;

    public CountingPool Pool { get; } = new();

    public KcpEngine Engine { get; private set; } = null!;

    public bool IsReading { get; set; } = true;

    public byte[] Received => [.. _received];

    public bool IsIdle => _sent.Count == 0 && !_owesAnswer && _sentBytes == _toSend.Length && Engine.QueuedSegments == 0;

    public void Start() => Engine = new KcpEngine(3, settings, Pool);

    public void Write(byte[] bytes) => _toSend = [.. _toSend, .. bytes];

    /// <summary>One millisecond: take what arrived, read, send what is due.</summary>
    public void Tick(long nowMilliseconds)
    {
        while (inbound.TryReceive(nowMilliseconds, out var datagram))
        {
            Handle(datagram, nowMilliseconds);
        }

        var unanswered = _sent.Where(sent => sent.Value.AtMilliseconds + AnswerMilliseconds <= nowMilliseconds).Select(sent => sent.Key);
        foreach (var number in unanswered.ToList())
        {
            ReportLost(number);
        }

        Read();
        _sentBytes += Engine.Send(_toSend.AsSpan(_sentBytes));
        SendAnswer(nowMilliseconds);
        SendSegments(nowMilliseconds);
    }

    public void Dispose()
    {
        Engine.Dispose();
        Assert.Equal(0, Pool.RentedBuffers);
    }

    private void Handle(byte[] datagram, long nowMilliseconds)
    {
        var number = BinaryPrimitives.ReadInt64LittleEndian(datagram);
        var body = datagram.AsSpan(NumberBytes);
        if (number != Answer)
        {
            var status = Engine.HandleDatagram(body, (uint)nowMilliseconds);
            Assert.True(status is KcpInputStatus.Handled or KcpInputStatus.BeyondWindow);
            if (status == KcpInputStatus.Handled)
            {
                _arrived.Enqueue(number);
                _owesAnswer = true;
            }

            return;
        }

        var largest = -1L;
        for (; body.Length > 0; body = body[NumberBytes..])
        {
            var told = BinaryPrimitives.ReadInt64LittleEndian(body);
            largest = Math.Max(largest, told);
            if (_sent.Remove(told, out var sent))
            {
                sent.Numbers.ForEach(segment => Engine.Acknowledged(segment));
            }
        }

        foreach (var overtaken in _sent.Keys.Where(key => key + Reordering <= largest).ToList())
        {
            ReportLost(overtaken);
        }
    }

    private void ReportLost(long number)
    {
        _sent.Remove(number, out var lost);
        lost!.Numbers.ForEach(segment => Engine.Lost(segment));
    }

    private void Read()
    {
        while (IsReading && Engine.TryPeekReceived(out var bytes))
        {
            _received.AddRange(bytes);
            Engine.AdvanceReceived();
        }
    }

    private void SendAnswer(long nowMilliseconds)
    {
        if (!_owesAnswer)
        {
            return;
        }

        _owesAnswer = false;
        while (_arrived.Count > ToldNumbers)
        {
            _arrived.Dequeue();
        }

        var answer = new byte[NumberBytes * (1 + _arrived.Count)];
        BinaryPrimitives.WriteInt64LittleEndian(answer, Answer);
        var offset = NumberBytes;
        foreach (var number in _arrived)
        {
            BinaryPrimitives.WriteInt64LittleEndian(answer.AsSpan(offset), number);
            offset += NumberBytes;
        }

        outbound.Send(answer, nowMilliseconds);
    }

    private void SendSegments(long nowMilliseconds)
    {
        while (Engine.NextSegmentBytes((uint)nowMilliseconds) > 0)
        {
            var length = NumberBytes;
            var sent = new Sent(nowMilliseconds, []);
            while (Engine.TryGetSegment((uint)nowMilliseconds, _buffer.AsSpan(length), out var output))
            {
                length += output.LengthBytes;
                if (output.Command == KcpCommand.Push)
                {
                    sent.Numbers.Add(output.SequenceNumber);
                }
            }

            BinaryPrimitives.WriteInt64LittleEndian(_buffer, _nextNumber);
            _sent.Add(_nextNumber++, sent);
            outbound.Send(_buffer.AsSpan(0, length), nowMilliseconds);
        }
    }

    private sealed record Sent(long AtMilliseconds, List<uint> Numbers);
}

namespace Proxy.Kcp.Tests;

/// <summary>An engine with an application in front of it, which writes what it is given and, while it reads, keeps what arrives.</summary>
internal sealed class KcpSide(KcpSettings settings, SimulatedLink outbound, SimulatedLink inbound) : IDisposable
{
    public const uint Conversation = 0x01020304;

    private readonly byte[] _datagram = new byte[KcpSettings.MaximumMtuBytes];
    private readonly List<byte> _received = [];
    private readonly Queue<byte[]> _messages = new();
    private byte[] _toSend = [];
    private int _sentBytes;

    public CountingPool Pool { get; } = new();

    public KcpEngine Engine { get; private set; } = null!;

    /// <summary>Whether the application reads.</summary>
    public bool IsReading { get; set; } = true;

    public byte[] Received => [.. _received];

    public int ReceivedBytes => _received.Count;

    public List<byte[]> ReceivedMessages { get; } = [];

    public List<KcpInputStatus> Refusals { get; } = [];

    /// <summary>The highest una that came with data.</summary>
    public uint MostConfirmedByData { get; private set; }

    public bool HasSentAll => _sentBytes == _toSend.Length && _messages.Count == 0;

    public void Start() => Engine = new KcpEngine(Conversation, settings, Pool);

    /// <summary>Forgets everything, as a process does that starts anew.</summary>
    public void Restart()
    {
        Engine.Dispose();
        _received.Clear();
        _toSend = [];
        _sentBytes = 0;
        Start();
    }

    /// <summary>The application has bytes to send; the engine gets them as it takes them.</summary>
    public void Write(params byte[] bytes)
    {
        _toSend = [.. _toSend[_sentBytes..], .. bytes];
        _sentBytes = 0;
        FeedEngine();
    }

    public void WriteMessage(byte[] message)
    {
        _messages.Enqueue(message);
        FeedEngine();
    }

    public void HandleArrivals(long elapsedMilliseconds, uint nowMilliseconds)
    {
        while (inbound.TryReceive(elapsedMilliseconds, out var datagram))
        {
            NoteConfirmation(datagram);
            var status = Engine.HandleDatagram(datagram, nowMilliseconds);
            if (status >= KcpInputStatus.TooShort)
            {
                Refusals.Add(status);
            }

            Read();
        }
    }

    public void Read()
    {
        if (!IsReading)
        {
            return;
        }

        if (!settings.StreamMode)
        {
            while (Engine.PeekMessageBytes() is { } length)
            {
                var message = new byte[length];
                Assert.True(Engine.TryReceiveMessage(message, out var received));
                Assert.Equal(length, received);
                ReceivedMessages.Add(message);
            }

            return;
        }

        while (Engine.TryPeekReceived(out var bytes))
        {
            _received.AddRange(bytes);
            Engine.AdvanceReceived();
        }
    }

    /// <summary>Puts on the link what is due; returns how many datagrams that was.</summary>
    public int Flush(long elapsedMilliseconds, uint nowMilliseconds)
    {
        FeedEngine();
        var count = 0;
        while (Engine.TryGetDatagram(nowMilliseconds, _datagram, out var length))
        {
            Assert.InRange(length, 1, settings.MtuBytes);
            outbound.Send(_datagram.AsSpan(0, length), elapsedMilliseconds);
            count++;
        }

        return count;
    }

    public void Dispose() => Engine.Dispose();

    private void NoteConfirmation(ReadOnlySpan<byte> datagram)
    {
        while (KcpSegment.TryRead(datagram, out var segment) && segment.PayloadBytes <= datagram.Length - KcpSegment.HeaderBytes)
        {
            MostConfirmedByData = segment.Command == KcpCommand.Push ? Math.Max(MostConfirmedByData, segment.Unacknowledged) : MostConfirmedByData;
            datagram = datagram[(KcpSegment.HeaderBytes + (int)segment.PayloadBytes)..];
        }
    }

    private void FeedEngine()
    {
        while (_messages.TryPeek(out var message) && Engine.SendMessage(message) == KcpMessageStatus.Queued)
        {
            _messages.Dequeue();
        }

        if (_sentBytes < _toSend.Length)
        {
            _sentBytes += Engine.Send(_toSend.AsSpan(_sentBytes));
        }
    }
}

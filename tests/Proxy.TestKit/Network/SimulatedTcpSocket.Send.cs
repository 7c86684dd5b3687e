namespace Proxy.TestKit;

internal sealed partial class SimulatedTcpSocket
{
    // The most that one segment takes, as with segmentation offload.
    private const int MaxSegmentBytes = 16 * 1024;

    // One segment in this many is tiny, so that headers are torn apart.
    private const int TinySegmentEvery = 8;
    private const int TinySegmentBytes = 16;

    private readonly Queue<ReadOnlyMemory<byte>> _pending = new();
    private long _nextSequence;

    // Bytes sent that the peer's application has not read, as far as we know.
    private int _unreadBytes;
    private bool _isFinishAsked;
    private bool _isFinishSent;

    // Whether the peer has had all our bytes and our FIN, as far as we know.
    private bool _isFinishHeard;

    /// <summary>Whether bytes wait here for the window.</summary>
    public bool HasPending => _pending.Count > 0;

    /// <summary>Whether kept bytes have all gone since the owner last asked.</summary>
    public bool IsDrained { get; set; }

    /// <summary>Takes all of <paramref name="bytes"/>. False: some wait for the window, and <see cref="IsDrained"/> follows.</summary>
    public bool Write(ReadOnlySpan<byte> bytes)
    {
        if (!_isGone && !bytes.IsEmpty)
        {
            _pending.Enqueue(bytes.ToArray());
            SendPending();
        }

        // A drain that the owner has not been told of yet is still owed, unless this write put it off.
        IsDrained &= !HasPending;
        return !HasPending;
    }

    /// <summary>Sends the FIN once all before it has been sent.</summary>
    public void ShutdownSend()
    {
        _isFinishAsked = true;
        FinishWhenSent();
    }

    private void FlushPending()
    {
        var hadPending = HasPending;
        SendPending();
        if (hadPending && !HasPending)
        {
            IsDrained = true;
            Owner?.OnSocketChanged();
        }

        FinishWhenSent();
    }

    private void SendPending()
    {
        while (IsEstablished && !_isGone && _pending.TryPeek(out var chunk))
        {
            var room = Network.TcpWindowBytes - _unreadBytes;
            if (room <= 0)
            {
                return;
            }

            while (chunk.Length > 0 && room > 0 && !_isGone)
            {
                var size = Math.Min(Math.Min(chunk.Length, room), NextSegmentSize());
                Send(PacketKind.TcpData, _nextSequence++, chunk[..size]);
                _unreadBytes += size;
                room -= size;
                chunk = chunk[size..];
            }

            // A rule may have crashed our host with the last segment.
            if (_isGone)
            {
                return;
            }

            _pending.Dequeue();
            if (chunk.Length > 0)
            {
                PutBack(chunk);
                return;
            }
        }
    }

    private int NextSegmentSize()
    {
        var random = Network.Random;
        return 1 + random.Next(random.Next(TinySegmentEvery) == 0 ? TinySegmentBytes : MaxSegmentBytes);
    }

    /// <summary>What is left of the first chunk becomes the first again.</summary>
    private void PutBack(ReadOnlyMemory<byte> rest)
    {
        var others = _pending.ToArray();
        _pending.Clear();
        _pending.Enqueue(rest);
        foreach (var other in others)
        {
            _pending.Enqueue(other);
        }
    }

    private void FinishWhenSent()
    {
        if (_isFinishAsked && !_isFinishSent && IsEstablished && !_isGone && !HasPending)
        {
            _isFinishSent = true;
            Send(PacketKind.TcpFinish, _nextSequence++);
        }
    }

    /// <summary>Tells the peer that our application has read bytes, or that its FIN was heard; the news takes the path's latency.</summary>
    private void Acknowledge(int readBytes, bool isFinish = false)
    {
        if (_peer is { } peer && _target is not null)
        {
            World.Agenda.AddAfter(Network.LatencyOf(_host, _target), () => peer.HandleAcknowledged(readBytes, isFinish));
        }
    }

    private void HandleAcknowledged(int readBytes, bool isFinish)
    {
        if (_isGone)
        {
            return;
        }

        _unreadBytes -= readBytes;
        _isFinishHeard |= isFinish;
        FlushPending();
        ForgetWhenOver();
    }

    private void Send(PacketKind kind, long sequence, ReadOnlyMemory<byte> bytes = default) =>
        Transmit(new TcpSegment(this, kind, Local, Remote, sequence, bytes) { FirstSent = World.Time.Elapsed });

    private void Transmit(TcpSegment segment)
    {
        segment.Attempts++;
        _host.SendSegment(_target!, segment);
    }
}

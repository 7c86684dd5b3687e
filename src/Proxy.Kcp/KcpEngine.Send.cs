namespace Proxy.Kcp;

/// <summary>
/// The send buffer: one ring of numbered segments. In flight are [first unacknowledged, next), queued are [next, end): a segment has its
/// number from the start, as nothing overtakes in a queue.
/// </summary>
public sealed partial class KcpEngine
{
    /// <summary>A peer with the reference's receive window of 128 must be able to hold a whole message.</summary>
    private const int MaximumFragments = 127;

    private SequenceRing<SendSlot> _sendRing = new();
    private uint _sendNext; // snd_nxt
    private uint _sendEnd;

    /// <summary>Segments not sent yet.</summary>
    public int QueuedSegments => (int)(_sendEnd - _sendNext);

    /// <summary>How many more segments the send buffer takes.</summary>
    public int FreeSendSegments => _settings.SendBufferSegments - QueuedOrInFlightSegments;

    /// <summary>The number the next new segment gets (snd_nxt): all before it were sent at least once.</summary>
    public uint SendNext => _sendNext;

    private int QueuedOrInFlightSegments => (int)(_sendEnd - _firstUnacknowledged);

    /// <summary>
    /// Stream mode: queues bytes, first into the last segment that waits to be sent, and returns how many were taken: fewer than given, or
    /// none, when the send buffer is full.
    /// </summary>
    public int Send(ReadOnlySpan<byte> bytes)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        ThrowUnlessStreamMode(true);
        var taken = FillLastQueued(bytes);
        while (taken < bytes.Length && FreeSendSegments > 0)
        {
            var chunk = bytes[taken..Math.Min(bytes.Length, taken + MaximumPayloadBytes)];
            Append(chunk, MaximumPayloadBytes, fragment: 0);
            taken += chunk.Length;
        }

        return taken;
    }

    /// <summary>Message mode: queues the whole message, which may be empty, or nothing.</summary>
    public KcpMessageStatus SendMessage(ReadOnlySpan<byte> message)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        ThrowUnlessStreamMode(false);
        var fragments = message.IsEmpty ? 1 : ((message.Length - 1) / MaximumPayloadBytes) + 1;
        if (fragments > Math.Min(MaximumFragments, _settings.SendBufferSegments))
        {
            return KcpMessageStatus.TooLarge;
        }

        if (fragments > FreeSendSegments)
        {
            return KcpMessageStatus.QueueFull;
        }

        for (var left = fragments - 1; left >= 0; left--)
        {
            var chunk = message[..Math.Min(message.Length, MaximumPayloadBytes)];
            Append(chunk, chunk.Length, (byte)left);
            message = message[chunk.Length..];
        }

        return KcpMessageStatus.Queued;
    }

    private void ThrowUnlessStreamMode(bool expected)
    {
        if (_settings.StreamMode != expected)
        {
            throw new InvalidOperationException(expected ? "The engine is in message mode." : "The engine is in stream mode.");
        }
    }

    private int FillLastQueued(ReadOnlySpan<byte> bytes)
    {
        if (_sendEnd == _sendNext)
        {
            return 0;
        }

        ref var last = ref _sendRing[_sendEnd - 1];
        var room = Math.Min(MaximumPayloadBytes, last.Buffer!.Length) - last.PayloadBytes;
        if (room <= 0)
        {
            return 0;
        }

        var chunk = bytes[..Math.Min(room, bytes.Length)];
        chunk.CopyTo(last.Buffer.AsSpan(last.PayloadBytes));
        last.PayloadBytes += chunk.Length;
        return chunk.Length;
    }

    private void Append(ReadOnlySpan<byte> payload, int capacityBytes, byte fragment)
    {
        _sendRing.Reserve(_firstUnacknowledged, QueuedOrInFlightSegments, QueuedOrInFlightSegments + 1);
        var buffer = _pool.Rent(capacityBytes);
        payload.CopyTo(buffer);
        _sendRing[_sendEnd++] = new SendSlot { Buffer = buffer, PayloadBytes = payload.Length, Fragment = fragment };
    }

    private void ReleaseSendBuffers()
    {
        for (var number = _firstUnacknowledged; number != _sendEnd; number++)
        {
            Return(ref _sendRing[number].Buffer);
        }

        _firstUnacknowledged = _sendNext = _sendEnd;
        _inFlightSegments = 0;
        _sendRing.Release();
        _due.Release();
    }
}

using Proxy.Protocol.Frames;
using Proxy.Protocol.Tunnels;

namespace Proxy.Tunnel;

/// <summary>What goes out: control first, then the streams in turn, a frame each, into a lane that is kept just full enough.</summary>
public sealed partial class TunnelEngine
{
    private readonly Queue<ControlFrame> _control = new();
    private readonly Queue<TunnelStream> _sendTurns = new();
    private readonly int _turnSegments;

    /// <summary>
    /// The next datagram that is due, at most the lane's mtu long; <paramref name="destination"/> has room for it. Call until false.
    /// A closed tunnel still gives out its last words.
    /// </summary>
    public bool TryGetDatagram(long nowMicroseconds, Span<byte> destination, out int length)
    {
        length = 0;
        if (_isSilent)
        {
            return false;
        }

        FillLane();
        if (!_lane.TryGetDatagram(ToMilliseconds(nowMicroseconds), destination, out length))
        {
            return false;
        }

        _statistics.DatagramsSent++;
        _statistics.DatagramBytesSent += length;
        return true;
    }

    /// <summary>When to call <see cref="HandleDeadline"/> and <see cref="TryGetDatagram"/> again; null: never, unless something happens.</summary>
    public long? NextDeadlineMicroseconds(long nowMicroseconds)
    {
        if (_isDisposed)
        {
            return null;
        }

        if (State == TunnelState.Closed)
        {
            return NextDeadlineAfterEnd(nowMicroseconds);
        }

        var next = _machine.IsHandshaking ? _handshakeDeadlineMicroseconds : long.MaxValue;
        next = Math.Min(next, _keepAlive?.DeadlineMicroseconds ?? long.MaxValue);
        next = Math.Min(next, LaneDeadlineMicroseconds(nowMicroseconds) ?? long.MaxValue);
        return next == long.MaxValue ? null : next;
    }

    private long? LaneDeadlineMicroseconds(long nowMicroseconds)
    {
        var now = ToMilliseconds(nowMicroseconds);
        return _lane.NextDeadlineMilliseconds(now) is { } due ? ((nowMicroseconds / 1000) + (int)(due - now)) * 1000 : null;
    }

    /// <summary>Whether the lane wants more and has place for a whole turn of a stream.</summary>
    private bool HasRoom => _lane.QueuedSegments < _settings.LaneBacklogSegments && _lane.FreeSendSegments >= _turnSegments;

    private bool HasControl => _control.Count > 0 || _farewell is not null;

    private bool IsControlCrowded => _control.Count >= _settings.MaximumControlFrames / 2;

    private void FillLane()
    {
        CloseIfDrained();
        Span<byte> frame = stackalloc byte[GoAwayFrame.MaxLengthBytes];
        while (HasRoom && _control.TryDequeue(out var control))
        {
            WriteToLane(frame[..control.Write(frame)]);
        }

        if (_farewell is not null && HasRoom)
        {
            WriteToLane(frame[..GoAwayFrame.Write(frame, _farewell)]);
            _farewell = null;
        }

        while (!HasControl && HasRoom && _sendTurns.TryDequeue(out var stream))
        {
            stream.IsInSendTurn = false;
            SendTurn(stream);
        }
    }

    private void SendTurn(TunnelStream stream)
    {
        if (!stream.Unsent.IsEmpty && !stream.Machine.IsPausedByPeer)
        {
            var chunk = stream.Unsent.Peek();
            chunk = chunk[..Math.Min(chunk.Length, _settings.FrameBytes)];
            WriteData(stream.Id, chunk);
            stream.Unsent.Advance(chunk.Length);
        }

        if (stream.Unsent.IsEmpty && stream.OwesDrained)
        {
            stream.OwesDrained = false;
            if (!stream.IsReleased)
            {
                _events.Enqueue(new PendingEvent(TunnelEventKind.SendDrained, stream.Id));
            }
        }

        if (stream.Unsent.IsEmpty && stream.OwesFin)
        {
            stream.OwesFin = false;
            ApplyTo(stream, stream.Machine.FinishLocally());
        }

        TakeSendTurn(stream);
        RemoveIfDone(stream);
    }

    /// <summary>Nobody waits before this stream, so its bytes need no queue as long as the lane has room. Returns what is left.</summary>
    private ReadOnlySpan<byte> SendAtOnce(TunnelStream stream, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty && HasRoom)
        {
            var chunk = bytes[..Math.Min(bytes.Length, _settings.FrameBytes)];
            WriteData(stream.Id, chunk);
            bytes = bytes[chunk.Length..];
        }

        return bytes;
    }

    private void WriteData(int streamId, ReadOnlySpan<byte> payload)
    {
        _statistics.BytesSent += payload.Length;
        Span<byte> header = stackalloc byte[FrameHeader.SizeBytes];
        DataFrame.WriteHeader(header, streamId, payload.Length, endsStream: false);
        WriteToLane(header);
        WriteToLane(payload);
    }

    private void WriteFin(int streamId)
    {
        Span<byte> frame = stackalloc byte[FrameHeader.SizeBytes];
        DataFrame.WriteFin(frame, streamId);
        WriteToLane(frame);
    }

    /// <summary>Whole, since <see cref="HasRoom"/> left place for it.</summary>
    private void WriteToLane(ReadOnlySpan<byte> bytes)
    {
        if (_lane.Send(bytes) != bytes.Length)
        {
            throw new InvalidOperationException("The lane had no room for a frame that was let through.");
        }
    }

    /// <summary>Queues a frame that overtakes all data which is not in the lane yet.</summary>
    private void WriteControl(FrameKind kind, long number = 0) => _control.Enqueue(new ControlFrame(kind, number));
}

using Proxy.Protocol.Frames;
using Proxy.Protocol.Tunnels;

namespace Proxy.Tunnel;

/// <summary>What goes out: control first, then the streams in turn, a frame each, into a lane that is kept just full enough.</summary>
public sealed partial class TunnelEngine
{
    /// <summary>
    /// The next datagram that is due, at most the lane's mtu long; <paramref name="destination"/> has room for it. Call until false.
    /// A closed tunnel still gives out its last words.
    /// </summary>
    public bool TryGetDatagram(long nowMicroseconds, Span<byte> destination, out int length)
    {
        length = 0;
        if (_isDisposed)
        {
            return false;
        }

        FillLane();
        return _lane.TryGetDatagram(ToMilliseconds(nowMicroseconds), destination, out length);
    }

    /// <summary>When to call <see cref="HandleDeadline"/> and <see cref="TryGetDatagram"/> again; null: never, unless something happens.</summary>
    public long? NextDeadlineMicroseconds(long nowMicroseconds)
    {
        if (_isDisposed || State == TunnelState.Closed)
        {
            return null;
        }

        var next = long.MaxValue;
        if (_machine.IsHandshaking)
        {
            next = _handshakeDeadlineMicroseconds;
        }

        if (_keepAlive is not null)
        {
            next = Math.Min(next, _keepAlive.DeadlineMicroseconds);
        }

        var now = ToMilliseconds(nowMicroseconds);
        if (_lane.NextDeadlineMilliseconds(now) is { } laneDeadline)
        {
            next = Math.Min(next, ((nowMicroseconds / 1000) + (int)(laneDeadline - now)) * 1000);
        }

        return next == long.MaxValue ? null : next;
    }

    private bool HasRoom => _lane.QueuedSegments < _settings.LaneBacklogSegments && _lane.FreeSendSegments > _settings.LaneBacklogSegments;

    private void FillLane()
    {
        while (!_control.IsEmpty && HasRoom)
        {
            var chunk = _control.Peek();
            _control.Advance(_lane.Send(chunk));
        }

        while (_control.IsEmpty && HasRoom && _sendTurns.TryDequeue(out var stream))
        {
            stream.IsInSendTurn = false;
            SendTurn(stream);
        }

        CloseIfDrained();
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

        if (stream.Unsent.IsEmpty && stream.OwesFin)
        {
            stream.OwesFin = false;
            WriteToLane(_frame.AsSpan(0, DataFrame.WriteFin(_frame, stream.Id)));
        }

        if (stream.Unsent.IsEmpty && stream.OwesDrained)
        {
            stream.OwesDrained = false;
            if (!stream.IsReleased)
            {
                _events.Enqueue(new PendingEvent(TunnelEventKind.SendDrained, stream.Id));
            }
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
        WriteToLane(_frame.AsSpan(0, DataFrame.WriteHeader(_frame, streamId, payload.Length, endsStream: false)));
        WriteToLane(payload);
    }

    /// <summary>A whole frame fits: <see cref="HasRoom"/> left more free segments than a frame has.</summary>
    private void WriteToLane(ReadOnlySpan<byte> bytes)
    {
        if (_lane.Send(bytes) != bytes.Length)
        {
            throw new InvalidOperationException("The lane had no room for a frame that was let through.");
        }
    }

    /// <summary>Queues the control frame that was just written to <see cref="_frame"/>. It overtakes all data that is not in the lane yet.</summary>
    private void WriteControl(int length) => _control.Append(_frame.AsSpan(0, length));

    /// <summary>Queues an answer that the peer provoked; one that provokes too many loses its tunnel.</summary>
    private void Reply(int length, long nowMicroseconds)
    {
        if (_replies.TryTake(nowMicroseconds))
        {
            WriteControl(length);
        }
        else
        {
            Apply(_machine.HandleMalformed(), "the peer provokes too many answers");
        }
    }
}

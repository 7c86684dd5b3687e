using Proxy.Protocol.Ends;
using Proxy.Protocol.Streams;
using Proxy.Protocol.Tunnels;

namespace Proxy.Tunnel;

/// <summary>
/// How a tunnel ends. Whoever ends it says GOAWAY and repeats that until it is acknowledged or <see cref="TunnelSettings.LastWordsTimeout"/>
/// is over. Whoever is told first lets the readers of streams that are complete have their bytes, as they owe the tunnel nothing more.
/// </summary>
public sealed partial class TunnelEngine
{
    private bool _isSilent;                       // whether nothing must go out any more
    private string? _farewell;                    // the text of a GOAWAY that waits for the lane
    private PendingEvent? _closedBehindReaders;   // the last event, held back while readers of complete streams still take bytes
    private long? _endMicroseconds;               // when the last words, or the readers, have had their time
    private uint? _drainMark;                     // the lane's number up to which all must be acknowledged before a drained tunnel closes

    /// <summary>Opens nothing more, refuses what the peer opens, and closes when the last stream has ended and all is acknowledged.</summary>
    public void Drain()
    {
        Apply(_machine.Drain(), "draining");
        CloseIfDrained();
    }

    /// <summary>Ends the tunnel and all its streams now, and tells the peer.</summary>
    public void Close(EndReason reason) => Apply(_machine.Close(reason), reason.Text());

    private void FailStreams(string text)
    {
        _control.Clear();
        _sendTurns.Clear();
        _events.Clear();
        var isToldByPeer = _machine.End == EndReason.PeerShutDown;
        var ended = _streams.Values.Where(stream => !(isToldByPeer && stream.IsWhole)).ToArray();
        var hasReaders = ended.Length < _streams.Count;
        foreach (var stream in ended)
        {
            _streams.Remove(stream.Id);
            var effects = stream.Machine.HandleTunnelFailed(_machine.End);
            stream.DropUnsent();
            DropReceived(stream);
            if (hasReaders && effects.Has(StreamEffects.Abort) && !stream.IsReleased)
            {
                _events.Enqueue(new PendingEvent(TunnelEventKind.StreamReset, stream.Id, _machine.End));
            }
        }

        _closedBehindReaders = new PendingEvent(TunnelEventKind.Closed, 0, _machine.End, text);
        AnnounceClosed();
    }

    /// <summary>Gives the last event free once no reader is left.</summary>
    private void AnnounceClosed()
    {
        if (_streams.Count == 0 && _closedBehindReaders is { } closed)
        {
            _closedBehindReaders = null;
            _events.Enqueue(closed);
        }
    }

    private void StopWaitingForReaders()
    {
        foreach (var stream in _streams.Values)
        {
            DropReceived(stream);
        }

        _streams.Clear();
        AnnounceClosed();
    }

    /// <summary>
    /// What the lane took must arrive before the GOAWAY may end it all. Answers given after the last stream ended are not waited for, or a peer
    /// that goes on asking would keep the tunnel.
    /// </summary>
    private void CloseIfDrained()
    {
        if (State != TunnelState.Draining || _streams.Count > 0)
        {
            return;
        }

        if (_control.Count == 0 && _lane.QueuedSegments == 0)
        {
            _drainMark ??= _lane.SendNext;
        }

        if (_drainMark is { } mark && (int)(_lane.SendUnacknowledged - mark) >= 0)
        {
            Apply(_machine.HandleLastStreamEnded(), "drained");
        }
    }

    /// <summary>The deadline of a tunnel that is over; null when it has nothing left to do.</summary>
    private long? NextDeadlineAfterEnd(long nowMicroseconds)
    {
        if (_closedBehindReaders is not null)
        {
            return _endMicroseconds ??= nowMicroseconds + ToMicroseconds(_settings.ReadersTimeout);
        }

        if (!HasUnacknowledged)
        {
            return null;
        }

        _endMicroseconds ??= nowMicroseconds + ToMicroseconds(_settings.LastWordsTimeout);
        return LaneDeadlineMicroseconds(nowMicroseconds) is { } lane ? Math.Min(lane, _endMicroseconds.Value) : _endMicroseconds;
    }

    private void HandleDeadlineAfterEnd(long nowMicroseconds)
    {
        if (_endMicroseconds is { } end && nowMicroseconds >= end)
        {
            StopWaitingForReaders();
            _isSilent = true;
        }
    }

    /// <summary>The peer cannot hear, or must not: our words would confirm to a restarted one what it never said.</summary>
    private void FallSilent(string text)
    {
        _isSilent = true;
        Apply(_machine.HandleTransportLost(), text);
    }
}

using Proxy.Protocol.Ends;
using Proxy.Protocol.Frames;
using Proxy.Protocol.Streams;
using Proxy.Protocol.Tunnels;
using Proxy.Tunnel.Native;

namespace Proxy.Tunnel;

/// <summary>
/// How a tunnel ends. Whoever ends it says so once, as its last frame; the carrier brings it there or breaks. Whoever is told lets the readers of
/// streams that are complete have their bytes.
/// </summary>
public sealed partial class OrderedTunnelEngine
{
    private bool _isSilent;                       // whether nothing must go out any more
    private string? _lastWords;                   // the text that goes with the end, when we ended it
    private PendingEvent? _closedBehindReaders;   // the last event, held back while readers of complete streams still take bytes
    private long? _endMicroseconds;               // when the readers, or last words that the carrier does not take, have had their time
    private long _drainEndsMicroseconds;          // when a peer that does not answer our drain has had its time
    private bool _hasPeerHeardOfDrain;

    /// <summary>Whether anything waits to be sent and is still worth it. What the carrier took is the carrier's.</summary>
    public bool HasUnacknowledged => !_isSilent
        && (State == TunnelState.Closed ? _lastWords is not null : _control.Count > 0 || _creditTurns.Count > 0 || _sendTurns.Count > 0);

    /// <summary>
    /// Opens nothing more and tells the peer so; streams that crossed that are still taken. Closes when the last stream has ended and, at a
    /// server, the client has said that it opens no more.
    /// </summary>
    public void Drain()
    {
        Apply(_machine.Drain(), "draining");
        CloseIfDrained();
    }

    /// <summary>Ends the tunnel and all its streams now, and tells the peer.</summary>
    public void Close(EndReason reason) => Apply(_machine.Close(reason), reason.Text());

    private void AnnounceDrain()
    {
        _drainEndsMicroseconds = _nowMicroseconds + ToMicroseconds(_settings.LastWordsTimeout);
        _control.Enqueue(new NativeControlFrame(FrameKind.GoAway, _lastPeerStreamId));
    }

    /// <summary>The peer takes no more streams. Whoever hears it first says the same back; it is over when the last stream is.</summary>
    private void HandlePeerDrains()
    {
        _hasPeerHeardOfDrain = true;
        Apply(_machine.Drain(), "the peer is draining");
        CloseIfDrained();
    }

    private void CloseIfDrained()
    {
        var mayMoreCome = _machine.Role == TunnelRole.Server && !_hasPeerHeardOfDrain && _nowMicroseconds < _drainEndsMicroseconds;
        if (State == TunnelState.Draining && _streams.Count == 0 && _control.Count == 0 && !mayMoreCome)
        {
            Apply(_machine.HandleLastStreamEnded(), "drained");
        }
    }

    private void FailStreams(string text)
    {
        DropFrames();
        _events.Clear();
        _receivedPackets.Clear();
        var isToldByPeer = _machine.End == EndReason.PeerShutDown;
        var ended = _streams.Values.Where(stream => !(isToldByPeer && stream.IsWhole)).ToArray();
        var hasReaders = ended.Length < _streams.Count;
        foreach (var stream in ended)
        {
            var effects = stream.Machine.HandleTunnelFailed(_machine.End);
            stream.DropUnsent();
            DropReceived(stream);
            Remove(stream);
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

    /// <summary>The deadline of a tunnel that is over; null when it has nothing left to do.</summary>
    private long? NextDeadlineAfterEnd(long nowMicroseconds)
    {
        if (_closedBehindReaders is not null)
        {
            return _endMicroseconds ??= nowMicroseconds + ToMicroseconds(_settings.ReadersTimeout);
        }

        return HasUnacknowledged ? _endMicroseconds ??= nowMicroseconds + ToMicroseconds(_settings.LastWordsTimeout) : null;
    }

    private void HandleDeadlineAfterEnd(long nowMicroseconds)
    {
        if (_endMicroseconds <= nowMicroseconds)
        {
            StopWaitingForReaders();
            _isSilent = true;
        }
    }

    private void StopWaitingForReaders()
    {
        foreach (var stream in _streams.Values.ToArray())
        {
            DropReceived(stream);
            Remove(stream);
        }

        AnnounceClosed();
    }
}

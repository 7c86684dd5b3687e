using Proxy.Protocol.Ends;
using Proxy.Protocol.Frames;
using Proxy.Protocol.Parts;
using Proxy.Protocol.Streams;
using Proxy.Protocol.Tunnels;
using Proxy.Tunnel.Native;

namespace Proxy.Tunnel;

/// <summary>
/// How a tunnel ends. Whoever ends it says so in a datagram, again after growing waits and whenever the peer still talks, until that is
/// acknowledged or <see cref="NativeTunnelSettings.LastWordsTimeout"/> is over. Whoever is told acknowledges it once, and lets the readers of
/// streams that are complete have their bytes.
/// </summary>
public sealed partial class NativeTunnelEngine
{
    private bool _isSilent;                       // whether nothing must go out any more
    private string? _lastWords;                   // the text that goes with the end, when we ended it
    private bool _owesLastWords;
    private int _lastWordsSaid;
    private long _lastWordsDueMicroseconds;
    private bool _owesFinalWord;                  // an acknowledgement of the peer's last words
    private PendingEvent? _closedBehindReaders;   // the last event, held back while readers of complete streams still take bytes
    private long? _endMicroseconds;               // when the last words, or the readers, have had their time
    private long _servesCrossedUntil;             // draining: streams opened before the peer heard of it are taken until then

    /// <summary>Whether anything we sent is not acknowledged yet, or waits to be sent, and is still worth it.</summary>
    public bool HasUnacknowledged => !_isSilent
        && (State == TunnelState.Closed ? _lastWords is not null || _owesFinalWord : _sent.DatagramsInFlight > 0 || _activeLanes != 0);

    /// <summary>
    /// Opens nothing more and tells the peer so; streams that crossed that are still taken for a moment. Closes when the last stream has ended
    /// and all is acknowledged.
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
        _servesCrossedUntil = _nowMicroseconds + (2 * _roundTrip.ProbeTimeoutMicroseconds);
        Queue(_lanes[0], new NativeControlFrame(FrameKind.GoAway, _lanes.Max(lane => lane.LastPeerStreamId)));
    }

    /// <summary>The peer takes no more streams. Whoever hears it first says the same back; it is over when the last stream is.</summary>
    private void HandlePeerDrains()
    {
        Apply(_machine.Drain(), "the peer is draining");
        CloseIfDrained();
    }

    private void CloseIfDrained()
    {
        if (State != TunnelState.Draining || _streams.Count > 0 || (_machine.Role == TunnelRole.Server && _nowMicroseconds < _servesCrossedUntil))
        {
            return;
        }

        foreach (var lane in _lanes)
        {
            if (!lane.IsSettled)
            {
                return;
            }
        }

        Apply(_machine.HandleLastStreamEnded(), "drained");
    }

    private void FailStreams(string text)
    {
        foreach (var lane in _lanes)
        {
            lane.DropFrames();
        }

        _activeLanes = _blockedLanes = 0;
        _events.Clear();
        DropPackets();
        var isToldByPeer = _machine.End == EndReason.PeerShutDown;
        var ended = _streams.Values.Where(stream => !(isToldByPeer && stream.IsWhole)).ToArray();
        var hasReaders = ended.Length < _streams.Count;
        foreach (var stream in ended)
        {
            var effects = stream.Machine.HandleTunnelFailed(_machine.End);
            DropUnsent(stream);
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

    private void StopWaitingForReaders()
    {
        foreach (var stream in _streams.Values.ToArray())
        {
            DropReceived(stream);
            Remove(stream);
        }

        AnnounceClosed();
    }

    private void BeginLastWords(string text)
    {
        _lastWords = text;
        _owesLastWords = true;
    }

    private bool TryWriteLastWords(Span<byte> buffer, out DatagramBatch batch)
    {
        batch = default;
        if (!_owesLastWords && !_owesFinalWord)
        {
            return false;
        }

        var body = buffer[IDatagramSeal.HeaderBytes..(NativeTunnelSettings.LeastDatagramBytes - IDatagramSeal.TagBytes)];
        var datagram = new SentDatagram { SentMicroseconds = _nowMicroseconds };
        var length = WriteAcknowledgement(body, canRide: true, ref datagram, _nowMicroseconds);
        if (_owesLastWords)
        {
            length += ClosePart.Write(body[length..], _machine.End, _lastWords!);
            datagram.IsInFlight = datagram.IsLastWords = true;
            _lastWordsDueMicroseconds = _nowMicroseconds + (_roundTrip.ProbeTimeoutMicroseconds << Math.Min(_lastWordsSaid++, MostDoublings));
        }

        _isSilent = _owesFinalWord;
        _owesLastWords = _owesFinalWord = false;
        if (length == 0)
        {
            return false;
        }

        length = Seal(buffer[..(length + IDatagramSeal.OverheadBytes)], ref datagram);
        batch = new DatagramBatch(length, length, _path);
        return true;
    }

    /// <summary>The deadline of a tunnel that is over; null when it has nothing left to do.</summary>
    private long? NextDeadlineAfterEnd(long nowMicroseconds)
    {
        if (_closedBehindReaders is not null)
        {
            _endMicroseconds ??= nowMicroseconds + ToMicroseconds(_settings.ReadersTimeout);
        }

        if (_lastWords is null || _isSilent)
        {
            return _closedBehindReaders is null ? null : _endMicroseconds;
        }

        _endMicroseconds ??= nowMicroseconds + ToMicroseconds(_settings.LastWordsTimeout);
        return Math.Min(_endMicroseconds.Value, _lastWordsDueMicroseconds);
    }

    private void HandleDeadlineAfterEnd(long nowMicroseconds)
    {
        if (_endMicroseconds is { } end && nowMicroseconds >= end)
        {
            StopWaitingForReaders();
            _isSilent = true;
        }

        _owesLastWords |= _lastWords is not null && nowMicroseconds >= _lastWordsDueMicroseconds;
    }

    /// <summary>The peer cannot hear.</summary>
    private void FallSilent(string text)
    {
        _isSilent = true;
        Apply(_machine.HandleTransportLost(), text);
    }
}

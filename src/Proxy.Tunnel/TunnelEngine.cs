using System.Buffers;
using Proxy.Kcp;
using Proxy.Protocol.Ends;
using Proxy.Protocol.Frames;
using Proxy.Protocol.Streams;
using Proxy.Protocol.Tunnels;

namespace Proxy.Tunnel;

/// <summary>
/// One end of a tunnel in the dialect of vproxy: frames over one KCP conversation, many streams inside. No socket, thread, clock or
/// randomness; not thread-safe. Times are microseconds of one monotonic clock. Whatever a peer sends ends in a value, never in an exception.
/// <para>
/// Queries: <see cref="State"/>, <see cref="ActiveStreams"/>, <see cref="Statistics"/> … change nothing.
/// Handle…: <see cref="HandleDatagram"/>, <see cref="HandleRefused"/>, <see cref="HandleDeadline"/> take what network and time bring.
/// Commands: <see cref="Start"/>, <see cref="OpenStream"/>, <see cref="Send"/>, <see cref="FinishSending"/>, <see cref="SetReceiving"/>,
/// <see cref="ResetStream"/>, <see cref="ReleaseStream"/>, <see cref="Drain"/>, <see cref="Close"/>.
/// Outputs: <see cref="TryGetEvent"/>, <see cref="TryGetDatagram"/>, <see cref="NextDeadlineMicroseconds"/>.
/// </para>
/// <para>
/// Order of calls: after every input or batch of inputs take events until there is none (commands may be given while doing so), then
/// datagrams until there is none, both again while <see cref="HasEvents"/>, then ask for the deadline. There is no tick: an idle tunnel has
/// no deadline but its keepalive.
/// </para>
/// <para>
/// Memory: this dialect has no credit, all streams share one ordered lane. The lane never closes because of a reader: what a stalled reader
/// does not take is kept here, its sender is asked to pause (<see cref="PauseToggleFrame"/>), and where that is not understood the stream is
/// reset at <see cref="TunnelSettings.StreamReceiveLimitBytes"/>; all streams together hold <see cref="TunnelSettings.TunnelReceiveLimitBytes"/>.
/// What we send is bounded by the owner, who stops its source while <see cref="Send"/> says false.
/// </para>
/// </summary>
public sealed partial class TunnelEngine : IDisposable
{
    private readonly TunnelSettings _settings;
    private readonly ArrayPool<byte> _pool;
    private readonly KcpEngine _lane;
    private readonly FrameReader _reader;
    private readonly Dictionary<int, TunnelStream> _streams = [];
    private readonly Queue<PendingEvent> _events = new();
    private readonly long _handshakeDeadlineMicroseconds;
    private TunnelMachine _machine;
    private TunnelStatistics _statistics;
    private KeepAlive? _keepAlive;
    private bool _isDisposed;

    public TunnelEngine(TunnelRole role, TunnelSettings settings, ArrayPool<byte> pool, long nowMicroseconds)
    {
        settings.Validate();
        _machine = new TunnelMachine(role);
        _settings = settings;
        _pool = pool;
        _lane = new KcpEngine(0, settings.Kcp, pool);
        _reader = new FrameReader(pool);
        _opens = new RateBudget(settings.OpensPerSecond, settings.MaximumStreams, nowMicroseconds);
        _replies = new RateBudget(settings.RepliesPerSecond, settings.RepliesPerSecond, nowMicroseconds);
        _handshakeDeadlineMicroseconds = nowMicroseconds + ToMicroseconds(settings.HandshakeTimeout);
        _nextStreamId = settings.FirstStreamId;
        _turnSegments = settings.TurnSegments;
    }

    public TunnelState State => _machine.State;

    /// <summary>Whether <see cref="OpenStream"/> may be called now.</summary>
    public bool CanOpen => _machine.CanOpen && _streams.Count < _settings.MaximumStreams && !IsControlCrowded && !_isDisposed;

    /// <summary>Whether <see cref="TryGetEvent"/> has something; sending can make it so (<see cref="TunnelEventKind.SendDrained"/>).</summary>
    public bool HasEvents => _events.Count > 0 || _deliveryTurns.Count > 0;

    /// <summary>Streams that exist here, those still being cleaned up included.</summary>
    public int ActiveStreams => _streams.Count;

    /// <summary>Received bytes that wait for slow readers.</summary>
    public long ReceivedBytesWaiting { get; private set; }

    public ref readonly TunnelStatistics Statistics => ref _statistics;

    public TunnelCounters Counters => new()
    {
        Streams = _statistics.StreamsOpened,
        StreamsRefused = _statistics.StreamsRefused,
        PayloadBytesSent = _statistics.BytesSent,
        PayloadBytesReceived = _statistics.BytesReceived,
        DatagramsSent = _statistics.DatagramsSent,
        DatagramsReceived = _statistics.DatagramsReceived,
        DatagramBytesSent = _statistics.DatagramBytesSent,
        DatagramBytesReceived = _statistics.DatagramBytesReceived,
        DatagramsMalformed = _statistics.DatagramsMalformed,
        SegmentsSent = _lane.Statistics.SegmentsSent,
        SegmentsReceived = _lane.Statistics.SegmentsReceived,
        SegmentsRepeated = _lane.Statistics.Duplicates,
        ResentFast = _lane.Statistics.FastResends,
        ResentEarly = _lane.Statistics.EarlyResends,
        ResentTimeout = _lane.Statistics.TimeoutResends,
    };

    /// <summary>A datagram at most.</summary>
    public int DatagramBytes => _lane.MtuBytes;

    /// <summary>Whether the peer has acknowledged anything: then it is where its datagrams say it is.</summary>
    public bool IsPeerConfirmed => _lane.SendUnacknowledged != _settings.Kcp.InitialSequenceNumber;

    /// <summary>Smoothed round trip, milliseconds; 0 before the first measurement.</summary>
    public int RoundTripMilliseconds => _lane.SmoothedRoundTripMilliseconds;

    /// <summary>Whether anything we sent is not acknowledged yet, or waits to be sent, and is still worth it.</summary>
    public bool HasUnacknowledged => !_isSilent && (_lane.InFlightSegments > 0 || _lane.QueuedSegments > 0 || HasControl);

    /// <summary>Client: sends the handshake. Server: waits for it.</summary>
    public void Start() => Apply(_machine.Start(), "");

    /// <summary>Returns every buffer to the pool. The engine takes and gives nothing afterwards.</summary>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        _isSilent = true;
        foreach (var stream in _streams.Values)
        {
            stream.DropUnsent();
            DropReceived(stream);
        }

        _streams.Clear();
        _events.Clear();
        _sendTurns.Clear();
        _deliveryTurns.Clear();
        _control.Clear();
        _reader.Dispose();
        _lane.Dispose();
    }

    private void Apply(TunnelEffects effects, string text)
    {
        if (_isDisposed)
        {
            return;
        }

        if (effects.Has(TunnelEffects.SendSettings))
        {
            WriteControl(FrameKind.Settings);
        }

        if (effects.Has(TunnelEffects.BecameReady))
        {
            _events.Enqueue(new PendingEvent(TunnelEventKind.Ready));
        }

        if (effects.Has(TunnelEffects.StopOpening))
        {
            _events.Enqueue(new PendingEvent(TunnelEventKind.Draining, Text: text));
        }

        if (effects.Has(TunnelEffects.FailStreams))
        {
            FailStreams(text);
        }

        if (effects.Has(TunnelEffects.SendGoAway))
        {
            _farewell = text;
        }
    }

    private static long ToMicroseconds(TimeSpan time) => time.Ticks / TimeSpan.TicksPerMicrosecond;

    private static uint ToMilliseconds(long microseconds) => (uint)(microseconds / 1000);

    private readonly record struct PendingEvent(TunnelEventKind Kind, int StreamId = 0, EndReason Reason = EndReason.None, string Text = "");
}

using System.Buffers;
using Proxy.Protocol.Announcements;
using Proxy.Protocol.Ends;
using Proxy.Protocol.Frames;
using Proxy.Protocol.Tunnels;
using Proxy.Tunnel.Native;
using Proxy.Tunnel.Ordered;
using Proxy.Tunnel.Packets;

namespace Proxy.Tunnel;

/// <summary>
/// One end of a tunnel over one ordered stream of bytes (TCP, TLS), from the end of its handshake on: the frames of the native dialect and
/// nothing else. No socket, thread, clock or randomness of its own; not thread-safe. Times are microseconds of one monotonic clock. Whatever a
/// peer sends ends in a value, never in an exception.
/// <para>
/// What <see cref="ITunnelEngine"/> calls datagrams are pieces of that stream here, cut anywhere, given and taken in order and none twice: who
/// drives it has a carrier that sees to it. A carrier that holds enough says so (<see cref="SetBlocked"/>), one that ended too
/// (<see cref="HandleLost"/>).
/// </para>
/// <para>
/// Memory: what the peer can make us hold is the credit budget. What we send is bounded by the owner, who stops its source while
/// <see cref="Send"/> says false.
/// </para>
/// </summary>
public sealed partial class OrderedTunnelEngine : ITunnelEngine
{
    private readonly NativeTunnelSettings _settings;
    private readonly ArrayPool<byte> _pool;
    private readonly Dictionary<int, OrderedStream> _streams = [];
    private readonly Queue<PendingEvent> _events = new();
    private readonly CreditBudget _budget;
    private readonly RoundTrip _roundTrip;
    private readonly Liveness _liveness;
    private readonly FrameReader _reader;
    private readonly long _startedMicroseconds;
    private TunnelMachine _machine;
    private TunnelStatistics _statistics;
    private long _nowMicroseconds;
    private bool _isDisposed;

    /// <param name="role">Only the client opens streams.</param>
    /// <param name="settings">Lanes, sizes of datagrams and rates mean nothing here.</param>
    /// <param name="pool">For the buffers of streams.</param>
    /// <param name="random">For jitter; owned by the engine from now on.</param>
    /// <param name="nowMicroseconds">The present.</param>
    public OrderedTunnelEngine(TunnelRole role, NativeTunnelSettings settings, ArrayPool<byte> pool, Random random, long nowMicroseconds)
    {
        settings.Validate();
        _machine = new TunnelMachine(role);
        _settings = settings;
        _pool = pool;
        _nowMicroseconds = _startedMicroseconds = nowMicroseconds;
        _packets = new PacketQueues(pool);
        _receivedPackets = new ReceivedPackets(pool);
        _reader = new FrameReader(pool, FrameDialect.Native);
        _roundTrip = new RoundTrip(ToMicroseconds(settings.InitialRoundTrip));
        _budget = new CreditBudget(settings.CreditBudgetBytes, settings.MaximumStreams);
        _liveness = new Liveness(settings.KeepAlivePeriod, settings.DeadAfter, random, nowMicroseconds);
        _opens = new RateBudget(settings.OpensPerSecond, settings.MaximumStreams, nowMicroseconds);
        _replies = new RateBudget(settings.RepliesPerSecond, settings.RepliesPerSecond, nowMicroseconds);
        _announcements = new AnnouncementReader(role, nowMicroseconds);
        _nextStreamId = settings.FirstStreamId;
    }

    public TunnelState State => _machine.State;

    /// <summary>Whether <see cref="OpenStream"/> may be called now.</summary>
    public bool CanOpen => _machine.CanOpen && !_liveness.IsSuspect && _streams.Count < _settings.MaximumStreams && _budget.HasRoom
        && _control.Count < MaximumControlFrames / 2 && !_isDisposed;

    public bool HasEvents => _events.Count > 0 || _deliveryTurns.Count > 0 || _receivedPackets.HasWaiting;

    /// <summary>Whether something unanswered makes it doubtful that the peer is still there.</summary>
    public bool IsSuspect => _liveness.IsSuspect;

    /// <summary>Streams that exist here, those still being cleaned up included.</summary>
    public int ActiveStreams => _streams.Count;

    public long ReceivedBytesWaiting { get; private set; }

    /// <summary>What peers may still make us hold, and what they have, together.</summary>
    public long CreditBytes => _budget.UsedBytes;

    public ref readonly TunnelStatistics Statistics => ref _statistics;

    /// <summary>What the carrier cuts and repeats is not ours to count.</summary>
    public TunnelCounters Counters => new()
    {
        Streams = _statistics.StreamsOpened,
        StreamsRefused = _statistics.StreamsRefused,
        PayloadBytesSent = _statistics.BytesSent,
        PayloadBytesReceived = _statistics.BytesReceived,
        PacketsSent = _packetStatistics.Sent,
        PacketsReceived = _packetStatistics.Received,
        PacketsDropped = PacketStatistics.Dropped,
        PacketsTooLarge = _packetStatistics.TooLarge,
        Suspicions = _suspicions,
    };

    /// <summary>The buffer for <see cref="TryGetDatagrams"/> has room for that.</summary>
    public int DatagramBytes => PieceBytes;

    /// <summary>To a server, once the first byte has come: a carrier gives only what was authentic.</summary>
    public bool IsPeerConfirmed => !_machine.IsHandshaking;

    public int RoundTripMilliseconds => _roundTrip.IsMeasured ? (int)Math.Max(1, _roundTrip.SmoothedMicroseconds / 1000) : 0;

    /// <summary>The client's tunnel is ready with the handshake; the server's with the first byte, which proves that the client has its keys.</summary>
    public void Start()
    {
        Apply(_machine.Start(), "");
        if (_machine.Role == TunnelRole.Client)
        {
            BecomeReady();
        }
    }

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
            stream.DropReceived();
            GivePlaceBack();
        }

        _streams.Clear();
        _events.Clear();
        _deliveryTurns.Clear();
        DropFrames();
        _receivedPackets.Clear();
        _reader.Dispose();
    }

    private void BecomeReady()
    {
        Apply(_machine.HandleSettings(), "");
        AskNow();
    }

    private void Apply(TunnelEffects effects, string text)
    {
        if (_isDisposed)
        {
            return;
        }

        if (effects.Has(TunnelEffects.BecameReady))
        {
            _events.Enqueue(new PendingEvent(TunnelEventKind.Ready));
        }

        if (effects.Has(TunnelEffects.StopOpening))
        {
            AnnounceDrain();
            _events.Enqueue(new PendingEvent(TunnelEventKind.Draining, Text: text));
        }

        if (effects.Has(TunnelEffects.FailStreams))
        {
            FailStreams(text);
        }

        if (effects.Has(TunnelEffects.SendGoAway))
        {
            _lastWords = text;
        }
    }

    private static long ToMicroseconds(TimeSpan time) => time.Ticks / TimeSpan.TicksPerMicrosecond;

    // With its header a record of its own, so that streams take turns record by record.
    private const int PieceBytes = 16 * 1024;

    private readonly record struct PendingEvent(
        TunnelEventKind Kind, int StreamId = 0, EndReason Reason = EndReason.None, string Text = "", byte Distance = 0,
        TunnelAnnouncement? Announcement = null);
}

using System.Buffers;
using Proxy.Protocol.Announcements;
using Proxy.Protocol.Ends;
using Proxy.Protocol.Streams;
using Proxy.Protocol.Tunnels;
using Proxy.Tunnel.Native;
using Proxy.Tunnel.Native.Fec;
using Proxy.Tunnel.Packets;

namespace Proxy.Tunnel;

/// <summary>
/// One end of a tunnel in the native dialect, from the end of its handshake on: sealed datagrams that carry the segments of several lanes,
/// streams inside the lanes, one acknowledgement, one controller and one pacer for all. No socket, thread, clock or randomness of its own;
/// not thread-safe. Times are microseconds of one monotonic clock. Whatever a peer sends ends in a value, never in an exception.
/// <para>
/// Queries: <see cref="State"/>, <see cref="ActiveStreams"/>, <see cref="Statistics"/> … change nothing.
/// Handle…: <see cref="HandleDatagram"/>, <see cref="HandleRefused"/>, <see cref="HandleDeadline"/> take what network and time bring.
/// Commands: <see cref="Start"/>, <see cref="OpenStream"/>, <see cref="Send"/>, <see cref="FinishSending"/>, <see cref="SetReceiving"/>,
/// <see cref="ResetStream"/>, <see cref="ReleaseStream"/>, <see cref="Drain"/>, <see cref="Close"/>.
/// Outputs: <see cref="TryGetEvent"/>, <see cref="TryGetDatagrams"/>, <see cref="NextDeadlineMicroseconds"/>.
/// </para>
/// <para>
/// Order of calls: after every input or batch of inputs take events until there is none (commands may be given while doing so), then
/// datagrams until there are none, both again while <see cref="HasEvents"/>, then ask for the deadline. There is no tick: an idle tunnel has
/// no deadline but its keepalive.
/// </para>
/// <para>
/// Memory: what the peer can make us hold is the credit budget and the lanes' out-of-order limit. What we send is bounded by the owner, who
/// stops its source while <see cref="Send"/> says false.
/// </para>
/// </summary>
public sealed partial class NativeTunnelEngine : ITunnelEngine, IFrameSource, ISentObserver
{
    private readonly NativeTunnelSettings _settings;
    private readonly ArrayPool<byte> _pool;
    private readonly IDatagramSeal _seal;
    private readonly Lane[] _lanes;
    private readonly Dictionary<int, NativeStream> _streams = [];
    private readonly Queue<PendingEvent> _events = new();
    private readonly CreditBudget _budget;
    private readonly RoundTrip _roundTrip;
    private readonly ICongestionController _controller;
    private readonly Liveness _liveness;
    private TunnelMachine _machine;
    private TunnelStatistics _statistics;
    private NativeStatistics _nativeStatistics;
    private long _nowMicroseconds;
    private bool _isDisposed;

    /// <param name="role">Only the client opens streams.</param>
    /// <param name="settings">The same number of lanes at both ends.</param>
    /// <param name="seal">With the keys of the handshake. Not disposed here.</param>
    /// <param name="peer">Where the handshake's datagrams came from.</param>
    /// <param name="pool">For buffers of datagrams and streams.</param>
    /// <param name="random">For jitter and path tokens; owned by the engine from now on.</param>
    /// <param name="nowMicroseconds">The present.</param>
    public NativeTunnelEngine(
        TunnelRole role,
        NativeTunnelSettings settings,
        IDatagramSeal seal,
        PathAddress peer,
        ArrayPool<byte> pool,
        Random random,
        long nowMicroseconds)
    {
        settings.Validate();
        _machine = new TunnelMachine(role);
        _settings = settings;
        _seal = seal;
        _pool = pool;
        _nowMicroseconds = nowMicroseconds;
        _path = peer;
        _candidates = new PathCandidates(random);
        _size = new DatagramSize(settings.MaximumDatagramBytes);
        _pieces = new PieceStore(pool);
        _packets = new PacketQueues(pool);
        _receivedPackets = new ReceivedPackets(pool);
        _assembly = new PacketAssembly(pool);
        _earlyPackets = new EarlyPackets(pool);
        _lanes = new Lane[1 + settings.UserLanes];
        for (var index = 0; index < _lanes.Length; index++)
        {
            _lanes[index] = new Lane(index, settings.LaneWindowSegments, settings.MaximumDatagramBytes, pool);
        }

        _roundTrip = new RoundTrip(ToMicroseconds(settings.InitialRoundTrip));
        _budget = new CreditBudget(settings.CreditBudgetBytes, settings.MaximumStreams);
        _controller = settings.FixedBytesPerSecond > 0
            ? new FixedRateController(settings.FixedBytesPerSecond)
            : new BandwidthController(NativeTunnelSettings.LeastDatagramBytes, _roundTrip.SmoothedMicroseconds, random);
        _liveness = new Liveness(settings.KeepAlivePeriod, settings.DeadAfter, random, nowMicroseconds);
        _opens = new RateBudget(settings.OpensPerSecond, settings.MaximumStreams, nowMicroseconds);
        _replies = new RateBudget(settings.RepliesPerSecond, settings.RepliesPerSecond, nowMicroseconds);
        _fecReceiver = new FecReceiver(pool, settings.MaximumDatagramBytes, _received);
        _fecPolicy = PolicyOf(settings);
        _fecSender = _fecPolicy is null ? null : new FecSender(_fecPolicy, pool, settings.MaximumDatagramBytes);
        _announcements = new AnnouncementReader(role, nowMicroseconds);
        _nextOfLane = new long[_lanes.Length];
        SetFirstIds(settings.FirstStreamId);
    }

    public TunnelState State => _machine.State;

    /// <summary>Whether <see cref="OpenStream"/> may be called now.</summary>
    public bool CanOpen => _machine.CanOpen && !_liveness.IsSuspect && !_isDisposed
        && _streams.Count < _settings.MaximumStreams && _budget.HasRoom && !IsControlCrowded;

    /// <summary>Whether <see cref="TryGetEvent"/> has something; sending can make it so (<see cref="TunnelEventKind.SendDrained"/>).</summary>
    public bool HasEvents => _events.Count > 0 || _deliveryTurns.Count > 0 || _receivedPackets.HasWaiting || (_lanesToRead != 0 && State != TunnelState.Closed);

    /// <summary>Whether something unanswered makes it doubtful that the peer is still there.</summary>
    public bool IsSuspect => _liveness.IsSuspect;

    /// <summary>Streams that exist here, those still being cleaned up included.</summary>
    public int ActiveStreams => _streams.Count;

    /// <summary>Received bytes that wait for slow readers.</summary>
    public long ReceivedBytesWaiting { get; private set; }

    /// <summary>Received bytes that wait for lost ones before them.</summary>
    public long OutOfOrderBytes { get; private set; }

    /// <summary>What peers may still make us hold, and what they have, together.</summary>
    public long CreditBytes => _budget.UsedBytes;

    public ref readonly TunnelStatistics Statistics => ref _statistics;

    public ref readonly NativeStatistics NativeStatistics => ref _nativeStatistics;

    /// <summary>A datagram at most: the buffer for <see cref="TryGetDatagrams"/> has room for one of it.</summary>
    public int DatagramBytes => _settings.MaximumDatagramBytes;

    /// <summary>Whether the peer has answered from where it says it is. The handshake saw to that.</summary>
    public bool IsPeerConfirmed => true;

    /// <summary>Smoothed round trip, milliseconds; 0 before the first measurement.</summary>
    public int RoundTripMilliseconds => _roundTrip.IsMeasured ? (int)Math.Max(1, _roundTrip.SmoothedMicroseconds / 1000) : 0;

    /// <summary>What the path is believed to carry; 0 before anything is known.</summary>
    public double BandwidthBytesPerSecond => _controller.BandwidthBytesPerSecond;

    /// <summary>How fast datagrams leave at most.</summary>
    public double PacingBytesPerSecond => _controller.PacingBytesPerSecond;

    /// <summary>The controller's phase, in words.</summary>
    public string CongestionPhase => _controller.Phase;

    public long BytesInFlight => _sent.BytesInFlight;

    public long CongestionWindowBytes => _controller.WindowBytes;

    /// <summary>The handshake is done: the tunnel is ready.</summary>
    public void Start()
    {
        Apply(_machine.Start(), "");
        Apply(_machine.HandleSettings(), "");
        if (_machine.Role == TunnelRole.Client)
        {
            // To the server a tunnel is half open until something came through it.
            _liveness.AskNow(_nowMicroseconds);
            HandleLivenessTimer(_nowMicroseconds);
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
        _gatheredFor = null;
        ReturnGathered();
        DropPackets();
        _pieces.Dispose();
        _fecSender?.Dispose();
        _fecReceiver.Dispose();
        foreach (var lane in _lanes)
        {
            lane.Dispose();
        }
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
            BeginLastWords(text);
        }
    }

    /// <summary>News of the tunnel itself; its end is the last.</summary>
    private void Tell(TunnelEventKind kind, string text)
    {
        if (State != TunnelState.Closed)
        {
            _events.Enqueue(new PendingEvent(kind, Text: text));
        }
    }

    private static long ToMicroseconds(TimeSpan time) => time.Ticks / TimeSpan.TicksPerMicrosecond;

    private static uint ToMilliseconds(long microseconds) => (uint)(microseconds / 1000);

    private readonly record struct PendingEvent(
        TunnelEventKind Kind, int StreamId = 0, EndReason Reason = EndReason.None, string Text = "", byte Distance = 0,
        TunnelAnnouncement? Announcement = null);
}

namespace Proxy.Transport.Relays;

/// <summary>
/// The two byte pumps between two channels of one loop, without a message per byte: what one side receives is sent on the other in the same
/// turn; what the other cannot take pauses the first until it has gone. Ends of stream are passed on one by one (half-close), a reset arrives
/// as a reset. For the loop's thread only.
/// </summary>
/// <remarks>
/// Order of use: make it, <see cref="Start"/> once, then queries and <see cref="Abort"/>. From <see cref="Start"/> on the relay owns both
/// channels. Bytes that the owner has sent on a channel before are waited for, and not counted.
/// </remarks>
public sealed partial class Relay
{
    private readonly IIoLoop _loop;
    private readonly IRelayObserver _observer;
    private readonly Leg _client;
    private readonly Leg _upstream;
    private RelayEnd? _end;

    public Relay(IIoLoop loop, IChannel client, IChannel upstream, RelaySettings settings, IRelayObserver observer)
    {
        ArgumentNullException.ThrowIfNull(loop);
        ArgumentNullException.ThrowIfNull(settings);
        (_loop, _observer, _settings) = (loop, observer, settings);
        _client = new Leg(this, RelaySide.Client, client);
        _upstream = new Leg(this, RelaySide.Upstream, upstream);
        (_client.Other, _upstream.Other) = (_upstream, _client);
        CarriesPackets = settings.CarriesPackets && client is IPacketChannel && upstream is IPacketChannel;
        _limit = loop.CreateDeadline(OnLimit);
    }

    public long BytesFromClient => _client.ReceivedBytes;

    public long BytesFromUpstream => _upstream.ReceivedBytes;

    public long PacketsFromClient => _client.ReceivedPackets;

    public long PacketsFromUpstream => _upstream.ReceivedPackets;

    /// <summary>Packets that the other side did not take: too large, too many, or not now.</summary>
    public long PacketsLost { get; private set; }

    public RelayDirectionState FromClient => _client.State;

    public RelayDirectionState FromUpstream => _upstream.State;

    private bool CarriesPackets { get; }

    /// <summary>Whether the relay is over; then <see cref="IRelayObserver.OnEnded"/> was called or is about to be.</summary>
    public bool HasEnded => _end is not null;

    /// <param name="early">What the client had sent before the relay had its channel: it goes first, and counts as received.</param>
    /// <param name="earlyFromUpstream">The same of the upstream.</param>
    public void Start(ReadOnlySpan<byte> early = default, ReadOnlySpan<byte> earlyFromUpstream = default)
    {
        BeginLimits();
        _client.PassEarly(early);
        _upstream.PassEarly(earlyFromUpstream);
        _client.Start();
        _upstream.Start();
    }

    /// <summary>Resets both sides. <see cref="IRelayObserver.OnEnded"/> follows in a later turn.</summary>
    public void Abort()
    {
        if (TryEnd(RelayEndKind.AbortedByOwner, default))
        {
            AbortBoth();
            _loop.Post(new EndNotice(this));
        }
    }

    /// <summary>How long no byte has moved. Any thread; a moment late.</summary>
    public TimeSpan QuietFor(long nowMicroseconds) =>
        TimeSpan.FromMicroseconds(Math.Max(0, nowMicroseconds - Interlocked.Read(ref _lastActivityMicroseconds)));

    /// <summary>
    /// Ends both sides in good order if no byte has moved for that long, none is kept, and neither side has finished: who has finished waits for
    /// an answer. From any thread; it happens, or not, in a later turn of the loop.
    /// </summary>
    public void CloseIfQuiet(TimeSpan quiet) => _loop.Post(new Closing(this, quiet));

    private void TryCloseQuiet(TimeSpan quiet)
    {
        if (FromClient != RelayDirectionState.Flowing || FromUpstream != RelayDirectionState.Flowing || QuietFor(_loop.NowMicroseconds) < quiet
            || !TryEnd(RelayEndKind.ClosedByOwner, default))
        {
            return;
        }

        CloseBoth();
    }

    private void HandleEndOfStream(Leg leg)
    {
        if (!leg.Other.HasEnded)
        {
            SetLimit();
            _observer.OnHalfClosed(leg.Side);
        }
    }

    /// <summary>
    /// Ends the relay when both directions have ended and all has gone. Closing the channels ends whatever direction has not been told yet.
    /// </summary>
    private bool TryComplete()
    {
        if (FromClient != RelayDirectionState.Ended || FromUpstream != RelayDirectionState.Ended || !TryEnd(RelayEndKind.Completed, default))
        {
            return false;
        }

        CloseBoth();
        return true;
    }

    private void HandleFailed(Leg leg, TransportFault fault)
    {
        // Both have said all they had to say, and this side has been given everything: how it goes away no longer matters. What it sent may
        // still be on its way to the other.
        if (leg.HasEnded && leg.Other.State == RelayDirectionState.Ended)
        {
            return;
        }

        EndWithReset(leg.Side == RelaySide.Client ? RelayEndKind.ClientFailed : RelayEndKind.UpstreamFailed, fault);
    }

    private void EndWithReset(RelayEndKind kind, TransportFault fault)
    {
        if (TryEnd(kind, fault))
        {
            AbortBoth();
            TellEnd();
        }
    }

    private bool TryEnd(RelayEndKind kind, TransportFault fault)
    {
        if (_end is not null)
        {
            return false;
        }

        _end = new RelayEnd(kind, fault, FromClient, FromUpstream);
        _limit.Cancel();
        return true;
    }

    private void CloseBoth()
    {
        _client.Channel.Close();
        _upstream.Channel.Close();
        TellEnd();
    }

    private void AbortBoth()
    {
        _client.Channel.Abort();
        _upstream.Channel.Abort();
    }

    private void TellEnd() => _observer.OnEnded(_end!.Value);

    private sealed class Closing(Relay relay, TimeSpan quiet) : IThreadPoolWorkItem
    {
        public void Execute() => relay.TryCloseQuiet(quiet);
    }

    private sealed class EndNotice(Relay relay) : IThreadPoolWorkItem
    {
        public void Execute() => relay.TellEnd();
    }
}

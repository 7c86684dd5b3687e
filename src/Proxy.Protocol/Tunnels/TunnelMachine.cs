using Proxy.Protocol.Ends;

namespace Proxy.Protocol.Tunnels;

// (state, event) → next state and effects; "·" ignores the event. The tests assert every cell.
// "fail" is Closed with: FailStreams, SendGoAway. "fail silently" is Closed with FailStreams alone: the peer knows, or cannot hear.
//
// event ↓ state →          Init                        HandshakeSent     Ready            Draining         Closed
// Start                    client: HandshakeSent,      misuse            misuse           misuse           misuse
//                          SETTINGS; server: ·
// HandleSettings           client: fail malformed      Ready             fail malformed   fail malformed   ·
//                          server: Ready, SETTINGS,    became ready
//                          became ready
// HandleFrame              fail malformed              fail malformed    process          process          ·
// HandleSyn                fail malformed              fail malformed    process (1)      refuse (1)       ·
// HandleGoAway             fail silently               fail silently     fail silently    fail silently    ·
// HandleMalformed          fail malformed              fail malformed    fail malformed   fail malformed   ·
// HandleHandshakeTimeout   fail                        fail              ·                ·                ·
// HandlePeerSilent         fail                        fail              fail             fail             ·
// HandleTransportLost      fail silently               fail silently     fail silently    fail silently    ·
// Drain                    fail draining               fail draining     Draining,        ·                ·
//                                                                        stop opening
// HandleLastStreamEnded    ·                           ·                 ·                fail draining    ·
// Close(reason)            fail                        fail              fail             fail             ·
//
// (1) at the server. The client is never asked for a stream: there HandleSyn is the refusal of one, in every state that processes frames.

/// <summary>
/// The life of one tunnel at one end, as a plain value: no bytes, no clock, no streams. Keep it in a field; each call changes it and says
/// what to do. Queries: the properties. Network and timers: <c>Handle…</c>. Owner: <see cref="Start"/>, <see cref="Drain"/>, <see cref="Close"/>.
/// The client sends no SYN before the server's SETTINGS arrived: a vproxy server leaves bytes behind the handshake lying until more come.
/// This dialect cannot announce a drain (GOAWAY ends everything at a vproxy peer), so a draining tunnel refuses new streams one by one and
/// says GOAWAY when the last stream has ended.
/// </summary>
public struct TunnelMachine
{
    private readonly TunnelRole _role;

    public TunnelMachine(TunnelRole role)
    {
        _role = role;
    }

    public TunnelState State { get; private set; }

    /// <summary>Why the tunnel is over, the first reason; <see cref="EndReason.None"/> before <see cref="TunnelState.Closed"/>.</summary>
    public EndReason End { get; private set; }

    public readonly TunnelRole Role => _role;

    /// <summary>Whether we may open streams.</summary>
    public readonly bool CanOpen => _role == TunnelRole.Client && State == TunnelState.Ready;

    /// <summary>Whether the handshake deadline runs (<see cref="TunnelTimes.HandshakeTimeout"/> from the first byte or from the start).</summary>
    public readonly bool IsHandshaking => State is TunnelState.Init or TunnelState.HandshakeSent;

    /// <summary>The transport is there. The server waits for the client's handshake.</summary>
    public TunnelEffects Start()
    {
        if (State != TunnelState.Init)
        {
            return TunnelEffects.Misuse;
        }

        if (_role == TunnelRole.Server)
        {
            return TunnelEffects.None;
        }

        State = TunnelState.HandshakeSent;
        return TunnelEffects.SendSettings;
    }

    public TunnelEffects HandleSettings()
    {
        switch (State)
        {
            case TunnelState.Init when _role == TunnelRole.Server:
                State = TunnelState.Ready;
                return TunnelEffects.SendSettings | TunnelEffects.BecameReady;
            case TunnelState.HandshakeSent:
                State = TunnelState.Ready;
                return TunnelEffects.BecameReady;
            default:
                return Close(EndReason.Malformed);
        }
    }

    /// <summary>A PING, its answer, or a frame of a known stream.</summary>
    public TunnelEffects HandleFrame() => State switch
    {
        TunnelState.Ready or TunnelState.Draining => TunnelEffects.Process,
        _ => Close(EndReason.Malformed),
    };

    /// <summary>A SYN for a stream that is not known.</summary>
    public TunnelEffects HandleSyn() => State switch
    {
        TunnelState.Ready when _role == TunnelRole.Server => TunnelEffects.Process,
        TunnelState.Ready or TunnelState.Draining => TunnelEffects.RefuseStream,
        _ => Close(EndReason.Malformed),
    };

    public TunnelEffects HandleGoAway() => FailSilently(EndReason.PeerShutDown);

    /// <summary>The frame reader said malformed.</summary>
    public TunnelEffects HandleMalformed() => Close(EndReason.Malformed);

    public TunnelEffects HandleHandshakeTimeout() => IsHandshaking ? Close(EndReason.HandshakeTimeout) : TunnelEffects.None;

    /// <summary>The keepalive said dead. The GOAWAY is for a peer that can still hear.</summary>
    public TunnelEffects HandlePeerSilent() => Close(EndReason.TunnelLost);

    /// <summary>The transport below cannot carry anything any more.</summary>
    public TunnelEffects HandleTransportLost() => FailSilently(EndReason.TunnelLost);

    /// <summary>Opens nothing more and ends with the last stream. Call <see cref="HandleLastStreamEnded"/> at once when there is none.</summary>
    public TunnelEffects Drain()
    {
        switch (State)
        {
            case TunnelState.Init or TunnelState.HandshakeSent:
                return Close(EndReason.Draining);
            case TunnelState.Ready:
                State = TunnelState.Draining;
                return TunnelEffects.StopOpening;
            default:
                return TunnelEffects.None;
        }
    }

    /// <summary>No stream is left; call it whenever that becomes so.</summary>
    public TunnelEffects HandleLastStreamEnded() => State == TunnelState.Draining ? Close(EndReason.Draining) : TunnelEffects.None;

    /// <summary>Ends the tunnel and all its streams now.</summary>
    public TunnelEffects Close(EndReason reason)
    {
        var effects = FailSilently(reason);
        return effects == TunnelEffects.None ? effects : effects | TunnelEffects.SendGoAway;
    }

    private TunnelEffects FailSilently(EndReason reason)
    {
        if (State == TunnelState.Closed)
        {
            return TunnelEffects.None;
        }

        State = TunnelState.Closed;
        End = reason;
        return TunnelEffects.FailStreams;
    }
}

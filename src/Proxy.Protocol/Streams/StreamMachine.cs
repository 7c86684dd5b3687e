using Proxy.Protocol.Ends;

namespace Proxy.Protocol.Streams;

// (state, event) → next state and effects; "·" ignores the event. The tests assert every cell.
//
// event ↓ state →    None           SynSent           Established     FinSent          FinReceived     Dead     RealClosed
// OpenLocally        SynSent        misuse            misuse          misuse           misuse          misuse   misuse
//                    SYN
// HandleSyn          Established    ·                 ·               ·                ·               ·        ·
//                    SYN-ACK,
//                    opened
// HandleSynAck       None           Established       ·               · (1)            ·               ·        ·
//                    RST            opened
// HandleData         None           Established       deliver         deliver (1)      Dead: RST,      ·        ·
//                    RST            opened, deliver                                    drop, abort
// HandleFin          ·              FinReceived       FinReceived     Dead             Dead (2)        ·        ·
//                                   opened, end       end             end (1)          drop, abort
// HandleReset        ·              Dead              Dead            Dead             Dead            ·        ·
//                                   drop, abort       drop, abort     drop, abort      drop, abort
// HandlePauseToggle  ·              stop / go on      stop / go on    stop / go on     stop / go on    ·        ·
// FinishLocally      misuse         FinSent           FinSent         ·                Dead            ·        ·
//                                   FIN               FIN                              FIN
// ResetLocally       Dead           Dead              Dead            Dead             Dead            ·        ·
//                                   RST, drop         RST, drop       RST, drop        RST, drop
// PauseLocally       ·              toggle            toggle          toggle           ·               ·        ·
// CloseLocally       RealClosed     RealClosed        RealClosed      RealClosed       RealClosed      RealClosed  ·
//                    remove         RST, drop,        RST, drop,      RST, drop,       RST, drop,      remove
//                                   remove            remove          remove           remove
// HandleTunnelFailed Dead           Dead              Dead            Dead             Dead            ·        ·
//                    abort          drop, abort       drop, abort     drop, abort      drop, abort
//
// (1) and opened, where the FIN went out before the peer had answered the SYN.
// (2) A vproxy that closes after its half-close sends a second FIN: nobody reads there any more. It counts as the reset it stands for.

/// <summary>
/// One stream at one end of a tunnel, as a plain value: no bytes, no clock. Keep it in a field; each call changes it and says what to do.
/// Queries: the properties. Network: <c>Handle…</c>. Owner: <c>…Locally</c>.
/// The default value stands for an id that nobody knows, so frames for unknown ids are decided here too: DATA and SYN-ACK are answered
/// with RST, everything else but a SYN is ignored.
/// Half-close works both ways; data that arrived before or with a FIN is delivered; a RST is passed on as a RST and never answered.
/// </summary>
public struct StreamMachine
{
    private bool _weOpened;
    private bool _answered;
    private bool _pausedByPeer;
    private bool _pausedByUs;

    public StreamState State { get; private set; }

    /// <summary>Why the stream is over, the first reason; <see cref="EndReason.None"/> before <see cref="StreamState.Dead"/>.</summary>
    public EndReason End { get; private set; }

    /// <summary>Whether this end sent the SYN.</summary>
    public readonly bool WeOpened => _weOpened;

    /// <summary>Whether the peer is known to have accepted the stream.</summary>
    public readonly bool IsAnswered => _answered;

    /// <summary>Whether it is on the wire and not over.</summary>
    public readonly bool IsLive => State is >= StreamState.SynSent and <= StreamState.FinReceived;

    /// <summary>Whether the owner may still add bytes to send; already before the SYN-ACK.</summary>
    public readonly bool CanSend => State is StreamState.SynSent or StreamState.Established or StreamState.FinReceived;

    /// <summary>Whether the peer may still send.</summary>
    public readonly bool CanReceive => State is StreamState.SynSent or StreamState.Established or StreamState.FinSent;

    /// <summary>Whether the peer asked us to hold our data back. FIN and RST need no leave: FIN waits for the data, RST for nothing.</summary>
    public readonly bool IsPausedByPeer => _pausedByPeer;

    /// <summary>Whether we asked the peer to hold its data back.</summary>
    public readonly bool IsPausedByUs => _pausedByUs;

    /// <summary>The owner wants a stream to the peer.</summary>
    public StreamEffects OpenLocally()
    {
        if (State != StreamState.None)
        {
            return StreamEffects.Misuse;
        }

        _weOpened = true;
        State = StreamState.SynSent;
        return StreamEffects.SendSyn;
    }

    /// <summary>The peer wants a stream and we accept. (To refuse, answer with a reset frame and keep no machine.)</summary>
    public StreamEffects HandleSyn()
    {
        if (State != StreamState.None)
        {
            return StreamEffects.None;
        }

        _answered = true;
        State = StreamState.Established;
        return StreamEffects.SendSynAck | StreamEffects.Opened;
    }

    public StreamEffects HandleSynAck()
    {
        if (State == StreamState.None)
        {
            return StreamEffects.SendReset;
        }

        return IsLive ? TakeAnswer() : StreamEffects.None;
    }

    /// <summary>Bytes arrived. Bytes of a frame with FIN come here first, then <see cref="HandleFin"/>.</summary>
    public StreamEffects HandleData()
    {
        switch (State)
        {
            case StreamState.None:
                return StreamEffects.SendReset;
            case StreamState.SynSent or StreamState.Established or StreamState.FinSent:
                return TakeAnswer() | StreamEffects.Deliver;
            case StreamState.FinReceived:
                Die(EndReason.Malformed);
                return StreamEffects.DropUnsent | StreamEffects.SendReset | StreamEffects.Abort;
            default:
                return StreamEffects.None;
        }
    }

    public StreamEffects HandleFin()
    {
        switch (State)
        {
            case StreamState.SynSent or StreamState.Established:
                var opened = TakeAnswer();
                State = StreamState.FinReceived;
                return opened | StreamEffects.DeliverEnd;
            case StreamState.FinSent:
                var answered = TakeAnswer();
                Die(EndReason.Completed);
                return answered | StreamEffects.DeliverEnd;
            case StreamState.FinReceived:
                return HandleReset();
            default:
                return StreamEffects.None;
        }
    }

    public StreamEffects HandleReset() => CutOff(ReasonOfPeersReset);

    /// <summary>A reset that says why.</summary>
    public StreamEffects HandleReset(EndReason reason) => CutOff(reason);

    /// <summary>The peer, who reads our data, asks us to pause or to go on.</summary>
    public StreamEffects HandlePauseToggle()
    {
        if (!IsLive)
        {
            return StreamEffects.None;
        }

        _pausedByPeer = !_pausedByPeer;
        return _pausedByPeer ? StreamEffects.StopSending : StreamEffects.GoOnSending;
    }

    /// <summary>The owner has no more to send (a TCP FIN from its side).</summary>
    public StreamEffects FinishLocally()
    {
        switch (State)
        {
            case StreamState.None:
                return StreamEffects.Misuse;
            case StreamState.SynSent or StreamState.Established:
                State = StreamState.FinSent;
                return StreamEffects.SendFin;
            case StreamState.FinReceived:
                Die(EndReason.Completed);
                return StreamEffects.SendFin;
            default:
                return StreamEffects.None;
        }
    }

    /// <summary>The owner cuts the stream off (a TCP RST from its side, a deadline, a limit). It still has to release it.</summary>
    public StreamEffects ResetLocally(EndReason reason)
    {
        if (!IsLive)
        {
            Die(reason);
            return StreamEffects.None;
        }

        Die(reason);
        return StreamEffects.DropUnsent | StreamEffects.SendReset;
    }

    /// <summary>
    /// The owner can or can not take more data; asks the peer to pause or to go on where that is a change and the peer may still send.
    /// </summary>
    public StreamEffects PauseLocally(bool pause)
    {
        if (!CanReceive || pause == _pausedByUs)
        {
            return StreamEffects.None;
        }

        _pausedByUs = pause;
        return StreamEffects.SendPauseToggle;
    }

    /// <summary>
    /// The owner releases the stream. A clean end is <see cref="FinishLocally"/> and the peer's FIN first; releasing what is not over cuts it
    /// off, and says so on the wire.
    /// </summary>
    public StreamEffects CloseLocally()
    {
        if (State == StreamState.RealClosed)
        {
            return StreamEffects.None;
        }

        var effects = ResetLocally(EndReason.KilledLocally) | StreamEffects.Remove;
        State = StreamState.RealClosed;
        return effects;
    }

    /// <summary>The tunnel ended under the stream.</summary>
    public StreamEffects HandleTunnelFailed(EndReason reason)
    {
        if (State == StreamState.None)
        {
            Die(reason);
            return StreamEffects.Abort;
        }

        return CutOff(reason);
    }

    private readonly EndReason ReasonOfPeersReset => (_weOpened, _answered) switch
    {
        (true, true) => EndReason.ResetByUpstream,
        (true, false) => EndReason.Refused,
        _ => EndReason.ResetByClient,
    };

    private StreamEffects CutOff(EndReason reason)
    {
        if (!IsLive)
        {
            return StreamEffects.None;
        }

        Die(reason);
        return StreamEffects.DropUnsent | StreamEffects.Abort;
    }

    /// <summary>Whatever the peer sends on a stream proves that it accepted it; the first such frame opens it for the owner.</summary>
    private StreamEffects TakeAnswer()
    {
        if (_answered)
        {
            return StreamEffects.None;
        }

        _answered = true;
        State = State == StreamState.SynSent ? StreamState.Established : State;
        return StreamEffects.Opened;
    }

    private void Die(EndReason reason)
    {
        if (End != EndReason.None)
        {
            return;
        }

        End = reason;
        State = StreamState.Dead;
    }
}

namespace Proxy.Kcp;

/// <summary>
/// Whether the peer is still the one that was talked to. What a peer confirms (una) never goes back; so once it confirmed a number at one
/// moment, a segment that it surely wrote later and that confirms less comes from a peer that lost its state. Two clocks prove "later",
/// and loss, duplication and reordering can fake neither:
/// an acknowledgement echoes our time of sending, so it was written after that; data carries the peer's own time of writing.
/// The second needs a peer whose clock does not go back and, to find anything, one whose clock survives the restart: vproxy's does, being
/// the low 32 bits of the wall clock's milliseconds, so a caller does well to begin its own clock there. It is the only proof when our
/// numbers are beyond the new peer's window, as it then acknowledges nothing.
/// </summary>
public sealed partial class KcpEngine
{
    private Checkpoint? _confirmedByOurClock;
    private Checkpoint? _confirmedByPeerClock;

    /// <summary>
    /// Whether the peer has proved to have forgotten what it had confirmed: it was restarted, and the conversation cannot go on. Latched.
    /// To be asked after <see cref="HandleDatagram"/> and before any output is taken, as that would acknowledge the new peer's data, which
    /// has the numbers of old. Own acknowledgement only.
    /// </summary>
    public bool PeerLostState { get; private set; }

    private void DetectLostState(in KcpSegment segment, uint nowMilliseconds)
    {
        if (!_acknowledgesItself)
        {
            return;
        }

        if (segment.Command == KcpCommand.Acknowledge)
        {
            // An echo from the future is none of ours.
            PeerLostState |= !Serial.IsAfter(segment.TimestampMilliseconds, nowMilliseconds)
                && IsDisprovedBy(_confirmedByOurClock, segment);
        }
        else if (segment.Command == KcpCommand.Push)
        {
            PeerLostState |= IsDisprovedBy(_confirmedByPeerClock, segment);
            Advance(ref _confirmedByPeerClock, segment.Unacknowledged, segment.TimestampMilliseconds);
        }

        Advance(ref _confirmedByOurClock, segment.Unacknowledged, nowMilliseconds);
    }

    private static bool IsDisprovedBy(Checkpoint? checkpoint, in KcpSegment segment) =>
        checkpoint is { } confirmed
        && Serial.IsAfter(segment.TimestampMilliseconds, confirmed.TimeMilliseconds)
        && Serial.IsBefore(segment.Unacknowledged, confirmed.Unacknowledged);

    private static void Advance(ref Checkpoint? checkpoint, uint unacknowledged, uint timeMilliseconds)
    {
        if (checkpoint is not { } confirmed || Serial.IsAfter(unacknowledged, confirmed.Unacknowledged))
        {
            checkpoint = new Checkpoint(unacknowledged, timeMilliseconds);
        }
    }

    /// <summary>The most the peer has confirmed, and a moment at which it had surely done so.</summary>
    private readonly record struct Checkpoint(uint Unacknowledged, uint TimeMilliseconds);
}

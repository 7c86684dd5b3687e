namespace Proxy.Transport.Relays;

public enum RelaySide
{
    Client,
    Upstream,
}

/// <summary>Why a relay ended; the first reason wins.</summary>
public enum RelayEndKind
{
    /// <summary>Both sides ended their direction and every byte was handed over.</summary>
    Completed,

    /// <summary>The client's channel failed; the upstream was reset.</summary>
    ClientFailed,

    /// <summary>The upstream's channel failed; the client was reset.</summary>
    UpstreamFailed,

    /// <summary>No byte moved for <see cref="RelaySettings.IdleTimeout"/>; both were reset.</summary>
    IdleTimeout,

    /// <summary>No byte moved for <see cref="RelaySettings.HalfCloseTimeout"/> after one side had ended; both were reset.</summary>
    HalfCloseTimeout,

    /// <summary><see cref="RelaySettings.Lifetime"/> is over; both were reset.</summary>
    LifetimeReached,

    /// <summary>The owner called <see cref="Relay.Abort"/>; both were reset.</summary>
    AbortedByOwner,

    /// <summary>It was quiet and its time was over (<see cref="Relay.CloseIfQuiet"/>); both were closed in good order.</summary>
    ClosedByOwner,
}

/// <summary>What one direction of a relay is doing.</summary>
public enum RelayDirectionState
{
    /// <summary>Bytes are passed on as they come.</summary>
    Flowing,

    /// <summary>The receiving side is slower: bytes are kept and the sending side is paused.</summary>
    Blocked,

    /// <summary>The sending side has ended; kept bytes are still on their way.</summary>
    Draining,

    /// <summary>The sending side has ended and all its bytes were handed over.</summary>
    Ended,
}

/// <summary>How a relay ended.</summary>
/// <param name="Kind">Why, and whose fault it was.</param>
/// <param name="Fault">What the failed side's channel said; none for the other kinds.</param>
/// <param name="FromClient">What the direction client → upstream was doing.</param>
/// <param name="FromUpstream">What the direction upstream → client was doing.</param>
public readonly record struct RelayEnd(RelayEndKind Kind, TransportFault Fault, RelayDirectionState FromClient, RelayDirectionState FromUpstream);

/// <summary>Whom a relay tells about its life, on the loop's thread. Bytes are never told.</summary>
public interface IRelayObserver
{
    /// <summary><paramref name="side"/> has ended its direction; the other goes on. Comes at most once.</summary>
    void OnHalfClosed(RelaySide side);

    /// <summary>The relay is over; both channels are closed or closing. Comes once, and last, never from inside a call into the relay.</summary>
    void OnEnded(in RelayEnd end);
}

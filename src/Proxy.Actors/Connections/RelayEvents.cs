using Proxy.Kernel;
using Proxy.Protocol.Ends;
using Proxy.Transport;
using Proxy.Transport.Relays;

namespace Proxy.Actors;

/// <summary>What a relay has to say, as messages to the actor of its connection.</summary>
internal sealed class RelayEvents(IActorRef owner) : IRelayObserver
{
    public void OnHalfClosed(RelaySide side) => owner.Tell(new HalfClosed(side), ActorRefs.NoSender);

    public void OnEnded(in RelayEnd end) => owner.Tell(new Ended(end), ActorRefs.NoSender);

    internal sealed record HalfClosed(RelaySide Side);

    internal sealed record Ended(RelayEnd End)
    {
        /// <summary>The end in the words that all connections share.</summary>
        public EndReason Reason => End.Kind switch
        {
            RelayEndKind.Completed => EndReason.Completed,
            RelayEndKind.ClientFailed => EndReason.ResetByClient,
            RelayEndKind.UpstreamFailed => EndReason.ResetByUpstream,
            RelayEndKind.IdleTimeout => EndReason.IdleTimeout,
            RelayEndKind.HalfCloseTimeout => EndReason.HalfCloseTimeout,
            RelayEndKind.LifetimeReached => EndReason.LifetimeReached,
            RelayEndKind.ClosedByOwner => EndReason.Draining,
            _ => EndReason.KilledLocally,
        };

        /// <summary>
        /// Whether, when a deadline ended it, it was the client's turn: to read what was kept for it, or to go on sending after the upstream had
        /// finished. Where it was both sides' turn it is the client's, who asked for the connection.
        /// </summary>
        public bool IsClientAwaited => End switch
        {
            { FromUpstream: RelayDirectionState.Blocked or RelayDirectionState.Draining } => true,
            { FromClient: RelayDirectionState.Blocked or RelayDirectionState.Draining or RelayDirectionState.Ended } => false,
            _ => true,
        };
    }
}

using Proxy.Kernel;
using Proxy.Protocol.Chains;
using Proxy.Protocol.Ends;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>
/// A stream of a tunnel that leads from a hop of a chain to the next one. What came behind the hop's own header goes out with the first datagram; what
/// comes back waits until the hop has answered and relays. For the loop's thread only.
/// </summary>
internal sealed class HopLeg : IOutboundLegOwner
{
    private readonly IActorRef _owner;
    private readonly Dial.FailureWatch _watch = new();
    private TunnelStreamChannel? _stream;

    public HopLeg(IActorRef owner, ReadOnlySpan<byte> behind)
    {
        _owner = owner;
        Channel = new OutboundLeg(this, _watch);
        Channel.Send(behind);
    }

    /// <summary>The next hop has the stream.</summary>
    internal sealed record Opened(HopLeg Leg);

    /// <summary>It did not take the stream, and has processed nothing of it.</summary>
    internal sealed record Lost(HopLeg Leg, EndReason Reason);

    public OutboundLeg Channel { get; }

    /// <summary>What ended it between its opening and the relay; null: it lives.</summary>
    public TransportFault? Fault => _watch.Fault;

    /// <summary>
    /// What the reset that is handed on to the hop before says: how many tunnels lie behind this node to whoever saw the failure; 0 where it was this node.
    /// </summary>
    public byte ResetDistance => _stream is { ResetDistance: { } behind } ? (byte)Math.Min(byte.MaxValue, behind + 1) : (byte)0;

    public void Attach(TunnelLink link) => _stream = Channel.Attach(link, null, null);

    void IOutboundLegOwner.OnOpened() => _owner.Tell(new Opened(this), ActorRefs.NoSender);

    void IOutboundLegOwner.OnStreamLost(EndReason reason) => _owner.Tell(new Lost(this, reason), ActorRefs.NoSender);

    void IOutboundLegOwner.OnRefused(ChainFailure failure)
    {
        // It calls nobody: the answers of the hops behind belong to who began the chain.
    }
}

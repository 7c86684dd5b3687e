using Proxy.Kernel;
using Proxy.Protocol.Chains;
using Proxy.Protocol.Ends;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>
/// A way on from a server that is more than a connection: a stream of a tunnel to the next hop of a chain, or a chain of the server's own. What came behind the
/// stream's header goes out at once; what comes back waits until the server has answered and relays. For the loop's thread only.
/// </summary>
internal sealed class OnwardLeg : IOutboundLegOwner
{
    private readonly IActorRef _owner;
    private readonly Watch _watch = new();
    private TunnelStreamChannel? _stream;

    public OnwardLeg(IActorRef owner, ReadOnlySpan<byte> behind)
    {
        _owner = owner;
        Channel = new OutboundLeg(this, _watch);
        Channel.Send(behind);
    }

    /// <summary>The way is open.</summary>
    internal sealed record Opened
    {
        public static readonly Opened Instance = new();
    }

    /// <summary>The first hop did not take the stream, and has processed nothing of it.</summary>
    internal sealed record Lost(EndReason Reason);

    /// <summary>A hop of the server's own chain did not go on.</summary>
    internal sealed record Refused(ChainFailure Failure);

    public OutboundLeg Channel { get; }

    /// <summary>What ended it between its opening and the relay; null: it lives.</summary>
    public TransportFault? Fault => _watch.Fault;

    /// <summary>What came in one piece with the last hop's answer; it goes first.</summary>
    public ReadOnlySpan<byte> Early => _watch.Early;

    /// <summary>
    /// What the reset that is handed on to the hop before says: how many tunnels lie behind this node to whoever saw the failure; 0 where it was this node.
    /// </summary>
    public byte ResetDistance => _stream is { ResetDistance: { } behind } ? (byte)Math.Min(byte.MaxValue, behind + 1) : (byte)0;

    /// <param name="path">The server's own chain; null: the headers are there already, of whoever began the chain.</param>
    public void Attach(TunnelLink link, ChainPath? path, ChainCall? call) => _stream = Channel.Attach(link, path, call);

    /// <summary>The same over a connection to the first hop.</summary>
    public void Attach(IChannel connected, ChainPath path, ChainCall call) => Channel.Attach(connected, path, call);

    void IOutboundLegOwner.OnOpened() => _owner.Tell(Opened.Instance, ActorRefs.NoSender);

    void IOutboundLegOwner.OnStreamLost(EndReason reason) => _owner.Tell(new Lost(reason), ActorRefs.NoSender);

    void IOutboundLegOwner.OnRefused(ChainFailure failure) => _owner.Tell(new Refused(failure), ActorRefs.NoSender);

    /// <summary>Has the leg until the relay does: a turn or two, in which nothing may be lost.</summary>
    private sealed class Watch : IChannelHandler
    {
        public TransportFault? Fault { get; private set; }

        public byte[] Early { get; private set; } = [];

        public void OnConnected(IChannel channel)
        {
            // The leg's owner hears of it.
        }

        // Once: receiving pauses behind the answers.
        public void OnReceived(IChannel channel, ReadOnlySpan<byte> bytes) => Early = [.. Early, .. bytes];

        public void OnEndOfStream(IChannel channel) => throw new InvalidOperationException("Receiving was resumed before the relay had the leg.");

        public void OnSendDrained(IChannel channel)
        {
            // The relay asks the leg itself.
        }

        public void OnFailed(IChannel channel, TransportFault fault) => Fault = fault;
    }
}

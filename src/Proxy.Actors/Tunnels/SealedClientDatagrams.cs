using Proxy.Kernel;
using Proxy.Protocol.Sealing.Datagrams;
using Proxy.Protocol.Sealing.Resets;
using Proxy.Protocol.Sealing.Sessions;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>
/// What arrives at a client's socket of the sealed dialect: before there is a tunnel to its actor, a few at a time, afterwards to the link. For
/// the loop's thread only.
/// </summary>
internal sealed class SealedClientDatagrams(IActorRef actor) : IUdpHandler
{
    private TunnelLink? _link;
    private SealedSession? _session;
    private int _waiting;

    /// <summary>Something that may be an answer to a hello.</summary>
    internal sealed record Answer(byte[] Datagram);

    /// <summary>"Port unreachable", before there was a tunnel.</summary>
    internal sealed record Refused(TransportFault Fault);

    /// <summary>From now on everything goes to the link.</summary>
    public void Attach(TunnelLink link, SealedSession session) => (_link, _session) = (link, session);

    /// <summary>The actor has taken an answer.</summary>
    public void HandleTaken() => _waiting--;

    public void OnDatagrams(IUdpEndpoint endpoint, Span<byte> datagrams, int segmentSizeBytes, in UdpAddress from)
    {
        if (_link is null)
        {
            HandleAnswer(datagrams[..Math.Min(segmentSizeBytes, datagrams.Length)]);
        }
        else if (segmentSizeBytes == ResetMessage.Bytes && _session!.IsReset(datagrams[..segmentSizeBytes]))
        {
            _link.HandlePeerLost();
        }
        else
        {
            _link.HandleDatagrams(datagrams, segmentSizeBytes, from);
        }
    }

    public void OnReceiveTurnEnded(IUdpEndpoint endpoint)
    {
        // The link has asked for its turn with the first datagram.
    }

    public void OnSendRefused(IUdpEndpoint endpoint, TransportFault fault)
    {
        if (_link is null)
        {
            actor.Tell(new Refused(fault), ActorRefs.NoSender);
        }
        else
        {
            _link.HandleRefused();
        }
    }

    private void HandleAnswer(ReadOnlySpan<byte> datagram)
    {
        if (datagram is [(byte)DatagramKind.Retry or (byte)DatagramKind.HelloReply, ..] && _waiting < MaximumWaiting)
        {
            _waiting++;
            actor.Tell(new Answer(datagram.ToArray()), ActorRefs.NoSender);
        }
    }

    // Each costs the actor an agreement at most; an honest server sends one or two.
    private const int MaximumWaiting = 8;
}

using Proxy.Kernel;
using Proxy.Protocol;
using Proxy.Protocol.Chains;
using Proxy.Protocol.Ends;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>
/// Reads the chain header off the front of a stream, then pauses it: what follows waits in the channel for the upstream. The few bytes behind
/// the header that were already in hand go along with it. For the loop's thread only.
/// </summary>
internal sealed class RequestReader : IChannelHandler
{
    private readonly IActorRef _owner;
    private byte[] _bytes = [];
    private bool _isDone;

    public RequestReader(IActorRef owner)
    {
        _owner = owner;
    }

    /// <summary>The header is complete; the stream is paused.</summary>
    /// <param name="Request">The header.</param>
    /// <param name="Behind">Bytes that came with it; they are the upstream's.</param>
    internal sealed record RequestRead(ChainRequest Request, byte[] Behind);

    internal sealed record RequestMalformed(string Text);

    /// <summary>The stream ended; nobody waits for an answer any more.</summary>
    internal sealed record ClientGone(EndReason Reason, string Text);

    public void OnConnected(IChannel channel)
    {
        // It was open before it had a reader.
    }

    public void OnReceived(IChannel channel, ReadOnlySpan<byte> bytes)
    {
        _bytes = [.. _bytes, .. bytes];
        if (_isDone)
        {
            return;
        }

        var status = ChainRequest.TryRead(_bytes, out var consumed, out var request, out var broken);
        if (status == ReadStatus.NeedMore)
        {
            return;
        }

        _isDone = true;
        channel.PauseReceive();
        _owner.Tell(
            status == ReadStatus.Done ? new RequestRead(request!, _bytes[consumed..]) : new RequestMalformed($"the chain header is malformed: {broken}"),
            ActorRefs.NoSender);
    }

    public void OnEndOfStream(IChannel channel) =>
        _owner.Tell(new RequestMalformed("the stream ended inside the chain header"), ActorRefs.NoSender);

    public void OnSendDrained(IChannel channel)
    {
        // Nothing was sent yet.
    }

    public void OnFailed(IChannel channel, TransportFault fault) =>
        _owner.Tell(new ClientGone((channel as TunnelStreamChannel)?.End ?? EndReason.ResetByClient, fault.Text), ActorRefs.NoSender);
}

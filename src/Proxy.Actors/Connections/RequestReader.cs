using Proxy.Kernel;
using Proxy.Protocol.Chains;
using Proxy.Protocol.Ends;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>
/// Reads the chain header off the front of a stream, then pauses it: what follows, and its end, waits in the channel for the upstream. The few
/// bytes behind the header that were already in hand go along with it. For the loop's thread only.
/// </summary>
internal sealed class RequestReader(IActorRef owner, ChainGate gate, TimeProvider time) : IChannelHandler
{
    private byte[] _bytes = [];
    private bool _isDone;

    /// <summary>The header is complete, or refused; the stream is paused.</summary>
    /// <param name="Behind">Bytes that came with it; they are the upstream's.</param>
    internal sealed record Arrived(ChainArrival Arrival, byte[] Behind);

    /// <summary>The first bytes came.</summary>
    internal sealed record Begun
    {
        public static readonly Begun Instance = new();
    }

    /// <summary>The stream ended before its header was complete.</summary>
    internal sealed record Cut(bool IsEmpty);

    /// <summary>The stream ended; nobody waits for an answer any more.</summary>
    internal sealed record ClientGone(EndReason Reason, string Text);

    /// <summary>What ended the stream; null while it lives. It is told, too, and may be known here before the message arrives.</summary>
    public ClientGone? Gone { get; private set; }

    public void OnConnected(IChannel channel)
    {
        // It was open before it had a reader.
    }

    public void OnReceived(IChannel channel, ReadOnlySpan<byte> bytes)
    {
        if (_isDone)
        {
            throw new InvalidOperationException("Receiving was resumed before the relay had the channel.");
        }

        if (_bytes.Length == 0)
        {
            owner.Tell(Begun.Instance, ActorRefs.NoSender);
        }

        _bytes = [.. _bytes, .. bytes];
        if (!gate.TryRead(_bytes, time.GetUtcNow().ToUnixTimeMilliseconds(), out var arrival))
        {
            return;
        }

        _isDone = true;
        channel.PauseReceive();
        owner.Tell(new Arrived(arrival, _bytes[arrival.ConsumedBytes..]), ActorRefs.NoSender);
    }

    public void OnEndOfStream(IChannel channel)
    {
        if (!_isDone)
        {
            owner.Tell(new Cut(_bytes.Length == 0), ActorRefs.NoSender);
        }
    }

    public void OnSendDrained(IChannel channel)
    {
        // Nothing was sent yet.
    }

    public void OnFailed(IChannel channel, TransportFault fault)
    {
        Gone = new ClientGone((channel as TunnelStreamChannel)?.End ?? EndReason.ResetByClient, fault.Text);
        owner.Tell(Gone, ActorRefs.NoSender);
    }
}

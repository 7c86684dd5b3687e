using Proxy.Kernel;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>Looks at the first bytes of a client, all that came so far; the message that says what they are, or null while they are too few.</summary>
internal delegate object? PreambleReader(ReadOnlySpan<byte> bytes);

/// <summary>
/// A client's channel before the relay has it: reads what has to come first (<see cref="Expect"/>), and tells when the client goes away. Between
/// the two the channel is paused, and nothing else can happen. For the loop's thread only.
/// </summary>
internal sealed class ClientPreamble(IActorRef owner) : IChannelHandler
{
    private PreambleReader? _reader;
    private byte[] _bytes = [];

    /// <summary>The client failed; the relay is not to be begun.</summary>
    internal sealed record Gone(TransportFault Fault);

    /// <summary>The client finished sending before what it had to send first was complete.</summary>
    internal sealed record Cut
    {
        public static readonly Cut Instance = new();
    }

    /// <summary>Hands are shaken.</summary>
    internal sealed record Secured
    {
        public static readonly Secured Instance = new();
    }

    public TransportFault? Fault { get; private set; }

    /// <summary>
    /// Reads until <paramref name="reader"/> has its answer, which is told to the owner; the channel is paused then. The reader answers within
    /// a bound of its own, so at most one read more than that is kept.
    /// </summary>
    /// <param name="unread">What was read before and is not consumed.</param>
    public void Expect(IChannel channel, byte[] unread, PreambleReader reader)
    {
        _reader = reader;
        _bytes = [];
        if (unread.Length > 0 && TryAnswer(unread))
        {
            return;
        }

        channel.ResumeReceive();
    }

    /// <summary>Only where TLS was put over it, for it came connected.</summary>
    public void OnConnected(IChannel channel) => owner.Tell(Secured.Instance, ActorRefs.NoSender);

    public void OnReceived(IChannel channel, ReadOnlySpan<byte> bytes)
    {
        if (_reader is null)
        {
            throw new InvalidOperationException("Receiving was resumed before anybody wanted the bytes.");
        }

        if (TryAnswer(bytes))
        {
            channel.PauseReceive();
        }
    }

    public void OnEndOfStream(IChannel channel) => owner.Tell(Cut.Instance, ActorRefs.NoSender);

    public void OnSendDrained(IChannel channel)
    {
        // Nothing was sent.
    }

    public void OnFailed(IChannel channel, TransportFault fault)
    {
        Fault = fault;
        owner.Tell(new Gone(fault), ActorRefs.NoSender);
    }

    private bool TryAnswer(ReadOnlySpan<byte> bytes)
    {
        _bytes = [.. _bytes, .. bytes];
        if (_reader!(_bytes) is not { } answer)
        {
            return false;
        }

        (_reader, _bytes) = (null, []);
        owner.Tell(answer, ActorRefs.NoSender);
        return true;
    }
}

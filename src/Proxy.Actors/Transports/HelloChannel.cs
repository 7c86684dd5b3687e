using Proxy.Kernel;
using Proxy.Protocol;
using Proxy.Protocol.Sealing.Records;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>
/// A channel while hands are shaken on it: cuts what arrives into the messages of a handshake and gives them to an actor, one each time it is
/// asked for. What it holds is one message and one read at most. For the loop's thread only.
/// </summary>
internal sealed class HelloChannel(IActorRef owner) : IChannelHandler
{
    private byte[] _unread = [];
    private bool _isAsked;

    /// <summary>The channel is connected: TLS is there.</summary>
    internal sealed record Secured
    {
        public static readonly Secured Instance = new();
    }

    internal sealed record Message(byte[] Bytes);

    /// <summary>There will be no more messages.</summary>
    internal sealed record Gone(TransportFault Fault);

    /// <summary>What ended the channel; null while it lives. It is told as <see cref="Gone"/> too.</summary>
    public TransportFault? Fault { get; private set; }

    /// <summary>Asks for the next message.</summary>
    public void Next(IChannel channel)
    {
        _isAsked = true;
        Look(channel);
    }

    /// <summary>What came behind the last message; for whoever has the channel next.</summary>
    public byte[] TakeUnread() => (_unread, _unread = []).Item1;

    public void OnConnected(IChannel channel) => owner.Tell(Secured.Instance, ActorRefs.NoSender);

    public void OnReceived(IChannel channel, ReadOnlySpan<byte> bytes)
    {
        _unread = [.. _unread, .. bytes];
        Look(channel);
    }

    public void OnEndOfStream(IChannel channel) => End(new TransportFault(TransportFaultKind.Reset, "the other end closed the connection"));

    public void OnSendDrained(IChannel channel)
    {
        // A hello and an answer; nobody waits for it.
    }

    public void OnFailed(IChannel channel, TransportFault fault) => End(fault);

    private void Look(IChannel channel)
    {
        var status = HandshakeFraming.TryMeasure(_unread, out var length);
        if (status == ReadStatus.NeedMore || !_isAsked)
        {
            SetReceiving(channel, _isAsked);
            return;
        }

        _isAsked = false;
        channel.PauseReceive();
        if (status == ReadStatus.Malformed)
        {
            End(new TransportFault(TransportFaultKind.Other, "what came is no handshake of a sealed tunnel"));
            return;
        }

        var message = _unread[..length];
        _unread = _unread[length..];
        owner.Tell(new Message(message), ActorRefs.NoSender);
    }

    private static void SetReceiving(IChannel channel, bool isReceiving)
    {
        if (isReceiving)
        {
            channel.ResumeReceive();
        }
        else
        {
            channel.PauseReceive();
        }
    }

    private void End(TransportFault fault)
    {
        if (Fault is null)
        {
            Fault = fault;
            owner.Tell(new Gone(fault), ActorRefs.NoSender);
        }
    }
}

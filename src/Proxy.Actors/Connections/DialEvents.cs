using Proxy.Kernel;
using Proxy.Transport;
using Proxy.Transport.Dials;

namespace Proxy.Actors;

/// <summary>A dial's result as a message. The channel has nobody's handler until its relay puts its own there; receiving is paused.</summary>
internal sealed class DialEvents(IActorRef owner) : IDialHandler
{
    public void OnDialed(Dialer dialer, IChannel channel)
    {
        var watch = new FailureWatch();
        channel.Handler = watch;
        owner.Tell(new Dialed(channel, watch), ActorRefs.NoSender);
    }

    public void OnDialFailed(Dialer dialer, DialFailure failure) => owner.Tell(new DialFailed(failure), ActorRefs.NoSender);

    internal sealed record Dialed(IChannel Channel, FailureWatch Watch);

    internal sealed record DialFailed(DialFailure Failure);

    /// <summary>Remembers a failure between the dial and the relay, a turn or two, so that it is not lost.</summary>
    internal sealed class FailureWatch : IChannelHandler
    {
        public TransportFault? Fault { get; private set; }

        public void OnConnected(IChannel channel)
        {
            // That was the dial's.
        }

        public void OnReceived(IChannel channel, ReadOnlySpan<byte> bytes) => throw Paused();

        public void OnEndOfStream(IChannel channel) => throw Paused();

        public void OnSendDrained(IChannel channel)
        {
            // The relay asks the channel itself.
        }

        public void OnFailed(IChannel channel, TransportFault fault) => Fault = fault;

        private static InvalidOperationException Paused() => new("Receiving was resumed before the relay had the channel.");
    }
}

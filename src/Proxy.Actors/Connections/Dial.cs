using System.Net;
using Proxy.Kernel;
using Proxy.Transport;
using Proxy.Transport.Dials;

namespace Proxy.Actors;

/// <summary>
/// A dial whose result is a message. The channel belongs to the dial until its owner has taken it: an owner that stops between the two abandons
/// the dial, wherever it is. For the loop's thread only.
/// </summary>
internal sealed class Dial : IDialHandler
{
    private readonly IActorRef _owner;
    private readonly Dialer _dialer;
    private readonly ServerRace? _race;
    private IChannel? _untaken;

    public Dial(IActorRef owner, IIoLoop loop, IEnumerable<IPEndPoint> endPoints, TimeSpan deadline, TcpOptions? options = null, bool isUdp = false, SourceAddresses? sources = null)
    {
        _owner = owner;
        _dialer = Dialer.Start(loop, endPoints, options ?? TcpOptions.Default, DialSettings.Default with { Deadline = deadline, IsUdp = isUdp, Sources = sources ?? SourceAddresses.Any }, this);
    }

    /// <summary>Dials the servers of <paramref name="race"/>, which is told how each of them did.</summary>
    public Dial(IActorRef owner, IIoLoop loop, ServerRace race, TimeSpan deadline, SourceAddresses sources, bool isUdp = false)
    {
        (_owner, _race) = (owner, race);
        var settings = DialSettings.Default with { Deadline = deadline, IsOrderGiven = true, IsUdp = isUdp, Sources = sources };
        _dialer = Dialer.Start(loop, race.Addresses(), TcpOptions.Default, settings, this);
    }

    /// <summary>The channel of a <see cref="Dialed"/>; from now on it is the owner's.</summary>
    public IChannel Take()
    {
        var channel = _untaken ?? throw new InvalidOperationException("There is no channel to take.");
        _untaken = null;
        return channel;
    }

    /// <summary>Ends the dial and what it has brought, unless that was taken.</summary>
    public void Abandon()
    {
        _dialer.Cancel();
        _untaken?.Abort();
    }

    void IDialHandler.OnDialed(Dialer dialer, IChannel channel)
    {
        var watch = new FailureWatch();
        channel.Handler = watch;
        _untaken = channel;
        _race?.HandleWon((IPEndPoint)channel.RemoteEndPoint!);
        _owner.Tell(new Dialed(watch, this), ActorRefs.NoSender);
    }

    void IDialHandler.OnAttemptFailed(IPEndPoint endPoint, TransportFault fault) => _race?.HandleFailed(endPoint, fault);

    void IDialHandler.OnDialFailed(Dialer dialer, DialFailure failure)
    {
        _race?.HandleLost();
        _owner.Tell(new DialFailed(failure, this), ActorRefs.NoSender);
    }

    /// <summary>There is a channel; receiving is paused. Whether it lives still, the watch knows.</summary>
    internal sealed record Dialed(FailureWatch Watch, Dial Dial);

    internal sealed record DialFailed(DialFailure Failure, Dial Dial);

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

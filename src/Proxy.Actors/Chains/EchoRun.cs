using Proxy.Kernel;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>A stream that measures: every byte goes back, as it came. For the loop's thread only.</summary>
internal sealed class EchoRun : IChannelHandler
{
    private readonly IActorRef _owner;
    private readonly IDeadline _deadline;

    private EchoRun(IIoLoop loop, IChannel channel, IActorRef owner)
    {
        _owner = owner;
        _deadline = loop.CreateDeadline(() =>
        {
            channel.Abort();
            Tell(new Ended("a measurement took too long"));
        });
        _deadline.Set(loop.NowMicroseconds + MostMicroseconds);
    }

    /// <summary>It is over.</summary>
    /// <param name="Problem">Null: the other side ended it.</param>
    internal sealed record Ended(string? Problem);

    /// <param name="behind">What came with the header.</param>
    public static void Start(IIoLoop loop, IChannel channel, IActorRef owner, ReadOnlySpan<byte> behind)
    {
        channel.Handler = new EchoRun(loop, channel, owner);
        if (behind.IsEmpty || channel.Send(behind))
        {
            channel.ResumeReceive();
        }
    }

    void IChannelHandler.OnConnected(IChannel channel)
    {
        // It was connected before.
    }

    void IChannelHandler.OnReceived(IChannel channel, ReadOnlySpan<byte> bytes)
    {
        if (!channel.Send(bytes))
        {
            channel.PauseReceive();
        }
    }

    void IChannelHandler.OnEndOfStream(IChannel channel)
    {
        _deadline.Cancel();
        channel.Close();
        Tell(new Ended(null));
    }

    void IChannelHandler.OnSendDrained(IChannel channel) => channel.ResumeReceive();

    void IChannelHandler.OnFailed(IChannel channel, TransportFault fault)
    {
        _deadline.Cancel();
        Tell(new Ended(fault.Text));
    }

    private void Tell(Ended ended) => _owner.Tell(ended, ActorRefs.NoSender);

    // A measurement is over in seconds; a stream that only comes back is worth no more.
    private const long MostMicroseconds = 60_000_000;
}

using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>
/// The end of a stream that was given its last words: they and the end go out, and what the other side still sends is read and dropped for a
/// while, as a socket that is closed with bytes unread answers with a reset, which would overtake those words. For the loop's thread only.
/// </summary>
internal sealed class Farewell : IChannelHandler
{
    private readonly IDeadline _deadline;
    private long _left = MostBytes;

    private Farewell(IIoLoop loop, IChannel channel)
    {
        _deadline = loop.CreateDeadline(channel.Abort);
        _deadline.Set(loop.NowMicroseconds + MostMicroseconds);
    }

    /// <summary>From now on the channel is nobody else's.</summary>
    public static void Say(IIoLoop loop, IChannel channel)
    {
        channel.Handler = new Farewell(loop, channel);
        channel.ShutdownSend();
        channel.ResumeReceive();
    }

    void IChannelHandler.OnConnected(IChannel channel)
    {
        // It was connected before.
    }

    void IChannelHandler.OnReceived(IChannel channel, ReadOnlySpan<byte> bytes)
    {
        _left -= bytes.Length;
        if (_left <= 0)
        {
            // Who sends so much does not listen yet. It may still have its time to.
            channel.PauseReceive();
        }
    }

    void IChannelHandler.OnEndOfStream(IChannel channel)
    {
        _deadline.Cancel();
        channel.Close();
    }

    void IChannelHandler.OnSendDrained(IChannel channel)
    {
        // The end is on its way, too.
    }

    void IChannelHandler.OnFailed(IChannel channel, TransportFault fault) => _deadline.Cancel();

    private const long MostBytes = 1 << 20;
    private const long MostMicroseconds = 2_000_000;
}

namespace Proxy.Transport.Relays;

/// <summary>
/// An optional capability of a channel: to pass its bytes on to another inside the kernel, without delivering them. Channels that have it
/// decide by themselves when that is cheaper than delivering, and may change their mind at any time.
/// </summary>
internal interface ISpliceSource
{
    /// <summary>
    /// From now on what is received may go to <paramref name="sink"/> instead of <see cref="IChannelHandler.OnReceived"/>; each such move is
    /// told by <see cref="ISpliceHandler.OnSpliced"/>. Everything else stays as it is: pausing, end of stream, failures, and what the sink tells
    /// of its kept bytes. The permission ends when another <see cref="IChannel.Handler"/> is set. A sink of another kind or loop is ignored.
    /// </summary>
    void AllowSplice(IChannel sink, ISpliceHandler handler);
}

/// <summary>Whom a channel tells of bytes that it has passed on by itself.</summary>
internal interface ISpliceHandler
{
    /// <summary>
    /// <paramref name="count"/> bytes went to the sink. <paramref name="isTaken"/> is what <see cref="IChannel.Send"/> would have said: false, some
    /// are kept on the way, and the source is to be paused until the sink's <see cref="IChannelHandler.OnSendDrained"/>.
    /// </summary>
    void OnSpliced(IChannel channel, int count, bool isTaken);
}

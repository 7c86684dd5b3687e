namespace Proxy.Transport.Relays;

/// <summary>An optional capability of a channel: to know more about the bytes that it delivers.</summary>
public interface IEndForesight
{
    /// <summary>
    /// During <see cref="IChannelHandler.OnReceived"/>: whether these bytes are followed at once by others or by the end of the stream, so that
    /// whoever sends them on may let them wait a moment and leave together with it.
    /// </summary>
    bool IsMoreAtHand { get; }
}

/// <summary>An optional capability of a channel: to let bytes wait for what follows at once.</summary>
internal interface IPatientSink
{
    /// <summary>
    /// As <see cref="IChannel.Send"/>, but the last of the bytes may wait for the next <see cref="IChannel.Send"/>,
    /// <see cref="IChannel.ShutdownSend"/> or <see cref="IChannel.Close"/>: the same segment then carries both. They go by themselves within
    /// 200 ms if nothing follows.
    /// </summary>
    bool SendBeforeMore(ReadOnlySpan<byte> bytes);
}

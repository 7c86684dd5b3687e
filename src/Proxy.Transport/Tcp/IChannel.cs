using System.Net;

namespace Proxy.Transport;

/// <summary>
/// An ordered byte stream with two ends that close independently: a TCP connection, or a stream of a tunnel. For its loop's thread only.
/// </summary>
/// <remarks>
/// Life: a channel starts with receiving paused. It ends by <see cref="Close"/>, by <see cref="Abort"/>, or by
/// <see cref="IChannelHandler.OnFailed"/>; after any of these no handler call comes and every command is a no-op.
/// </remarks>
public interface IChannel
{
    /// <summary>Whom the channel tells; an owner hands the channel on by putting the next handler here.</summary>
    IChannelHandler Handler { get; set; }

    /// <summary>The address of the other end, where it has one.</summary>
    EndPoint? RemoteEndPoint { get; }

    /// <summary>Our own address on this connection, where it has one.</summary>
    EndPoint? LocalEndPoint { get; }

    /// <summary>Whether bytes given to <see cref="Send"/> are still kept here, not yet taken by the kernel or the tunnel.</summary>
    bool HasUnsent { get; }

    /// <summary>
    /// Sends all of <paramref name="bytes"/>: what cannot go at once is copied and kept. False: some are kept, so the caller stops its source
    /// until <see cref="IChannelHandler.OnSendDrained"/>. Sending more meanwhile is allowed only for what the caller had in hand. While the channel
    /// still connects, everything is kept. Sending after <see cref="ShutdownSend"/> is a bug of the caller (<see cref="InvalidOperationException"/>).
    /// </summary>
    bool Send(ReadOnlySpan<byte> bytes);

    /// <summary>Ends our direction (FIN) once all kept bytes have gone. Idempotent.</summary>
    void ShutdownSend();

    /// <summary>Starts or goes on delivering received bytes and the end of stream, from the next turn on.</summary>
    void ResumeReceive();

    /// <summary>Stops delivering: no <see cref="IChannelHandler.OnReceived"/> or <see cref="IChannelHandler.OnEndOfStream"/> until resumed.</summary>
    void PauseReceive();

    /// <summary>Ends both directions at once: kept bytes are dropped, the peer sees a reset (RST).</summary>
    void Abort();

    /// <summary>
    /// Lets go of the channel in good order: kept bytes and the FIN still go out (bounded by the backend's own linger time), received bytes
    /// that nobody read are lost.
    /// </summary>
    void Close();
}

/// <summary>Whom a channel tells what happened; always on the loop's thread, never from inside a call into the channel.</summary>
/// <remarks>
/// A handler that throws costs its own channel and nobody else: the failure is counted and logged, the peer sees a reset, and the handler is
/// told by <see cref="OnFailed"/> (<see cref="TransportFaultKind.Other"/>), unless it had let go of the channel before.
/// </remarks>
public interface IChannelHandler
{
    /// <summary>A channel of <see cref="IIoLoop.Connect"/> is connected; receiving is still paused.</summary>
    void OnConnected(IChannel channel);

    /// <summary>Bytes arrived, in order. The span is the loop's own buffer and is valid during the call only.</summary>
    void OnReceived(IChannel channel, ReadOnlySpan<byte> bytes);

    /// <summary>The peer ended its direction (FIN), after all its bytes were delivered. Comes once.</summary>
    void OnEndOfStream(IChannel channel);

    /// <summary>All bytes that <see cref="IChannel.Send"/> had kept have gone.</summary>
    void OnSendDrained(IChannel channel);

    /// <summary>The channel failed (reset, refused, …) and is gone. Comes once, and nothing after it.</summary>
    void OnFailed(IChannel channel, TransportFault fault);
}

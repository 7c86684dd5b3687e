using Proxy.Protocol.Announcements;
using Proxy.Protocol.Ends;
using Proxy.Protocol.Tunnels;
using Proxy.Tunnel.Native;

namespace Proxy.Tunnel;

/// <summary>
/// One end of a tunnel, whatever its dialect, as whoever drives it sees it: <see cref="TunnelEngine"/> or <see cref="NativeTunnelEngine"/>.
/// Order of calls: after every input or batch of inputs take events until there is none (commands may be given while doing so), then
/// datagrams until there are none, both again while <see cref="HasEvents"/>, then ask for the deadline. Not thread-safe; times are microseconds
/// of one monotonic clock.
/// </summary>
public interface ITunnelEngine : IDisposable
{
    TunnelState State { get; }

    /// <summary>Whether <see cref="OpenStream"/> may be called now.</summary>
    bool CanOpen { get; }

    bool HasEvents { get; }

    /// <summary>Whether anything we sent is not acknowledged yet, or waits to be sent, and is still worth it.</summary>
    bool HasUnacknowledged { get; }

    /// <summary>Whether the peer has answered from where its datagrams say it is.</summary>
    bool IsPeerConfirmed { get; }

    int ActiveStreams { get; }

    /// <summary>Received bytes that wait for slow readers.</summary>
    long ReceivedBytesWaiting { get; }

    /// <summary>A datagram at most.</summary>
    int DatagramBytes { get; }

    /// <summary>Smoothed; 0 before the first measurement.</summary>
    int RoundTripMilliseconds { get; }

    ref readonly TunnelStatistics Statistics { get; }

    /// <summary>All that was counted; a snapshot, also of an engine that is disposed of.</summary>
    TunnelCounters Counters { get; }

    /// <summary>Counts whatever comes from the peer: as long as it stands still the peer is silent.</summary>
    long HeardCount => Counters.DatagramsReceived;

    void Start();

    /// <summary>One datagram of the peer, or what pretends to be one; it may be changed in place.</summary>
    void HandleDatagram(Span<byte> datagram, PathAddress from, long nowMicroseconds);

    /// <summary>Something we sent was answered by "port unreachable".</summary>
    void HandleRefused(long nowMicroseconds);

    /// <summary>The moment of <see cref="NextDeadlineMicroseconds"/> has come.</summary>
    void HandleDeadline(long nowMicroseconds);

    /// <summary>When to call <see cref="HandleDeadline"/> and <see cref="TryGetDatagrams"/> again; null: never, unless something happens.</summary>
    long? NextDeadlineMicroseconds(long nowMicroseconds);

    int OpenStream();

    /// <summary>Takes all bytes; false: the owner stops its source until <see cref="TunnelEventKind.SendDrained"/>.</summary>
    bool Send(int streamId, ReadOnlySpan<byte> bytes);

    /// <summary>Whether <see cref="Send"/> has said no and <see cref="TunnelEventKind.SendDrained"/> is still to come.</summary>
    bool HasUnsent(int streamId);

    /// <summary>Whether both directions of the stream have ended; what was given to send may still wait here.</summary>
    bool IsOver(int streamId);

    /// <summary>The largest packet that <see cref="SendPacket"/> takes; 0: this dialect carries bytes of streams only.</summary>
    int MaximumPacketBytes => 0;

    /// <summary>
    /// Sends a packet beside the bytes of an open stream: whole or not at all, once, in no order with the bytes or with other packets. It may be
    /// lost anywhere, and is dropped here rather than kept long. The peer hears it as <see cref="TunnelEventKind.Packet"/>.
    /// </summary>
    PacketFate SendPacket(int streamId, ReadOnlySpan<byte> packet, long nowMicroseconds) => PacketFate.NotCarried;

    /// <summary>Server: tells the client something beside the streams. False: this dialect tells nothing, or too much waits to be told.</summary>
    bool Announce(TunnelAnnouncement announcement) => false;

    void FinishSending(int streamId);

    void SetReceiving(int streamId, bool isReceiving);

    void ResetStream(int streamId, EndReason reason);

    /// <param name="distance">How many tunnels lie behind this node to whoever saw the failure, where the dialect can tell it; 0: it was this node.</param>
    void ResetStream(int streamId, EndReason reason, byte distance) => ResetStream(streamId, reason);

    void ReleaseStream(int streamId);

    /// <summary>Opens nothing more, and closes when the last stream has ended and all is acknowledged.</summary>
    void Drain();

    /// <summary>Ends the tunnel and all its streams now, and tells the peer.</summary>
    void Close(EndReason reason);

    bool TryGetEvent(long nowMicroseconds, out TunnelEvent next);

    /// <summary>
    /// The next datagrams that are due, of one size but for the last, which may be shorter, and for one address. The buffer has room for
    /// <see cref="DatagramBytes"/> at least. Call until false.
    /// </summary>
    bool TryGetDatagrams(long nowMicroseconds, Span<byte> buffer, out DatagramBatch batch);
}

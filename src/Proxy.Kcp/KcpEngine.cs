using System.Buffers;
using System.Runtime.InteropServices;

namespace Proxy.Kcp;

/// <summary>
/// One side of a KCP conversation: a reliable, ordered stream of bytes (or of messages) over datagrams, without socket, thread, clock or
/// randomness. Source: the algorithm of skywind3000/kcp, with kcp-go's improvements. Not thread-safe.
/// <para>
/// Queries may be called at any time and change nothing: <see cref="InFlightSegments"/>, <see cref="IsDead"/>, <see cref="Statistics"/> …
/// Handle…: <see cref="HandleDatagram"/> takes what the network brought. Whatever a peer sends is answered by a value, never by an exception.
/// Commands: <see cref="Send"/> or <see cref="SendMessage"/>, <see cref="AdvanceReceived"/>, <see cref="SetMtu"/>, <see cref="TrimExcess"/>;
/// with external acknowledgement also <see cref="Acknowledged"/> and <see cref="Lost"/>.
/// Outputs: <see cref="TryPeekReceived"/> or <see cref="TryReceiveMessage"/>; <see cref="TryGetDatagram"/>, or <see cref="TryGetSegment"/>
/// with external acknowledgement.
/// </para>
/// <para>
/// Order of calls: after a batch of input and commands, first read what was received, then take output until there is none, then ask
/// <see cref="NextDeadlineMilliseconds"/> and take output again at that time. There is no tick: with nothing in flight and nothing owed
/// there is no deadline. Times are milliseconds of one monotonic clock of any origin, wrapping at 2^32, and never go backwards.
/// </para>
/// <para>
/// Memory: at most <see cref="KcpSettings.SendBufferSegments"/> payloads of the mtu, and what the peer can make it hold is at most
/// <see cref="KcpSettings.ReceiveWindowSegments"/> payloads of <see cref="KcpSettings.MaximumReceivedPayloadBytes"/>. Payloads are rented
/// from the pool and go back when acknowledged or read; <see cref="Dispose"/> returns the rest.
/// </para>
/// </summary>
public sealed partial class KcpEngine : IDisposable
{
    private readonly uint _conversation;
    private readonly KcpSettings _settings;
    private readonly ArrayPool<byte> _pool;
    private readonly bool _acknowledgesItself;
    private KcpStatistics _statistics;
    private int _mtuBytes;
    private bool _isDisposed;

    public KcpEngine(uint conversation, KcpSettings settings, ArrayPool<byte> pool)
    {
        settings.Validate();
        _conversation = conversation;
        _settings = settings;
        _pool = pool;
        _acknowledgesItself = settings.Acknowledgement == KcpAcknowledgement.Own;
        _mtuBytes = settings.MtuBytes;
        var first = settings.InitialSequenceNumber;
        _firstUnacknowledged = _lastUnacknowledged = _sendNext = _sendEnd = first;
        _receiveRead = _receiveNext = first;
        _peerWindowEdge = first + (uint)settings.InitialPeerWindowSegments;
        _toldWindowEdge = first + (uint)Math.Min(settings.InitialPeerWindowSegments, settings.ReceiveWindowSegments);
        _timeoutRecoveryEnd = first;
        _slowStartThresholdSegments = MinimumSlowStartThresholdSegments;
        _congestionBytes = MaximumPayloadBytes;
        _rtoMilliseconds = InitialRtoMilliseconds;
    }

    public uint Conversation => _conversation;

    public KcpSettings Settings => _settings;

    public ref readonly KcpStatistics Statistics => ref _statistics;

    /// <summary>A datagram at most, as last set.</summary>
    public int MtuBytes => _mtuBytes;

    /// <summary>Data in a segment at most (mss).</summary>
    public int MaximumPayloadBytes => _mtuBytes - KcpSegment.HeaderBytes;

    /// <summary>Whether some segment was sent <see cref="KcpSettings.DeadLinkTransmissions"/> times in vain. Latched; the engine goes on.</summary>
    public bool IsDead { get; private set; }

    /// <summary>
    /// Sets the size of datagrams from now on, <see cref="KcpSettings.MinimumMtuBytes"/> to <see cref="KcpSettings.MaximumMtuBytes"/>.
    /// Data already queued keeps its segments, which may be larger than a lowered mtu and then go out alone.
    /// </summary>
    public void SetMtu(int mtuBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(mtuBytes, KcpSettings.MinimumMtuBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(mtuBytes, KcpSettings.MaximumMtuBytes);
        _mtuBytes = mtuBytes;
    }

    /// <summary>
    /// Gives the tables back that a burst has grown, as far as they are empty. For an engine that went idle; they grow again when needed.
    /// </summary>
    public void TrimExcess()
    {
        if (QueuedOrInFlightSegments == 0)
        {
            _sendRing.Release();
            _due.Release();
        }

        if (_bufferedSegments == 0)
        {
            _receiveRing.Release();
        }

        if (_owedAcknowledgements.Count == 0)
        {
            _owedAcknowledgements.Release();
        }
    }

    /// <summary>Returns every buffer to the pool. The engine takes and gives nothing afterwards.</summary>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        ReleaseSendBuffers();
        ReleaseReceiveBuffers();
    }

    private void Return(ref byte[]? buffer)
    {
        if (buffer is not null)
        {
            _pool.Return(buffer);
            buffer = null;
        }
    }

    /// <summary>What is known of a segment from when it was queued until everything up to it is acknowledged.</summary>
    [StructLayout(LayoutKind.Auto)]
    private struct SendSlot
    {
        /// <summary>Null once acknowledged.</summary>
        public byte[]? Buffer;

        public int PayloadBytes;

        /// <summary>Neighbours among the unacknowledged, by sequence number; meaningful while in flight and unacknowledged.</summary>
        public uint Previous;
        public uint Next;

        /// <summary>Of the last transmission.</summary>
        public uint SentAtMilliseconds;
        public uint ResendAtMilliseconds;
        public int RtoMilliseconds;
        public ushort Transmissions;

        /// <summary>Datagrams that acknowledged a later segment since the last transmission (fastack).</summary>
        public ushort Overtaken;
        public byte Fragment;
        public ResendCause Due;
    }

    /// <summary>A received segment that waits to be read, or for those before it; empty when <see cref="Buffer"/> is null.</summary>
    [StructLayout(LayoutKind.Auto)]
    private struct ReceiveSlot
    {
        public byte[]? Buffer;
        public int PayloadBytes;
        public byte Fragment;
    }

    /// <summary>Why a segment stands in the queue of what is to be sent again.</summary>
    private enum ResendCause : byte
    {
        None,
        Fast,
        Early,
        Timeout,
        Reported,
    }
}

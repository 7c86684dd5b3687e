using System.Numerics;
using Proxy.Protocol;
using Proxy.Protocol.Parts;
using Proxy.Protocol.Tunnels;
using Proxy.Tunnel.Native;
using Proxy.Tunnel.Native.Fec;

namespace Proxy.Tunnel;

/// <summary>
/// Forward error correction: shards over what was sent, and what the peer's shards bring back. A recovered datagram counts as lost with the
/// controller, as the path did lose it; its sender only need not send it again.
/// </summary>
public sealed partial class NativeTunnelEngine
{
    private readonly FecPolicy? _fecPolicy;       // null, as the sender: we send no shards
    private readonly FecSender? _fecSender;
    private readonly FecReceiver _fecReceiver;
    private readonly RecoveredNumbers _recovered = new();

    /// <summary>What we were told to do for what we send.</summary>
    public FecMode Fec => _settings.Fec;

    /// <summary>Whether shards over what is sent now are wanted; <see cref="FecMode.Adaptive"/> goes by the path.</summary>
    public bool IsFecOn => _fecSender is { IsOn: true };

    private static FecPolicy? PolicyOf(NativeTunnelSettings settings) =>
        settings.Fec == FecMode.Off ? null : new FecPolicy(settings.Fec, settings.FecMembers, settings.FecShards);

    private long FecDueMicroseconds => _fecSender is { IsOn: true } sender
        ? sender.DueMicroseconds(_roundTrip.SmoothedMicroseconds)
        : long.MaxValue;

    /// <summary>
    /// Shards of the group that has ended, alone, as they are longer than the datagrams they cover. They wait for the window as everything that
    /// is paid for, but not for the pacer: it is told afterwards.
    /// </summary>
    private bool TryWriteShards(Span<byte> buffer, long nowMicroseconds, out DatagramBatch batch)
    {
        batch = default;
        if (_fecSender is not { } sender)
        {
            return false;
        }

        var isTail = !HasContent && !HasEvents;
        if (isTail && _sent.DatagramsInFlight > 0)
        {
            _fecPolicy!.HandleTail(nowMicroseconds);
        }

        sender.Update(_roundTrip.SmoothedMicroseconds, nowMicroseconds);
        if (!sender.IsOn)
        {
            return false;
        }

        if (!sender.HasShards)
        {
            sender.Decide(isTail, _size.Bytes, _roundTrip.SmoothedMicroseconds, nowMicroseconds);
            _nativeStatistics.FecGroupsSent += sender.HasShards ? 1 : 0;
        }

        var bytes = sender.ShardDatagramBytes;
        var total = 0;
        while (sender.HasShards && total + bytes <= buffer.Length && _sent.BytesInFlight + bytes <= _controller.WindowBytes
            && _seal.CanSeal(bytes) && !_sent.IsFull)
        {
            var datagram = new SentDatagram { SentMicroseconds = nowMicroseconds, IsInFlight = true, IsShard = true };
            sender.WriteShard(buffer[(total + IDatagramSeal.HeaderBytes)..]);
            total += Seal(buffer.Slice(total, bytes), ref datagram);
            _nativeStatistics.FecShardsSent++;
            _nativeStatistics.FecBytesSent += bytes;
        }

        batch = new DatagramBatch(total, bytes, _path);
        return total > 0;
    }

    /// <summary>
    /// What the next datagrams may have: less than the path carries where a shard over them has to fit. A segment that was made before, and is
    /// sent again, may need all of it; its datagram goes alone, and is not covered.
    /// </summary>
    private int NextDatagramBytes(long nowMicroseconds)
    {
        var bytes = _size.Bytes - FecSender.ReservedBytes;
        return _fecSender is { IsOn: true } && !HasSegmentBeyond(bytes, nowMicroseconds) ? bytes : _size.Bytes;
    }

    /// <summary>Whether the datagram that was just written ends its batch.</summary>
    private bool EndsBatch(int datagramBytes) =>
        _fecSender is { IsOn: true } sender && (sender.IsGroupFull || datagramBytes == _size.Bytes);

    private bool HasSegmentBeyond(int datagramBytes, long nowMicroseconds)
    {
        const int Around = IDatagramSeal.OverheadBytes + KcpPart.HeaderBytes;
        for (var lanes = _activeLanes; lanes != 0; lanes &= lanes - 1)
        {
            var segment = _lanes[BitOperations.TrailingZeroCount(lanes)].Kcp.NextSegmentBytes(ToMilliseconds(nowMicroseconds));
            if (segment > datagramBytes - Around && segment <= _size.Bytes - Around)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether what was acknowledged last had waited in a queue of the path.</summary>
    private bool IsQueueing => _roundTrip.LatestMicroseconds - _roundTrip.LeastMicroseconds
        > Math.Max(LeastQueueMicroseconds, _roundTrip.LeastMicroseconds / QueueShareOfRoundTrip);

    /// <summary>A datagram is about to be sealed.</summary>
    private void KeepForShards(ReadOnlySpan<byte> body, ref SentDatagram datagram)
    {
        if (_fecSender is { IsOn: true } sender && _sent.NextNumber is { } number)
        {
            sender.Keep(number, body, datagram.SentMicroseconds, isWorth: _sent.CarriesUserLane || _carriesPackets);
        }

        _carriesPackets = false;
    }

    private void HandleShard(ReadOnlySpan<byte> payload, ulong carrier)
    {
        _nativeStatistics.FecShardsReceived++;
        _fecReceiver.HandleShard(payload, carrier);
        _nativeStatistics.FecShardsRefused = _fecReceiver.Refused;
    }

    /// <summary>Handles what can be made of what has arrived.</summary>
    private void HandleRecoverable(long nowMicroseconds)
    {
        while (State != TunnelState.Closed && _fecReceiver.TryTake(out var number, out var body))
        {
            if (_received.Contains(number) || !IsWellFormed(body)
                || !HandleBody(body, carrier: null, _path, nowMicroseconds, out var wantsAcknowledgement))
            {
                continue;
            }

            _fecReceiver.HandlePlaced(number);
            _nativeStatistics.DatagramsRecovered++;
            if (wantsAcknowledgement)
            {
                // Told before it is sent again for nothing.
                _recovered.Add(number);
                _acknowledgements.HandleArrival(isInOrder: false, _roundTrip.SmoothedMicroseconds, nowMicroseconds);
            }
        }

        _nativeStatistics.FecShardsRefused = _fecReceiver.Refused;
        _nativeStatistics.FecGroupsNotRecovered = _fecReceiver.NotRecovered;
    }

    /// <summary>After a pause: gives back what no shard came for since the last.</summary>
    private void TrimFec()
    {
        _fecSender?.Trim();
        _fecReceiver.TrimIfUnused();
    }

    /// <summary>Shards that do not belong together make a body of nothing: that must not be taken for the peer's word.</summary>
    private static bool IsWellFormed(ReadOnlySpan<byte> body)
    {
        var reader = new PartReader(body);
        ReadStatus status;
        do
        {
            status = reader.Read(out _);
        }
        while (status == ReadStatus.Done);
        return status != ReadStatus.Malformed;
    }

    /// <summary>The peer has these, though they did not arrive.</summary>
    private void HandleRecovered(ReadOnlySpan<byte> payload)
    {
        Span<NumberRange> ranges = stackalloc NumberRange[ProtocolLimits.AcknowledgedRanges];
        _sent.HandleRecovered(ranges[RecoveredPart.Ranges(payload).CopyUpward(ranges)..], this);
        _activeLanes |= _blockedLanes;
        _blockedLanes = 0;
    }

    void ISentObserver.OnRecovered(ref SentDatagram datagram)
    {
        _nativeStatistics.DatagramsRecoveredByPeer++;
        for (var index = 0; index < datagram.CarriedCount; index++)
        {
            HandleArrived(_sent.Carried(ref datagram, index));
        }
    }

    private const long LeastQueueMicroseconds = 2_000;
    private const long QueueShareOfRoundTrip = 16;
}

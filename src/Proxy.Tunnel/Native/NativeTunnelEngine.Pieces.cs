using Proxy.Protocol.Parts;
using Proxy.Tunnel.Native;

namespace Proxy.Tunnel;

/// <summary>
/// After the path has become narrower: segments that were made for larger datagrams go in halves. Each half is acknowledged with its datagram,
/// the segment when both are.
/// </summary>
public sealed partial class NativeTunnelEngine
{
    private readonly PieceStore _pieces;
    private readonly Dictionary<CarriedSegment, CarriedHalves> _halvesArrived = [];
    private readonly byte[] _largeSegment = new byte[PiecePart.MaxSegmentBytes];
    private int _largeSegmentBytes;               // its second half is still to be sent
    private CarriedSegment _largeSegmentName;
    private bool _hasShrunk;

    /// <summary>Writes half a segment that is too large for a datagram; 0 when there is none.</summary>
    private int WritePiece(Span<byte> body, uint nowMilliseconds)
    {
        if (!_hasShrunk)
        {
            return 0;
        }

        var isSecond = _largeSegmentBytes > 0;
        if (!isSecond && !TryTakeLargeSegment(body.Length - KcpPart.HeaderBytes, nowMilliseconds))
        {
            return 0;
        }

        var (lane, number, _) = _largeSegmentName;
        _sent.Carry(_largeSegmentName with { Halves = isSecond ? CarriedHalves.Second : CarriedHalves.First });
        var length = PiecePart.Write(body, isSecond, lane, number, _largeSegment.AsSpan(0, _largeSegmentBytes));
        _largeSegmentBytes = isSecond ? 0 : _largeSegmentBytes;
        return length;
    }

    private bool TryTakeLargeSegment(int roomBytes, uint nowMilliseconds)
    {
        foreach (var lane in _lanes)
        {
            if ((_activeLanes & (1UL << lane.Index)) != 0 && lane.Kcp.NextSegmentBytes(nowMilliseconds) > roomBytes
                && lane.Kcp.TryGetSegment(nowMilliseconds, _largeSegment, out var output))
            {
                _nativeStatistics.SegmentsSent++;
                _largeSegmentBytes = output.LengthBytes;
                _largeSegmentName = new CarriedSegment((byte)lane.Index, output.SequenceNumber);
                return true;
            }
        }

        return false;
    }

    private void HandleArrived(CarriedSegment carried)
    {
        if (carried.Halves != CarriedHalves.Both)
        {
            var name = carried with { Halves = CarriedHalves.Both };
            var arrived = _halvesArrived.GetValueOrDefault(name) | carried.Halves;
            if (arrived != (CarriedHalves.First | CarriedHalves.Second))
            {
                ForgetSettledHalves();
                _halvesArrived[name] = arrived;
                return;
            }

            _halvesArrived.Remove(name);
        }

        _lanes[carried.Lane].Kcp.Acknowledged(carried.SequenceNumber);
    }

    /// <summary>Of segments that the peer confirmed in another way.</summary>
    private void ForgetSettledHalves()
    {
        if (_halvesArrived.Count < HalvesUntilForgotten)
        {
            return;
        }

        foreach (var name in _halvesArrived.Keys.ToArray())
        {
            if ((int)(name.SequenceNumber - _lanes[name.Lane].Kcp.SendUnacknowledged) < 0)
            {
                _halvesArrived.Remove(name);
            }
        }
    }

    /// <summary>False when there is no place for it.</summary>
    private bool HandlePiece(ReadOnlySpan<byte> payload, long nowMicroseconds)
    {
        var laneIndex = PiecePart.Lane(payload);
        var number = PiecePart.SequenceNumber(payload);
        if (laneIndex >= _lanes.Length)
        {
            FailMalformed("a piece that has no lane");
            return true;
        }

        if ((int)(number - _lanes[laneIndex].Kcp.ReceiveNext) < 0)
        {
            _pieces.Remove(laneIndex, number);
            return true;
        }

        if (_pieces.IsFull)
        {
            _pieces.Purge(_lanes);
            if (_pieces.IsFull)
            {
                return false;
            }
        }

        var whole = _pieces.Add(laneIndex, number, PiecePart.IsSecond(payload), PiecePart.Bytes(payload));
        if (whole.IsEmpty)
        {
            return true;
        }

        if (!HandleSegments(whole, nowMicroseconds))
        {
            return false;
        }

        _pieces.Remove(laneIndex, number);
        return true;
    }

    private const int HalvesUntilForgotten = 1024;
}

using System.Buffers;
using System.Runtime.InteropServices;
using Proxy.Protocol.Parts;

namespace Proxy.Tunnel.Native;

/// <summary>
/// First or second halves of segments that wait for the other. What was taken is acknowledged, so it stays until it is whole or turns out not
/// to be needed; when there are too many, no more are taken.
/// </summary>
internal sealed class PieceStore(ArrayPool<byte> pool) : IDisposable
{
    private const int MostSegments = 1024;

    private readonly Dictionary<(byte Lane, uint SequenceNumber), Segment> _segments = [];

    public bool IsFull => _segments.Count >= MostSegments;

    /// <summary>Takes half a segment; gives the whole one when the other half is there, valid until the next call. Only while not full.</summary>
    public ReadOnlySpan<byte> Add(byte lane, uint sequenceNumber, bool isSecond, ReadOnlySpan<byte> bytes)
    {
        ref var segment = ref CollectionsMarshal.GetValueRefOrAddDefault(_segments, (lane, sequenceNumber), out _);
        segment.Buffer ??= pool.Rent(PiecePart.MaxSegmentBytes);
        bytes.CopyTo(segment.Buffer.AsSpan(isSecond ? PiecePart.SplitBytes : 0));
        segment.HasFirst |= !isSecond;
        segment.SecondBytes = isSecond ? bytes.Length : segment.SecondBytes;
        return segment.HasFirst && segment.SecondBytes > 0 ? segment.Buffer.AsSpan(0, PiecePart.SplitBytes + segment.SecondBytes) : default;
    }

    public void Remove(byte lane, uint sequenceNumber)
    {
        if (_segments.Remove((lane, sequenceNumber), out var segment))
        {
            pool.Return(segment.Buffer!);
        }
    }

    /// <summary>Drops what its lane has meanwhile from elsewhere.</summary>
    public void Purge(Lane[] lanes)
    {
        foreach (var (lane, sequenceNumber) in _segments.Keys.ToArray())
        {
            if ((int)(sequenceNumber - lanes[lane].Kcp.ReceiveNext) < 0)
            {
                Remove(lane, sequenceNumber);
            }
        }
    }

    public void Dispose()
    {
        foreach (var segment in _segments.Values)
        {
            pool.Return(segment.Buffer!);
        }

        _segments.Clear();
    }

    [StructLayout(LayoutKind.Auto)]
    private struct Segment
    {
        public byte[]? Buffer;
        public bool HasFirst;
        public int SecondBytes;
    }
}

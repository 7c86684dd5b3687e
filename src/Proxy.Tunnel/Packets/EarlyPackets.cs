using System.Buffers;
using System.Runtime.InteropServices;

namespace Proxy.Tunnel.Packets;

/// <summary>
/// Parts of packets that came ahead of the stream that opens their flow, for a second: frames are read behind all that arrived with them, and
/// over a path that loses or reorders a stream may be a round trip behind. What is too much drops the flows that wait longest.
/// </summary>
internal sealed class EarlyPackets(ArrayPool<byte> pool)
{
    private readonly Dictionary<uint, Flow> _flows = [];
    private readonly LinkedList<Flow> _byAge = new();
    private int _parts;
    private int _bytes;

    public bool IsEmpty => _parts == 0;

    /// <summary>Packets, or fragments of them, that were given up.</summary>
    public long Dropped { get; private set; }

    public void Add(uint flowId, ReadOnlySpan<byte> payload, long nowMicroseconds)
    {
        while (_byAge.First is { } oldest
            && (_parts >= MostParts || _bytes + payload.Length > MostBytes || nowMicroseconds - oldest.Value.SinceMicroseconds > MostMicroseconds))
        {
            Dropped += oldest.Value.Parts.Count;
            Forget(oldest.Value);
        }

        if (!_flows.TryGetValue(flowId, out var flow))
        {
            flow = new Flow(flowId, nowMicroseconds);
            _flows.Add(flowId, flow);
            flow.Node = _byAge.AddLast(flow);
        }

        var buffer = pool.Rent(payload.Length);
        payload.CopyTo(buffer);
        flow.Parts.Enqueue(new Part(buffer, payload.Length));
        _parts++;
        _bytes += payload.Length;
    }

    /// <summary>Gives what came for a flow that is known now, in its order, to <paramref name="take"/>.</summary>
    public void TakeFor(uint flowId, long nowMicroseconds, Taker take)
    {
        if (!_flows.TryGetValue(flowId, out var flow))
        {
            return;
        }

        foreach (var part in flow.Parts)
        {
            take(part.Buffer.AsSpan(0, part.Bytes), nowMicroseconds);
        }

        Forget(flow);
    }

    public void Clear()
    {
        while (_byAge.First is { } first)
        {
            Forget(first.Value);
        }
    }

    private void Forget(Flow flow)
    {
        foreach (var part in flow.Parts)
        {
            _bytes -= part.Bytes;
            pool.Return(part.Buffer);
        }

        _parts -= flow.Parts.Count;
        _flows.Remove(flow.Id);
        _byAge.Remove(flow.Node!);
    }

    /// <summary>Takes the payload of a part.</summary>
    public delegate void Taker(ReadOnlySpan<byte> payload, long nowMicroseconds);

    // As many as a batch of reads may bring with the streams that they belong to.
    private const int MostParts = 4096;
    private const int MostBytes = 1024 * 1024;
    private const long MostMicroseconds = 1_000_000;

    private sealed class Flow(uint id, long sinceMicroseconds)
    {
        public uint Id { get; } = id;

        public long SinceMicroseconds { get; } = sinceMicroseconds;

        public Queue<Part> Parts { get; } = new();

        public LinkedListNode<Flow>? Node { get; set; }
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Part(byte[] Buffer, int Bytes);
}

using System.Buffers;
using System.Runtime.InteropServices;
using Proxy.Tunnel.Native;

namespace Proxy.Tunnel.Packets;

/// <summary>
/// Packets that wait to be sent, a queue for each flow, and whose turn it is: flows with much to say take turns by bytes, so that one does not
/// keep others waiting. What waits is bounded by bytes, by number and by time, as a packet that comes late is worth nothing.
/// </summary>
internal sealed class PacketQueues(ArrayPool<byte> pool)
{
    private readonly Dictionary<int, Flow> _flows = [];
    private readonly TurnQueue<Flow> _turns = new();
    private readonly Stack<Flow> _spare = new();
    private long _waitingBytes;
    private long _numbers;

    public bool HasWaiting => _turns.First is not null;

    /// <summary>Packets that waited too long.</summary>
    public long Stale { get; private set; }

    /// <summary>False: too much waits already.</summary>
    public bool TryAdd(int flowId, ReadOnlySpan<byte> packet, long nowMicroseconds)
    {
        var flow = _flows.GetValueOrDefault(flowId);
        if (_waitingBytes + packet.Length > MostBytes
            || (flow is not null && (flow.Waiting.Count >= MostPacketsOfFlow || flow.Bytes + packet.Length > MostBytesOfFlow)))
        {
            return false;
        }

        if (flow is null)
        {
            flow = _spare.TryPop(out var spare) ? spare : new Flow();
            flow.Id = flowId;
            _flows.Add(flowId, flow);
            _turns.Append(flow);
        }

        var buffer = pool.Rent(Math.Max(1, packet.Length));
        packet.CopyTo(buffer);
        flow.Waiting.Enqueue(new Packet(++_numbers, buffer, packet.Length, nowMicroseconds));
        flow.Bytes += packet.Length;
        _waitingBytes += packet.Length;
        return true;
    }

    /// <summary>The packet whose turn it is; it stays that until <see cref="Take"/>. Those that waited too long go.</summary>
    public bool TryPeek(long nowMicroseconds, out WaitingPacket packet)
    {
        while (_turns.First is { } flow)
        {
            if (flow.Waiting.TryPeek(out var first))
            {
                if (nowMicroseconds - first.SinceMicroseconds <= MostWaitMicroseconds)
                {
                    packet = new WaitingPacket(flow.Id, first.Number, first.Buffer.AsSpan(0, first.Bytes));
                    return true;
                }

                Stale++;
                Drop(flow);
            }

            EndTurn(flow);
        }

        packet = default;
        return false;
    }

    /// <summary>The packet of the last <see cref="TryPeek"/> has gone, or is not to be sent.</summary>
    /// <param name="turnBytes">What a flow may send in one turn.</param>
    public void Take(int turnBytes)
    {
        var flow = _turns.First!;
        if (flow.TurnBytes <= 0)
        {
            flow.TurnBytes += turnBytes;
        }

        flow.TurnBytes -= flow.Waiting.Peek().Bytes + OverheadBytes;
        Drop(flow);
        EndTurn(flow);
    }

    /// <summary>The flow is over.</summary>
    public void Forget(int flowId)
    {
        if (_flows.TryGetValue(flowId, out var flow))
        {
            while (flow.Waiting.Count > 0)
            {
                Drop(flow);
            }

            // It leaves the turns when its own comes; an id is never used again.
            if (_turns.First == flow)
            {
                EndTurn(flow);
            }
        }
    }

    public void Clear()
    {
        foreach (var flow in _flows.Values)
        {
            while (flow.Waiting.Count > 0)
            {
                Drop(flow);
            }
        }

        _flows.Clear();
        _turns.Clear();
        _spare.Clear();
    }

    /// <summary>Who has nothing left leaves, who had its share goes to the end.</summary>
    private void EndTurn(Flow flow)
    {
        if (flow.Waiting.Count == 0)
        {
            _turns.RemoveFirst();
            _flows.Remove(flow.Id);
            flow.TurnBytes = 0;
            if (_spare.Count < MostSpare)
            {
                _spare.Push(flow);
            }
        }
        else if (flow.TurnBytes <= 0)
        {
            _turns.MoveFirstToEnd();
        }
    }

    private void Drop(Flow flow)
    {
        var packet = flow.Waiting.Dequeue();
        flow.Bytes -= packet.Bytes;
        _waitingBytes -= packet.Bytes;
        pool.Return(packet.Buffer);
    }

    // A flow that sends in bursts fills this within a few round trips of a wide path; all of them together are a nuisance, not a danger.
    private const int MostPacketsOfFlow = 512;
    private const int MostBytesOfFlow = 512 * 1024;
    private const long MostBytes = 8L * 1024 * 1024;
    private const long MostWaitMicroseconds = 500_000;
    private const int OverheadBytes = 8;
    private const int MostSpare = 64;

    private sealed class Flow
    {
        public int Id { get; set; }

        public Queue<Packet> Waiting { get; } = new();

        public int Bytes { get; set; }

        public int TurnBytes { get; set; }
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Packet(long Number, byte[] Buffer, int Bytes, long SinceMicroseconds);
}

/// <summary>A packet whose turn it is.</summary>
/// <param name="flowId">Whose.</param>
/// <param name="number">No two have the same.</param>
/// <param name="bytes">Valid until the packet is taken.</param>
internal readonly ref struct WaitingPacket(int flowId, long number, ReadOnlySpan<byte> bytes)
{
    public int FlowId { get; } = flowId;

    public long Number { get; } = number;

    public ReadOnlySpan<byte> Bytes { get; } = bytes;
}

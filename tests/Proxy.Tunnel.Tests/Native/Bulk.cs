using System.Buffers;
using Proxy.Kcp;
using Proxy.Tunnel.Native;

namespace Proxy.Tunnel.Tests.Native;

/// <summary>Streams that always have more to send, from the client to the server, and what came of it.</summary>
internal sealed class Bulk : IDisposable
{
    private static readonly byte[] Chunk = new byte[32 * 1024];

    private readonly List<int> _streams = [];

    public Bulk(NativeTunnelSettings? settings = null, int seed = 1)
    {
        Pair = new NativePair(settings, seed: seed, pool: new SegmentPool(2048, 64 * 1024, ArrayPool<byte>.Shared));
        Pair.Server.KeepsBytes = false;
        Pair.Client.OnEvent = (kind, id) =>
        {
            if (kind == TunnelEventKind.SendDrained)
            {
                Fill(id);
            }
        };
    }

    public NativePair Pair { get; }

    public long Received => _streams.Sum(id => Pair.Server.Streams.GetValueOrDefault(id)?.Received ?? 0);

    public int Add()
    {
        var id = Pair.Client.Open();
        _streams.Add(id);
        Fill(id);
        return id;
    }

    /// <summary>Bytes of streams per second while that many seconds pass.</summary>
    public double Measure(double seconds)
    {
        var before = Received;
        Pair.DriveFor(seconds);
        return (Received - before) / seconds;
    }

    public void Dispose() => Pair.Dispose();

    private void Fill(int id)
    {
        while (Pair.Client.Send(id, Chunk))
        {
        }
    }
}

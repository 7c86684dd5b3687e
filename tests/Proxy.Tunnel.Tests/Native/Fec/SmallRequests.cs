using System.Buffers;
using Proxy.Kcp;
using Proxy.Tunnel.Native;

namespace Proxy.Tunnel.Tests.Native.Fec;

/// <summary>Requests at a steady pace, each a stream of its own, answered at once; and how long each took.</summary>
internal sealed class SmallRequests : IDisposable
{
    private readonly Dictionary<int, long> _begun = [];
    private readonly List<double> _milliseconds = [];
    private readonly int _requestBytes;

    public SmallRequests(NativeTunnelSettings settings, int seed = 1, int requestBytes = 300, int responseBytes = 500)
    {
        _requestBytes = requestBytes;
        Pair = new NativePair(settings, seed: seed, pool: new SegmentPool(2048, 16 * 1024, ArrayPool<byte>.Shared));
        Pair.Server.OnEvent = (kind, id) =>
        {
            if (kind == TunnelEventKind.EndOfStream)
            {
                Pair.Server.Send(id, new byte[responseBytes]);
                Pair.Server.Finish(id);
            }
        };
        Pair.Client.OnEvent = (kind, id) =>
        {
            if (kind == TunnelEventKind.EndOfStream)
            {
                _milliseconds.Add((Pair.Now - _begun[id]) / 1000.0);
                Pair.Client.Release(id);
                Pair.Server.Release(id);
            }
        };
    }

    public NativePair Pair { get; }

    /// <summary>Runs so many, and gives how many milliseconds each took, upward.</summary>
    public List<double> Run(int requests, double everyMilliseconds)
    {
        _milliseconds.Clear();
        for (var count = 0; count < requests; count++)
        {
            var id = Pair.Client.Open();
            _begun[id] = Pair.Now;
            Pair.Client.Send(id, new byte[_requestBytes]);
            Pair.Client.Finish(id);
            Pair.DriveFor(everyMilliseconds / 1000);
        }

        Pair.DriveFor(5);
        Assert.Equal(requests, _milliseconds.Count);
        _milliseconds.Sort();
        return _milliseconds;
    }

    public void Dispose() => Pair.Dispose();
}

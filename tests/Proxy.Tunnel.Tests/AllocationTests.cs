using System.Buffers;
using Proxy.Kcp;
using Proxy.Protocol.Tunnels;

namespace Proxy.Tunnel.Tests;

public class AllocationTests
{
    [Fact]
    public void Bulk_one_way_allocates_nothing_per_datagram()
    {
        var pool = new SegmentPool(2048, 4096, ArrayPool<byte>.Shared);
        using var client = new TunnelEngine(TunnelRole.Client, TunnelSettings.Default, pool, 0);
        using var server = new TunnelEngine(TunnelRole.Server, TunnelSettings.Default, pool, 0);
        var transfer = new Transfer(client, server);
        transfer.Begin();
        transfer.Run(rounds: 2000);
        var (bytes, datagrams, before) = (transfer.Received, transfer.Datagrams, GC.GetAllocatedBytesForCurrentThread());
        transfer.Run(rounds: 2000);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(2000L * Transfer.RoundBytes, transfer.Received - bytes);
        Assert.InRange(allocated, 0, transfer.Datagrams - datagrams);
    }

    /// <summary>Every datagram arrives a millisecond later; each round sends what a socket's read would bring.</summary>
    private sealed class Transfer(TunnelEngine client, TunnelEngine server)
    {
        public const int RoundBytes = 12_000;

        private readonly byte[] _bytes = new byte[RoundBytes];
        private readonly byte[] _datagram = new byte[1250];
        private long _now = 5_000_000;
        private int _id;

        public long Received { get; private set; }

        public long Datagrams { get; private set; }

        public void Begin()
        {
            client.Start();
            server.Start();
            Exchange();
            Exchange();
            _id = client.OpenStream();
            Exchange();
            server.SetReceiving(_id, true);
        }

        public void Run(int rounds)
        {
            for (var round = 0; round < rounds; round++)
            {
                client.Send(_id, _bytes);
                Exchange();
            }
        }

        private void Exchange()
        {
            Pass(client, server);
            Pass(server, client);
            _now += 1000;
        }

        private void Pass(TunnelEngine from, TunnelEngine to)
        {
            while (from.TryGetDatagram(_now, _datagram, out var length))
            {
                Datagrams++;
                to.HandleDatagram(_datagram.AsSpan(0, length), _now);
            }

            while (to.TryGetEvent(_now, out var next))
            {
                Received += next.Bytes.Length;
            }

            while (from.TryGetEvent(_now, out _))
            {
            }
        }
    }
}

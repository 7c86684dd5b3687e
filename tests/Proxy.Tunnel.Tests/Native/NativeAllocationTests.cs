using Proxy.Protocol.Tunnels;
using Proxy.Tunnel.Native;

namespace Proxy.Tunnel.Tests.Native;

public sealed class NativeAllocationTests
{
    [Fact]
    public void Bulk_allocates_nothing_per_datagram()
    {
        var transfer = new Transfer(NativeTunnelSettings.Default, loseEvery: 0);
        transfer.Run(rounds: 3000);
        var (bytes, before) = (transfer.Received, GC.GetAllocatedBytesForCurrentThread());
        transfer.Run(rounds: 3000);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(3000L * Transfer.RoundBytes, transfer.Received - bytes);
        Assert.InRange(allocated, 0, 3000);
    }

    [Fact]
    public void Bulk_with_losses_and_shards_allocates_nothing_per_datagram()
    {
        var transfer = new Transfer(
            NativeTunnelSettings.Default with { Fec = FecMode.Fixed, FecMembers = 10, FecShards = 2 },
            loseEvery: 37);
        transfer.Run(rounds: 3000);
        var (bytes, before) = (transfer.Received, GC.GetAllocatedBytesForCurrentThread());
        transfer.Run(rounds: 3000);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(3000L * Transfer.RoundBytes, transfer.Received - bytes);
        Assert.True(transfer.Recovered > 500);
        Assert.InRange(allocated, 0, 3000);
    }

    /// <summary>Every datagram arrives a millisecond later; each round sends what a socket's read would bring.</summary>
    private sealed class Transfer
    {
        public const int RoundBytes = 12_000;

        private readonly NativeTunnelEngine _client;
        private readonly NativeTunnelEngine _server;
        private readonly int _loseEvery;
        private readonly byte[] _bytes = new byte[RoundBytes];
        private readonly byte[] _buffer = new byte[64_000];
        private readonly int _id;
        private int _sent;
        private long _now = 5_000_000;

        /// <param name="settings">Of both ends.</param>
        /// <param name="loseEvery">0: nothing is lost.</param>
        public Transfer(NativeTunnelSettings settings, int loseEvery)
        {
            _loseEvery = loseEvery;
            _client = Make(TunnelRole.Client, settings);
            _server = Make(TunnelRole.Server, settings);
            _client.Start();
            _server.Start();
            _id = _client.OpenStream();
            Exchange();
            _server.SetReceiving(_id, true);
        }

        public long Received { get; private set; }

        public long Recovered => _server.NativeStatistics.DatagramsRecovered;

        public void Run(int rounds)
        {
            for (var round = 0; round < rounds; round++)
            {
                _client.Send(_id, _bytes);
                Exchange();
            }

            for (var round = 0; round < 10; round++)
            {
                Exchange();
            }
        }

        private static NativeTunnelEngine Make(
            TunnelRole role, NativeTunnelSettings settings) => new(
            role,
            settings,
            new PlainSeal(),
            default,
            new Proxy.Kcp.SegmentPool(2048, 4096, System.Buffers.ArrayPool<byte>.Shared),
            new Random(1),
            4_000_000);

        private void Exchange()
        {
            Pass(_client, _server);
            Pass(_server, _client);
            _now += 1000;
        }

        private void Pass(NativeTunnelEngine from, NativeTunnelEngine to)
        {
            if (from.NextDeadlineMicroseconds(_now - 1) <= _now)
            {
                from.HandleDeadline(_now);
            }

            while (from.TryGetDatagrams(_now, _buffer, out var batch))
            {
                for (var start = 0; start < batch.Bytes; start += batch.DatagramBytes)
                {
                    if (_loseEvery > 0 && from == _client && ++_sent % _loseEvery == 0)
                    {
                        continue;
                    }

                    to.HandleDatagram(_buffer.AsSpan(start, Math.Min(batch.DatagramBytes, batch.Bytes - start)), default, _now);
                }
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

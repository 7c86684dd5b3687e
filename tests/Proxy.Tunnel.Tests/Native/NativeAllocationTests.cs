namespace Proxy.Tunnel.Tests.Native;

public sealed class NativeAllocationTests
{
    [Fact]
    public void Bulk_allocates_nothing_per_datagram()
    {
        var transfer = new Transfer();
        transfer.Run(rounds: 3000);
        var (bytes, before) = (transfer.Received, GC.GetAllocatedBytesForCurrentThread());
        transfer.Run(rounds: 3000);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(3000L * Transfer.RoundBytes, transfer.Received - bytes);
        Assert.InRange(allocated, 0, 3000);
    }

    /// <summary>Every datagram arrives a millisecond later; each round sends what a socket's read would bring.</summary>
    private sealed class Transfer
    {
        public const int RoundBytes = 12_000;

        private readonly NativeTunnelEngine _client = Make(Proxy.Protocol.Tunnels.TunnelRole.Client);
        private readonly NativeTunnelEngine _server = Make(Proxy.Protocol.Tunnels.TunnelRole.Server);
        private readonly byte[] _bytes = new byte[RoundBytes];
        private readonly byte[] _buffer = new byte[64_000];
        private readonly int _id;
        private long _now = 5_000_000;

        public Transfer()
        {
            _client.Start();
            _server.Start();
            _id = _client.OpenStream();
            Exchange();
            _server.SetReceiving(_id, true);
        }

        public long Received { get; private set; }

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

        private static NativeTunnelEngine Make(Proxy.Protocol.Tunnels.TunnelRole role) => new(
            role,
            Proxy.Tunnel.Native.NativeTunnelSettings.Default,
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

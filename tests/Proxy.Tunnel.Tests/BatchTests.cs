using Proxy.Protocol.Tunnels;

namespace Proxy.Tunnel.Tests;

public class BatchTests
{
    [Fact]
    public void Batches_carry_the_same_datagrams_of_one_size_the_last_perhaps_shorter()
    {
        var (single, batched) = (Sender(), Sender());
        var expected = new List<byte[]>();
        var buffer = new byte[4000];
        while (single.TryGetDatagram(TunnelSide.Begin, buffer, out var length))
        {
            expected.Add(buffer[..length]);
        }

        var got = new List<byte[]>();
        while (((ITunnelEngine)batched).TryGetDatagrams(TunnelSide.Begin, buffer, out var batch))
        {
            for (var start = 0; start < batch.Bytes; start += batch.DatagramBytes)
            {
                got.Add(buffer[start..Math.Min(batch.Bytes, start + batch.DatagramBytes)]);
            }
        }

        Assert.True(expected.Count > 3);
        Assert.Equal(expected, got);
        single.Dispose();
        batched.Dispose();
    }

    private static TunnelEngine Sender()
    {
        var side = new TunnelSide(TunnelRole.Client);
        var server = new TunnelSide(TunnelRole.Server);
        side.Engine.Start();
        var buffer = new byte[2000];
        side.Engine.TryGetDatagram(TunnelSide.Begin, buffer, out var length);
        server.Engine.HandleDatagram(buffer.AsSpan(0, length), TunnelSide.Begin);
        while (server.Engine.TryGetEvent(TunnelSide.Begin, out _))
        {
        }

        server.Engine.TryGetDatagram(TunnelSide.Begin, buffer, out length);
        side.Engine.HandleDatagram(buffer.AsSpan(0, length), TunnelSide.Begin);
        while (side.Engine.TryGetEvent(TunnelSide.Begin, out _))
        {
        }

        side.Engine.Send(side.Engine.OpenStream(), new byte[10_000]);
        server.Dispose();
        return side.Engine;
    }
}

using System.Net;
using System.Text;
using Proxy.Protocol.ProxyProtocol;

namespace Proxy.Protocol.Tests.ProxyProtocol;

/// <summary>Headers as HAProxy 2.6.12 sent them (send-proxy, send-proxy-v2 with crc32c and unique-id).</summary>
public sealed class HaproxyHeaderTests
{
    [Fact]
    public void A_checksum_and_a_unique_id_of_HAProxy_are_read()
    {
        var header = Read(
            "0d0a0d0a000d0a515549540a 2111001e 7f000001 7f000001 d4d6 526e 0300044368350405000869642d3331343337");
        Assert.Equal((IPEndPoint.Parse("127.0.0.1:54486"), IPEndPoint.Parse("127.0.0.1:21102")), (header.Source, header.Destination));
        Assert.Equal("id-31437", Encoding.ASCII.GetString(header.Fields.UniqueId!.Value.Span));

        // Our writer puts the fields into the same order.
        var target = new byte[ProtocolLimits.ProxyHeaderBytes];
        Assert.True(ProxyHeaderV2.TryWrite(target, header, withChecksum: true, out var written));
        Assert.EndsWith("0300044368350405000869642D3331343337", Convert.ToHexString(target, 0, written));
    }

    [Fact]
    public void IPv6_of_HAProxy_is_read_in_both_versions()
    {
        var second = Read(
            "0d0a0d0a000d0a515549540a 21210024 00000000000000000000000000000001 00000000000000000000000000000001 b14c 526f");
        Assert.Equal((IPEndPoint.Parse("[::1]:45388"), IPEndPoint.Parse("[::1]:21103")), (second.Source, second.Destination));

        var first = Read("50524f58592054435036203a3a31203a3a312035383731302032313130340d0a");
        Assert.Equal((IPEndPoint.Parse("[::1]:58710"), IPEndPoint.Parse("[::1]:21104")), (first.Source, first.Destination));
    }

    private static ProxyHeader Read(string hex)
    {
        Assert.Equal(ReadStatus.Done, ProxyHeaderReader.TryRead(Bytes.FromHex(hex), out _, out var header, out var broken));
        Assert.Equal(ProxyRule.None, broken);
        return header!;
    }
}

using System.Net;
using System.Net.Sockets;

namespace Proxy.Transport.Tests.Udp;

public sealed class UdpAddressTests
{
    [Theory]
    [InlineData("192.0.2.7:4000")]
    [InlineData("[2001:db8::7]:65535")]
    [InlineData("[fe80::1%3]:1")]
    public void An_address_survives_both_ways(string text)
    {
        var endPoint = IPEndPoint.Parse(text);
        var address = UdpAddress.From(endPoint);
        Assert.Equal(endPoint, address.ToIPEndPoint());
        Assert.Equal(address, UdpAddress.From(endPoint.Serialize()));

        var written = new SocketAddress(endPoint.AddressFamily);
        Assert.True(address.TryWriteTo(written));
        Assert.Equal(endPoint, endPoint.Create(written));
    }

    [Fact]
    public void IPv4_in_IPv6_form_is_the_same_address()
    {
        var plain = new UdpAddress(IPAddress.Parse("192.0.2.7"), 53);
        var mapped = new IPEndPoint(IPAddress.Parse("::ffff:192.0.2.7"), 53);

        Assert.Equal(plain, UdpAddress.From(mapped));
        Assert.Equal(plain, UdpAddress.From(mapped.Serialize()));
    }

    [Fact]
    public void An_IPv6_address_does_not_fit_into_an_IPv4_socket_address() =>
        Assert.False(new UdpAddress(IPAddress.IPv6Loopback, 53).TryWriteTo(new SocketAddress(AddressFamily.InterNetwork)));

    [Fact]
    public void Address_port_and_scope_tell_addresses_apart()
    {
        var address = UdpAddress.From(IPEndPoint.Parse("[fe80::1%3]:1"));

        Assert.NotEqual(address, UdpAddress.From(IPEndPoint.Parse("[fe80::1%4]:1")));
        Assert.NotEqual(address, UdpAddress.From(IPEndPoint.Parse("[fe80::1%3]:2")));
        Assert.NotEqual(address, UdpAddress.From(IPEndPoint.Parse("[fe80::2%3]:1")));
    }
}

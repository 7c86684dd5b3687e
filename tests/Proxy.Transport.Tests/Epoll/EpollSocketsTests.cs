using System.Net;
using System.Net.Sockets;
using Proxy.Transport.Epoll;

namespace Proxy.Transport.Tests.Epoll;

public sealed class EpollSocketsTests
{
    [Fact]
    public void A_socket_takes_so_much_unsent_as_its_options_say()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "epoll is Linux");
        Assert.Equal(0, EpollSockets.Listen(new IPEndPoint(IPAddress.Loopback, 0), new TcpOptions { UnsentBytes = 55_000 }, out var descriptor));
        using var socket = new Socket(new SafeSocketHandle(descriptor, ownsHandle: true));

        Assert.Equal(55_000, EpollSockets.GetOption(descriptor, LinuxConstants.TcpLevel, LinuxConstants.TcpNotSentLowWater));
    }
}

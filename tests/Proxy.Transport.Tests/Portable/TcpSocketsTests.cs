using System.Net;
using System.Net.Sockets;
using Proxy.Transport.Portable;

namespace Proxy.Transport.Tests.Portable;

public sealed class TcpSocketsTests
{
    private static readonly TcpOptions Options = new()
    {
        NoDelay = true,
        KeepAliveIdle = TimeSpan.FromSeconds(77),
        UserTimeout = TimeSpan.FromSeconds(33),
        UnsentBytes = 55_000,
    };

    [Fact]
    public void Options_are_set_before_a_socket_is_used()
    {
        using var socket = TcpSockets.Create(AddressFamily.InterNetwork, Options);

        AssertOptions(socket);
        Assert.False(socket.Blocking);
    }

    [Fact]
    public void An_accepted_socket_has_the_options_of_its_listener()
    {
        using var listener = TcpSockets.Listen(new IPEndPoint(IPAddress.Loopback, 0), Options);
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.Connect(listener.LocalEndPoint!);
        Assert.True(listener.Poll(TimeSpan.FromSeconds(20), SelectMode.SelectRead));
        using var accepted = listener.Accept();
        TcpSockets.PrepareAccepted(accepted, Options);

        AssertOptions(accepted);
        Assert.False(accepted.Blocking);
    }

    [Fact]
    public void Zero_times_leave_keep_alive_and_the_user_timeout_off()
    {
        var options = new TcpOptions { KeepAliveIdle = TimeSpan.Zero, UserTimeout = TimeSpan.Zero };
        using var socket = TcpSockets.Create(AddressFamily.InterNetwork, options);

        Assert.Equal(0, socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive));
        Assert.Equal(0, UserTimeoutMilliseconds(socket));
    }

    [Fact]
    public void An_IPv6_socket_is_IPv6_only()
    {
        using var socket = TcpSockets.Create(AddressFamily.InterNetworkV6, Options);

        Assert.False(socket.DualMode);
    }

    [Fact]
    public void Pauses_between_failing_accepts_double_from_10_ms_to_1_s()
    {
        var pauses = new List<long>();
        for (var pause = default(AcceptPause).Longer(); pauses.Count < 9; pause = pause.Longer())
        {
            pauses.Add(pause.Microseconds / 1000);
        }

        Assert.Equal([10, 20, 40, 80, 160, 320, 640, 1000, 1000], pauses);
    }

    private static void AssertOptions(Socket socket)
    {
        Assert.True(socket.NoDelay);
        Assert.NotEqual(0, socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive));
        Assert.Equal(77, socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime));
        Assert.Equal(OperatingSystem.IsLinux() ? 33_000 : 0, UserTimeoutMilliseconds(socket));
        Assert.Equal(OperatingSystem.IsLinux() ? 55_000 : 0, LinuxTcpOption(socket, 25));
    }

    private static int UserTimeoutMilliseconds(Socket socket) => LinuxTcpOption(socket, 18);

    private static int LinuxTcpOption(Socket socket, int name)
    {
        var value = new byte[4];
        if (OperatingSystem.IsLinux())
        {
            socket.GetRawSocketOption(6, name, value);
        }

        return BitConverter.ToInt32(value);
    }
}

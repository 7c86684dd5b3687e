using System.Net.Sockets;
using System.Text;

namespace Proxy.Node.Hosting;

/// <summary>Tells systemd how the node is (sd_notify): a datagram to the socket that NOTIFY_SOCKET names, where there is one.</summary>
internal static class ServiceManager
{
    public static void Notify(string state)
    {
        if (Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is not { Length: > 1 } path)
        {
            return;
        }

        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            socket.SendTo(Encoding.UTF8.GetBytes(state), new UnixDomainSocketEndPoint(path[0] == '@' ? "\0" + path[1..] : path));
        }
        catch (SocketException)
        {
            // Nobody listens; a node does not fail because its supervisor is deaf.
        }
    }
}

using System.Net;
using System.Net.Sockets;
using static Proxy.Transport.Epoll.LinuxConstants;

namespace Proxy.Transport.Epoll;

internal sealed class EpollAcceptedConnection(int descriptor, IPEndPoint remoteEndPoint, IPEndPoint localEndPoint) : IAcceptedConnection
{
    private const int Taken = -1;
    private int _descriptor = descriptor;

    public IPEndPoint RemoteEndPoint { get; } = remoteEndPoint;

    public IPEndPoint LocalEndPoint { get; } = localEndPoint;

    public unsafe IPEndPoint? OriginalDestination
    {
        get
        {
            var address = default(NativeAddress);
            var count = (uint)NativeAddress.Size;
            var isIPv4 = RemoteEndPoint.AddressFamily == AddressFamily.InterNetwork || RemoteEndPoint.Address.IsIPv4MappedToIPv6;
            var found = Libc.GetOption(_descriptor, isIPv4 ? IPv4Level : IPv6Level, OriginalDestinationOption, &address, &count) == 0
                ? address.ToEndPoint()
                : null;
            return found is null || found.Equals(LocalEndPoint) ? null : found;
        }
    }

    public void Refuse()
    {
        var refused = Interlocked.Exchange(ref _descriptor, Taken);
        if (refused != Taken)
        {
            EpollSockets.Reset(refused);
        }
    }

    /// <summary>Hands the descriptor to the loop that adopts it; only one can.</summary>
    public int Take()
    {
        var taken = Interlocked.Exchange(ref _descriptor, Taken);
        return taken != Taken ? taken : throw new InvalidOperationException("The connection was adopted or refused before.");
    }
}

using System.Net;

namespace Proxy.Transport.Epoll;

internal sealed class EpollAcceptedConnection(int descriptor, IPEndPoint remoteEndPoint, IPEndPoint localEndPoint) : IAcceptedConnection
{
    private const int Taken = -1;
    private int _descriptor = descriptor;

    public IPEndPoint RemoteEndPoint { get; } = remoteEndPoint;

    public IPEndPoint LocalEndPoint { get; } = localEndPoint;

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

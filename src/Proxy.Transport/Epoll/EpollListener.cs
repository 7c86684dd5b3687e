using System.Net;
using Proxy.Transport.HandOver;
using static Proxy.Transport.Epoll.LinuxConstants;

namespace Proxy.Transport.Epoll;

/// <summary>
/// A listening socket. It accepts until there are no descriptors but the reserve, and goes on when there are others again; who waits
/// meanwhile waits in the kernel.
/// </summary>
internal sealed unsafe class EpollListener : TcpListener, IEpollSource, IThreadPoolWorkItem
{
    // Fairness: a burst of connections shares the loop with everybody else.
    private const int AcceptsPerTurn = 16;
    private readonly EpollLoop _loop;
    private readonly int _descriptor;
    private readonly bool _isOfSeveral;            // addresses: each connection has its own

    public EpollListener(EpollLoop loop, int descriptor, IPEndPoint asked, bool isTransparent, IAcceptHandler handler)
        : base(loop, asked as UnixEndPoint ?? NativeAddress.OfSocket(descriptor)!, handler)
    {
        (_loop, _descriptor) = (loop, descriptor);
        loop.Settings.Listening?.Add(asked is UnixEndPoint ? ListeningKind.Unix : ListeningKind.Tcp, asked, descriptor);
        _isOfSeveral = isTransparent || LocalEndPoint.Address.Equals(IPAddress.Any) || LocalEndPoint.Address.Equals(IPAddress.IPv6Any);
    }

    public ulong Token { get; set; }

    /// <summary>Begins to accept. Gives the error number, or 0.</summary>
    public int Open() => _loop.Watch(this, _descriptor);

    public void OnEvents(uint events)
    {
        if (!IsPaused)
        {
            Accept();
        }
    }

    /// <summary>The turn after a full burst.</summary>
    void IThreadPoolWorkItem.Execute() => OnEvents(EpollIn);

    protected override void CloseSocket()
    {
        _loop.Forget(this);
        var isHandedOn = _loop.Settings.Listening?.Remove(_descriptor) == true;
        Libc.Close(_descriptor);
        if (LocalEndPoint is UnixEndPoint place && !isHandedOn)
        {
            UnixSockets.Forget(place);
        }
    }

    protected override void Accept()
    {
        if (IsPaused && _loop.Reserve.IsNext())
        {
            Pause(DescriptorReserve.Fault);
            return;
        }

        for (var accepts = 0; accepts < AcceptsPerTurn; accepts++)
        {
            if (IsClosed || !TryAcceptOne())
            {
                return;
            }
        }

        _loop.Post(this);
    }

    /// <summary>False: nobody waits, or accepting goes on after a pause.</summary>
    private bool TryAcceptOne()
    {
        var accepted = AcceptOne(out var remote);
        if (accepted >= 0)
        {
            EndPause();
            Hand(accepted, remote);
            if (!_loop.Reserve.Has(accepted))
            {
                return true;
            }

            Pause(DescriptorReserve.Fault);
            return false;
        }

        var error = Errno.Last;
        switch (error)
        {
            case Errno.Again:
                EndPause();
                return false;
            case Errno.Interrupted or Errno.ConnectionAborted:
                // The peer gave up while it waited: its affair.
                return true;
            default:
                Pause(Errno.ToFault(error));
                return false;
        }
    }

    private int AcceptOne(out NativeAddress remote)
    {
        NativeAddress address = default;
        var count = (uint)NativeAddress.Size;
        var accepted = Libc.Accept(_descriptor, (byte*)&address, &count, NonBlocking | CloseOnExec);
        remote = address;
        return accepted;
    }

    private void Hand(int descriptor, NativeAddress remote)
    {
        var local = _isOfSeveral ? NativeAddress.OfSocket(descriptor) : LocalEndPoint;
        if (local is null)
        {
            Libc.Close(descriptor);
            return;
        }

        Hand(new EpollAcceptedConnection(descriptor, LocalEndPoint is UnixEndPoint ? UnixEndPoint.Nameless : remote.ToEndPoint(), local));
    }
}

using System.Net;
using static Proxy.Transport.Epoll.LinuxConstants;

namespace Proxy.Transport.Epoll;

/// <summary>
/// A listening socket. When accepting fails it pauses, twice as long each time, and tries again. When descriptors have run out for longer
/// than one pause, those who wait are turned away with a reset, by means of a descriptor that was kept in reserve: better a quick no than
/// a silence.
/// </summary>
internal sealed unsafe class EpollListener : TcpListener, IEpollSource, IThreadPoolWorkItem
{
    // Fairness: a burst of connections shares the loop with everybody else.
    private const int AcceptsPerTurn = 16;
    private readonly EpollLoop _loop;
    private readonly int _descriptor;
    private readonly bool _isAnyAddress;
    private readonly ReserveDescriptor _reserve = new();

    public EpollListener(EpollLoop loop, int descriptor, IAcceptHandler handler)
        : base(loop, NativeAddress.OfSocket(descriptor)!, handler)
    {
        (_loop, _descriptor) = (loop, descriptor);
        _isAnyAddress = LocalEndPoint.Address.Equals(IPAddress.Any) || LocalEndPoint.Address.Equals(IPAddress.IPv6Any);
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
        Libc.Close(_descriptor);
        _reserve.Release();
    }

    protected override void Accept()
    {
        for (var accepts = 0; accepts < AcceptsPerTurn; accepts++)
        {
            if (IsClosed || !TryAcceptOne())
            {
                return;
            }
        }

        _loop.Post(this);
    }

    /// <summary>False: nobody waits, or accepting failed.</summary>
    private bool TryAcceptOne()
    {
        var accepted = AcceptOne(out var remote);
        if (accepted >= 0)
        {
            EndPause();
            Hand(accepted, remote);
            return true;
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
                TurnAwayWhenExhausted(error);
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

    private void TurnAwayWhenExhausted(int error)
    {
        if (!IsPaused || error != Errno.FilesExhausted)
        {
            return;
        }

        _reserve.Release();
        for (var left = AcceptsPerTurn; left > 0; left--)
        {
            var accepted = AcceptOne(out _);
            if (accepted < 0)
            {
                break;
            }

            EpollSockets.Reset(accepted);
        }

        _reserve.Take();
    }

    private void Hand(int descriptor, NativeAddress remote)
    {
        var local = _isAnyAddress ? NativeAddress.OfSocket(descriptor) : LocalEndPoint;
        if (local is null)
        {
            Libc.Close(descriptor);
            return;
        }

        Hand(new EpollAcceptedConnection(descriptor, remote.ToEndPoint(), local));
    }

    /// <summary>A descriptor that is held only to be given up when there are no others.</summary>
    private sealed class ReserveDescriptor
    {
        private int _descriptor = -1;

        public ReserveDescriptor()
        {
            Take();
        }

        public void Take()
        {
            fixed (byte* path = "/dev/null\0"u8)
            {
                _descriptor = Libc.Open(path, CloseOnExec);
            }
        }

        public void Release()
        {
            if (_descriptor >= 0)
            {
                Libc.Close(_descriptor);
                _descriptor = -1;
            }
        }
    }
}

using System.Net;
using static Proxy.Transport.Epoll.LinuxConstants;

namespace Proxy.Transport.Epoll;

/// <summary>
/// A listening socket. When accepting fails it pauses, twice as long each time, and tries again. When descriptors have run out for longer
/// than one pause, those who wait are turned away with a reset, by means of a descriptor that was kept in reserve: better a quick no than
/// a silence.
/// </summary>
internal sealed unsafe class EpollListener : EpollSource, ITcpListener, IThreadPoolWorkItem
{
    // Fairness: a burst of connections shares the loop with everybody else.
    private const int AcceptsPerTurn = 16;
    private readonly EpollLoop _loop;
    private readonly IAcceptHandler _handler;
    private readonly IDeadline _retry;
    private readonly bool _isAnyAddress;
    private readonly ReserveDescriptor _reserve = new();
    private int _descriptor;
    private AcceptPause _pause;

    public EpollListener(EpollLoop loop, int descriptor, IAcceptHandler handler)
    {
        (_loop, _descriptor, _handler) = (loop, descriptor, handler);
        LocalEndPoint = NativeAddress.OfSocket(descriptor)!;
        _isAnyAddress = LocalEndPoint.Address.Equals(IPAddress.Any) || LocalEndPoint.Address.Equals(IPAddress.IPv6Any);
        _retry = loop.CreateDeadline(AcceptBurst);
        loop.Counters.OpenListeners++;
    }

    public IPEndPoint LocalEndPoint { get; }

    private bool IsClosed => _descriptor < 0;

    private bool IsPaused => _pause != default;

    /// <summary>Begins to accept. Gives the error number, or 0.</summary>
    public int Open() => _loop.Watch(this, _descriptor);

    public void Close()
    {
        if (IsClosed)
        {
            return;
        }

        _retry.Cancel();
        _loop.Forget(this);
        _loop.Counters.OpenListeners--;
        Libc.Close(_descriptor);
        _descriptor = -1;
        _reserve.Release();
    }

    public override void EndWithLoop() => Close();

    public override void OnEvents(uint events)
    {
        if (!IsPaused)
        {
            AcceptBurst();
        }
    }

    /// <summary>The turn after a full burst.</summary>
    void IThreadPoolWorkItem.Execute() => OnEvents(EpollIn);

    private void AcceptBurst()
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
        var accepted = Accept(out var remote);
        if (accepted >= 0)
        {
            _pause = default;
            Hand(accepted, remote);
            return true;
        }

        var error = Errno.Last;
        switch (error)
        {
            case Errno.Again:
                _pause = default;
                return false;
            case Errno.Interrupted or Errno.ConnectionAborted:
                // The peer gave up while it waited: its affair.
                return true;
            default:
                Pause(error);
                return false;
        }
    }

    private int Accept(out NativeAddress remote)
    {
        NativeAddress address = default;
        var count = (uint)NativeAddress.Size;
        var accepted = Libc.Accept(_descriptor, (byte*)&address, &count, NonBlocking | CloseOnExec);
        remote = address;
        return accepted;
    }

    private void Pause(int error)
    {
        if (IsPaused && error == Errno.FilesExhausted)
        {
            TurnAway();
        }

        _pause = _pause.Longer();
        _retry.Set(_loop.NowMicroseconds + _pause.Microseconds);
        try
        {
            _handler.OnAcceptFailed(Errno.ToFault(error));
        }
        catch (Exception failure)
        {
            _loop.ReportFailure(failure);
        }
    }

    private void TurnAway()
    {
        _reserve.Release();
        for (var left = AcceptsPerTurn; left > 0; left--)
        {
            var accepted = Accept(out _);
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

        var connection = new EpollAcceptedConnection(descriptor, remote.ToEndPoint(), local);
        try
        {
            _handler.OnAccepted(connection);
        }
        catch (Exception failure)
        {
            _loop.ReportFailure(failure);
            connection.Refuse();
        }
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

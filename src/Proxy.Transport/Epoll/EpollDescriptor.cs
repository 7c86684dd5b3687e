using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using static Proxy.Transport.Epoll.LinuxConstants;

namespace Proxy.Transport.Epoll;

/// <summary>
/// An epoll descriptor, and the eventfd that wakes it from other threads. Waits with the precision of the kernel's timers (epoll_pwait2,
/// Linux 5.11), else in whole milliseconds, rounded up.
/// </summary>
internal sealed unsafe class EpollDescriptor : IDisposable
{
    private const int LongestWaitMilliseconds = int.MaxValue;

    // struct epoll_event { uint32_t events; uint64_t data; } is packed on x64, for the 32-bit programs of old.
    private static readonly int EventBytes = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    private static readonly int DataOffset = EventBytes - sizeof(ulong);
    private readonly SafeFileHandle _epoll;

    // A safe handle, so that a thread which is about to wake the loop while it ends does not write to whatever got the number next.
    private readonly SafeFileHandle _wake;
    private readonly byte* _events;
    private readonly int _capacity;
    private bool _isPrecise = true;

    /// <summary>Has room for <paramref name="capacity"/> events of one wait.</summary>
    /// <exception cref="IOException">The system refuses one of the two descriptors.</exception>
    public EpollDescriptor(int capacity)
    {
        _capacity = capacity;
        _epoll = Own(Libc.EpollCreate(CloseOnExec));
        _wake = Own(Libc.EventDescriptor(0, CloseOnExec | NonBlocking));
        _events = (byte*)NativeMemory.Alloc((nuint)(capacity * EventBytes));
        Watch((int)_wake.DangerousGetHandle(), EpollIn | EpollEdgeTriggered, token: 0);
    }

    /// <summary>Whether waits end with the precision of microseconds.</summary>
    public bool IsPrecise => _isPrecise;

    /// <summary>Begins to watch; the descriptor is forgotten when it is closed. Gives the error number, or 0.</summary>
    public int Watch(int descriptor, uint events, ulong token)
    {
        var epollEvent = stackalloc byte[16];
        *(uint*)epollEvent = events;
        *(ulong*)(epollEvent + DataOffset) = token;
        return Libc.EpollControl((int)_epoll.DangerousGetHandle(), EpollAdd, descriptor, epollEvent) == 0 ? 0 : Errno.Last;
    }

    /// <summary>How many events there are, 0 when the time is up; <see cref="long.MaxValue"/> is for ever.</summary>
    public int Wait(long microseconds)
    {
        var epoll = (int)_epoll.DangerousGetHandle();
        if (_isPrecise)
        {
            var time = new TimeSpecification { Seconds = microseconds / 1_000_000, Nanoseconds = microseconds % 1_000_000 * 1000 };
            var limit = microseconds == long.MaxValue ? null : &time;
            var count = (int)Libc.SystemCall(EpollWait2Call, epoll, _events, _capacity, limit, null, 0);
            if (count >= 0 || Errno.LastOfLongCall != Errno.NoSuchCall)
            {
                return Math.Max(0, count);
            }

            _isPrecise = false;
        }

        var milliseconds = microseconds == long.MaxValue ? -1 : (int)Math.Min((microseconds + 999) / 1000, LongestWaitMilliseconds);
        return Math.Max(0, Libc.EpollWait(epoll, _events, _capacity, milliseconds));
    }

    /// <summary>An event of the last <see cref="Wait"/>.</summary>
    public (uint Events, ulong Token) EventAt(int index)
    {
        var epollEvent = _events + (index * EventBytes);
        return (*(uint*)epollEvent, *(ulong*)(epollEvent + DataOffset));
    }

    /// <summary>Ends a wait, or the next one. From any thread. The counter is never read: each write is an edge of its own.</summary>
    public void Wake()
    {
        var isHeld = false;
        try
        {
            _wake.DangerousAddRef(ref isHeld);
            var one = 1UL;
            Libc.Write((int)_wake.DangerousGetHandle(), &one, sizeof(ulong));
        }
        catch (ObjectDisposedException)
        {
            // The loop has ended; there is nobody to wake.
        }
        finally
        {
            if (isHeld)
            {
                _wake.DangerousRelease();
            }
        }
    }

    public void Dispose()
    {
        _epoll.Dispose();
        _wake.Dispose();
        NativeMemory.Free(_events);
    }

    private static SafeFileHandle Own(int descriptor) => descriptor >= 0
        ? new SafeFileHandle(descriptor, ownsHandle: true)
        : throw new IOException(Errno.ToFault(Errno.LastOfLongCall).Text);
}

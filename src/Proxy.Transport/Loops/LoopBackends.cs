using System.Runtime.InteropServices;
using Proxy.Transport.Epoll;
using Proxy.Transport.Portable;

namespace Proxy.Transport;

public enum LoopBackendKind
{
    /// <summary>The fastest that works here.</summary>
    Auto,

    /// <summary>Linux's epoll by plain system calls; x64 and arm64.</summary>
    Epoll,

    /// <summary>.NET sockets; everywhere.</summary>
    Portable,
}

/// <summary>Chooses among the backends of <see cref="IIoLoop"/>; callers see none of them.</summary>
public static class LoopBackends
{
    /// <summary>Whether epoll loops work on this machine; tried when it is asked.</summary>
    public static bool IsEpollSupported => IsKnownPlatform && CanEpoll();

    // The layouts of msghdr and epoll_event are those of 64-bit, little-endian Linux.
    private static bool IsKnownPlatform =>
        OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64;

    /// <summary>Starts <paramref name="count"/> loops, named `loop-0` and on.</summary>
    /// <exception cref="PlatformNotSupportedException">Epoll is asked for by name, and does not work here.</exception>
    public static LoopGroup CreateGroup(LoopBackendKind kind, int count, LoopSettings settings)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentNullException.ThrowIfNull(settings);
        var isEpoll = kind != LoopBackendKind.Portable && IsEpollSupported;
        if (kind == LoopBackendKind.Epoll && !isEpoll)
        {
            throw new PlatformNotSupportedException("There is no epoll here, or not for this process.");
        }

        return isEpoll ? CreateEpoll(count, settings) : CreatePortable(count, settings);
    }

    private static bool CanEpoll()
    {
        try
        {
            using var tried = new EpollDescriptor(capacity: 1);
            return true;
        }
        catch (Exception refused) when (refused is IOException or DllNotFoundException or EntryPointNotFoundException)
        {
            return false;
        }
    }

    private static LoopGroup CreateEpoll(int count, LoopSettings settings)
    {
        EpollLog.Started(
            settings.Logger,
            count,
            settings.UdpOffload && UdpOffload.Segmenting,
            settings.UdpOffload && UdpOffload.Joining,
            settings.BulkReadsBeforeSplice > 0);
        var each = settings with { SplicedFlows = (settings.SplicedFlows + count - 1) / count };
        var loops = Enumerable.Range(0, count).Select(index => new EpollLoop("loop-" + index, each)).ToArray();
        return new LoopGroup(LoopBackendKind.Epoll, loops);
    }

    private static LoopGroup CreatePortable(int count, LoopSettings settings)
    {
        var loops = Enumerable.Range(0, count).Select(index => new PortableLoop("loop-" + index, settings)).ToArray();
        return new LoopGroup(LoopBackendKind.Portable, loops);
    }
}

/// <summary>The loops of a node. Disposing it stops all of them.</summary>
public sealed class LoopGroup : IDisposable
{
    private readonly RunLoop[] _loops;

    internal LoopGroup(LoopBackendKind backend, RunLoop[] loops)
    {
        (Backend, _loops, Counters) = (backend, loops, [.. loops.Select(loop => loop.Counters)]);
    }

    /// <summary>Which one it is; never <see cref="LoopBackendKind.Auto"/>.</summary>
    public LoopBackendKind Backend { get; }

    public IReadOnlyList<IIoLoop> Loops => _loops;

    /// <summary>One for each of <see cref="Loops"/>, in their order; readable from any thread.</summary>
    public IReadOnlyList<LoopCounters> Counters { get; }

    public void Dispose()
    {
        foreach (var loop in _loops)
        {
            loop.Dispose();
        }
    }
}

using System.Runtime.InteropServices;

[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]

namespace Proxy.Transport.Epoll;

/// <summary>
/// The system calls of the epoll backend. Two kinds: the short ones never wait and skip the runtime's bookkeeping around a call
/// (SuppressGCTransition), so nothing runs between them and a look at errno (<see cref="Errno.Last"/>); the others may take their time, and
/// their errno is saved by the stub (<see cref="Errno.LastOfLongCall"/>).
/// </summary>
internal static unsafe partial class Libc
{
    private const string Library = "libc";

    // Short calls.
    [LibraryImport(Library, EntryPoint = "socket"), SuppressGCTransition]
    public static partial int Socket(int domain, int type, int protocol);

    [LibraryImport(Library, EntryPoint = "bind"), SuppressGCTransition]
    public static partial int Bind(int descriptor, byte* address, uint addressBytes);

    [LibraryImport(Library, EntryPoint = "listen"), SuppressGCTransition]
    public static partial int Listen(int descriptor, int backlog);

    [LibraryImport(Library, EntryPoint = "accept4"), SuppressGCTransition]
    public static partial int Accept(int descriptor, byte* address, uint* addressBytes, int flags);

    [LibraryImport(Library, EntryPoint = "getsockname"), SuppressGCTransition]
    public static partial int GetSocketName(int descriptor, byte* address, uint* addressBytes);

    [LibraryImport(Library, EntryPoint = "setsockopt"), SuppressGCTransition]
    public static partial int SetOption(int descriptor, int level, int name, void* value, uint valueBytes);

    [LibraryImport(Library, EntryPoint = "getsockopt"), SuppressGCTransition]
    public static partial int GetOption(int descriptor, int level, int name, void* value, uint* valueBytes);

    [LibraryImport(Library, EntryPoint = "recv"), SuppressGCTransition]
    public static partial nint Receive(int descriptor, byte* buffer, nuint count, int flags);

    [LibraryImport(Library, EntryPoint = "send"), SuppressGCTransition]
    public static partial nint Send(int descriptor, byte* buffer, nuint count, int flags);

    [LibraryImport(Library, EntryPoint = "recvmsg"), SuppressGCTransition]
    public static partial nint ReceiveMessage(int descriptor, MessageHeader* message, int flags);

    [LibraryImport(Library, EntryPoint = "geteuid"), SuppressGCTransition]
    public static partial uint EffectiveUser();

    [LibraryImport(Library, EntryPoint = "shutdown"), SuppressGCTransition]
    public static partial int Shutdown(int descriptor, int how);

    [LibraryImport(Library, EntryPoint = "epoll_ctl"), SuppressGCTransition]
    public static partial int EpollControl(int epoll, int operation, int descriptor, byte* epollEvent);

    [LibraryImport(Library, EntryPoint = "write"), SuppressGCTransition]
    public static partial nint Write(int descriptor, void* buffer, nuint count);

    // Long calls.
    [LibraryImport(Library, EntryPoint = "connect", SetLastError = true)]
    public static partial int Connect(int descriptor, byte* address, uint addressBytes);

    [LibraryImport(Library, EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int descriptor);

    [LibraryImport(Library, EntryPoint = "sendmsg", SetLastError = true)]
    public static partial nint SendMessage(int descriptor, MessageHeader* message, int flags);

    /// <summary>The same call as <see cref="ReceiveMessage"/>, for a socket that is waited for.</summary>
    [LibraryImport(Library, EntryPoint = "recvmsg", SetLastError = true)]
    public static partial nint ReceiveMessageWaiting(int descriptor, MessageHeader* message, int flags);

    [LibraryImport(Library, EntryPoint = "epoll_create1", SetLastError = true)]
    public static partial int EpollCreate(int flags);

    [LibraryImport(Library, EntryPoint = "eventfd", SetLastError = true)]
    public static partial int EventDescriptor(uint initialValue, int flags);

    [LibraryImport(Library, EntryPoint = "epoll_wait", SetLastError = true)]
    public static partial int EpollWait(int epoll, byte* events, int maximumEvents, int timeoutMilliseconds);

    // By number, for the C library may be older than the kernel. Passing six words is the same as passing them one by one on x64 and arm64.
    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    public static partial nint SystemCall(nint number, nint first, void* second, nint third, void* fourth, void* fifth, nint sixth);

    [LibraryImport(Library, EntryPoint = "splice", SetLastError = true)]
    public static partial nint Splice(int from, long* fromOffset, int to, long* toOffset, nuint count, uint flags);

    [LibraryImport(Library, EntryPoint = "pipe2", SetLastError = true)]
    public static partial int Pipe(int* ends, int flags);

    [LibraryImport(Library, EntryPoint = "fcntl", SetLastError = true)]
    public static partial int DescriptorControl(int descriptor, int command, nint argument);

    [LibraryImport(Library, EntryPoint = "open", SetLastError = true)]
    public static partial int Open(byte* path, int flags);

    [LibraryImport(Library, EntryPoint = "getrlimit", SetLastError = true)]
    public static partial int GetLimit(int resource, ResourceLimit* limit);

    [LibraryImport(Library, EntryPoint = "setrlimit", SetLastError = true)]
    public static partial int SetLimit(int resource, ResourceLimit* limit);

    [LibraryImport(Library, EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial int Status(int directory, string path, int flags, uint wanted, byte* status);
}

/// <summary>struct rlimit, as 64-bit Linux has it: what holds, and how far the process itself may raise it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal record struct ResourceLimit(ulong Soft, ulong Hard);

/// <summary>struct iovec.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct IoVector
{
    public byte* Base;
    public nuint Length;
}

/// <summary>struct msghdr, as 64-bit Linux has it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MessageHeader
{
    public byte* Name;
    public nuint NameBytes;
    public IoVector* Vectors;
    public nuint VectorCount;
    public byte* Control;
    public nuint ControlBytes;
    public nuint Flags;
}

/// <summary>struct timespec.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TimeSpecification
{
    public long Seconds;
    public long Nanoseconds;
}

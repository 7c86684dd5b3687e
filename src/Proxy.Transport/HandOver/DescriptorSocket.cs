using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Proxy.Transport.Epoll;
using static Proxy.Transport.Epoll.LinuxConstants;

namespace Proxy.Transport.HandOver;

/// <summary>
/// A connection between two processes of one machine over which messages and descriptors go (SOCK_SEQPACKET with SCM_RIGHTS, unix(7)): each message
/// arrives whole, with its descriptor. Only processes of the same user, or root's, are spoken to. Linux only. Calls wait, at most as long as
/// <see cref="Timeout"/>; one thread sends and one receives.
/// </summary>
public sealed class DescriptorSocket : IDisposable
{
    public const int LargestMessageBytes = 64 << 10;

    private readonly Socket _socket;

    private DescriptorSocket(Socket socket)
    {
        _socket = socket;
        // A datagram passed on is lost rather than waited for; then room for many is worth having.
        _socket.SendBufferSize = BufferBytes;
        Timeout = DefaultTimeout;
    }

    /// <summary>How long a message may be waited for; zero: for ever.</summary>
    public TimeSpan Timeout
    {
        set => (_socket.ReceiveTimeout, _socket.SendTimeout) = ((int)value.TotalMilliseconds, (int)DefaultTimeout.TotalMilliseconds);
    }

    /// <summary>The other end's process.</summary>
    public int PeerProcess => PeerOf(_socket).Process;

    /// <summary>Listens at that path, which is the process's own from here on: a file that nobody listens at any more is replaced.</summary>
    /// <exception cref="SocketException">The path cannot be used.</exception>
    public static Socket Listen(string path)
    {
        var draft = $"{path}.{Environment.ProcessId}";
        File.Delete(draft);
        var listener = new Socket(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);
        try
        {
            listener.Bind(new UnixDomainSocketEndPoint(draft));
            listener.Listen(1);
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(draft, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }

            // In one step, so that a successor finds the old one or the new one.
            File.Move(draft, path, overwrite: true);
            return listener;
        }
        catch
        {
            listener.Dispose();
            File.Delete(draft);
            throw;
        }
    }

    /// <summary>Null: whoever connected is another user's, or gone.</summary>
    public static DescriptorSocket? Accept(Socket listener)
    {
        ArgumentNullException.ThrowIfNull(listener);
        var socket = listener.Accept();
        if (PeerOf(socket) is { Process: > 0, IsOurs: true })
        {
            return new DescriptorSocket(socket);
        }

        socket.Dispose();
        return null;
    }

    /// <summary>False: nobody of ours listens there.</summary>
    public static bool TryConnect(string path, [NotNullWhen(true)] out DescriptorSocket? connection)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            if (PeerOf(socket).IsOurs)
            {
                connection = new DescriptorSocket(socket);
                return true;
            }
        }
        catch (SocketException)
        {
            // No file, or one that a process left behind.
        }

        socket.Dispose();
        connection = null;
        return false;
    }

    /// <summary>Sends a message, and a descriptor with it if one is given; it stays the caller's. False: the other end is gone, or does not read.</summary>
    public bool TrySend(ReadOnlySpan<byte> message, SafeFileHandle? descriptor = null) => TrySend(message, descriptor, flags: 0);

    /// <summary>Sends a message if there is room for it at once, else it is dropped. False: the other end is gone.</summary>
    public bool TrySendAtOnce(ReadOnlySpan<byte> message, out bool isDropped)
    {
        var isSent = TrySend(message, null, DontWait);
        isDropped = !isSent && Errno.LastOfLongCall is Errno.Again or Errno.NoBuffers;
        return isSent || isDropped;
    }

    /// <summary>The next message; a descriptor that came with it is the caller's. False: there will be none, or not in time.</summary>
    public unsafe bool TryReceive(Span<byte> buffer, out int bytes, out SafeFileHandle? descriptor)
    {
        descriptor = null;
        bytes = 0;
        nint count;
        var control = stackalloc byte[(int)ControlBytes];
        var message = default(MessageHeader);
        fixed (byte* start = buffer)
        {
            var vector = new IoVector { Base = start, Length = (nuint)buffer.Length };
            message.Vectors = &vector;
            message.VectorCount = 1;
            do
            {
                message.Control = control;
                message.ControlBytes = ControlBytes;
                count = Libc.ReceiveMessageWaiting((int)_socket.Handle, &message, CloseReceivedOnExec);
            }
            while (count < 0 && Errno.LastOfLongCall == Errno.Interrupted);
        }

        if (count <= 0)
        {
            return false;
        }

        var header = (ControlMessage*)control;
        if (message.ControlBytes >= ControlMessage.HeaderBytes + sizeof(int) && header->Level == SocketLevel && header->Type == Rights)
        {
            descriptor = new SafeFileHandle(*(int*)(control + ControlMessage.HeaderBytes), ownsHandle: true);
        }

        bytes = (int)count;
        return (message.Flags & MessageTruncated) == 0;
    }

    public void Dispose() => _socket.Dispose();

    private unsafe bool TrySend(ReadOnlySpan<byte> bytes, SafeFileHandle? descriptor, int flags)
    {
        var control = stackalloc byte[(int)ControlBytes];
        var message = default(MessageHeader);
        if (descriptor is not null)
        {
            *(ControlMessage*)control = new ControlMessage { Bytes = ControlMessage.HeaderBytes + sizeof(int), Level = SocketLevel, Type = Rights };
            *(int*)(control + ControlMessage.HeaderBytes) = (int)descriptor.DangerousGetHandle();
            message.Control = control;
            message.ControlBytes = ControlBytes;
        }

        fixed (byte* start = bytes)
        {
            var vector = new IoVector { Base = start, Length = (nuint)bytes.Length };
            message.Vectors = &vector;
            message.VectorCount = 1;
            nint count;
            do
            {
                count = Libc.SendMessage((int)_socket.Handle, &message, NoSignal | flags);
            }
            while (count < 0 && Errno.LastOfLongCall == Errno.Interrupted);
            return count == bytes.Length;
        }
    }

    private static unsafe (int Process, bool IsOurs) PeerOf(Socket socket)
    {
        // struct ucred { pid_t pid; uid_t uid; gid_t gid; }
        var credentials = stackalloc uint[3];
        var bytes = 3u * sizeof(uint);
        return Libc.GetOption((int)socket.Handle, SocketLevel, PeerCredentials, credentials, &bytes) == 0
            ? ((int)credentials[0], credentials[1] == 0 || credentials[1] == Libc.EffectiveUser())
            : (0, false);
    }

    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(10);
    private const int BufferBytes = 1 << 20;

    // One descriptor: header, int, padding to eight.
    private const nuint ControlBytes = 24;

    // sys/socket.h
    private const int Rights = 1;
    private const int PeerCredentials = 17;
    private const int DontWait = 0x40;
    private const int CloseReceivedOnExec = 0x40000000;
}

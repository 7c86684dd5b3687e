using System.Net;
using Microsoft.Win32.SafeHandles;
using Proxy.Transport.Epoll;
using static Proxy.Transport.Epoll.LinuxConstants;

namespace Proxy.Transport.HandOver;

/// <summary>
/// The sockets that a process listens on: those that it was given and nobody has taken yet, and those that are in use, of which a successor gets
/// duplicates. A listener that finds its address here is not bound anew, so that who waits in the kernel's queue is served by whoever accepts next.
/// Linux only; elsewhere it stays empty. Thread-safe.
/// </summary>
public sealed class ListeningSockets : IDisposable
{
    private readonly Lock _lock = new();
    private readonly List<ListeningSocket> _given = [];

    // In the order in which they were bound, which the successor keeps: several may share an address, and each has its number among them.
    private readonly List<(int Descriptor, ListeningKind Kind, IPEndPoint Asked)> _used = [];
    private readonly HashSet<int> _handedOn = [];

    /// <summary>Takes what a predecessor or the service manager has bound; owns it from here on.</summary>
    public void Offer(ListeningSocket socket)
    {
        lock (_lock)
        {
            _given.Add(socket);
        }
    }

    /// <summary>
    /// Takes the descriptors 3 and on that a service manager passes (LISTEN_FDS, systemd.socket(5)), each found by the address that it is bound to.
    /// Gives a line for each that is no socket of a kind that can be used.
    /// </summary>
    public IReadOnlyList<string> OfferPassed(int count)
    {
        var faults = new List<string>();
        for (var descriptor = FirstPassed; descriptor < FirstPassed + count; descriptor++)
        {
            var isStream = EpollSockets.GetOption(descriptor, SocketLevel, SocketType) == StreamType;
            if (NativeAddress.OfSocket(descriptor) is not { } bound || !IsInternet(descriptor))
            {
                faults.Add($"descriptor {descriptor} that was passed (LISTEN_FDS) is no TCP or UDP socket");
                continue;
            }

            _ = Libc.DescriptorControl(descriptor, SetDescriptorFlags, CloseOnExecFlag);
            Offer(new ListeningSocket(isStream ? ListeningKind.Tcp : ListeningKind.Udp, bound, new SafeFileHandle(descriptor, ownsHandle: true)));
        }

        return faults;
    }

    /// <summary>Where a socket is bound that was given for this address and is still to be had; null: there is none.</summary>
    public IPEndPoint? BoundOf(ListeningKind kind, IPEndPoint asked)
    {
        lock (_lock)
        {
            var given = _given.Find(given => given.Kind == kind && given.Asked.Equals(asked));
            return given is null ? null : NativeAddress.OfSocket((int)given.Descriptor.DangerousGetHandle());
        }
    }

    /// <summary>A descriptor that was given for this address; the caller owns it, and says with <see cref="Add"/> that it uses it.</summary>
    public bool TryTake(ListeningKind kind, IPEndPoint asked, out int descriptor)
    {
        lock (_lock)
        {
            var index = _given.FindIndex(given => given.Kind == kind && given.Asked.Equals(asked));
            if (index < 0)
            {
                descriptor = -1;
                return false;
            }

            var handle = _given[index].Descriptor;
            descriptor = (int)handle.DangerousGetHandle();
            handle.SetHandleAsInvalid();
            _given.RemoveAt(index);
        }

        // Its last owner may have been blocking.
        _ = Libc.DescriptorControl(descriptor, SetStatusFlags, Libc.DescriptorControl(descriptor, GetStatusFlags, 0) | NonBlocking);
        return true;
    }

    /// <summary>The caller listens with this descriptor until <see cref="Remove"/>, which comes before it is closed.</summary>
    public void Add(ListeningKind kind, IPEndPoint asked, int descriptor)
    {
        lock (_lock)
        {
            _used.Add((descriptor, kind, asked));
        }
    }

    /// <summary>Whether somebody else was given a duplicate of it, and so may listen with it still.</summary>
    public bool Remove(int descriptor)
    {
        lock (_lock)
        {
            _used.RemoveAll(used => used.Descriptor == descriptor);
            return _handedOn.Remove(descriptor);
        }
    }

    /// <summary>A duplicate of each socket in use, for a successor; the caller owns them.</summary>
    public IReadOnlyList<ListeningSocket> Duplicate()
    {
        lock (_lock)
        {
            _handedOn.UnionWith(_used.Select(used => used.Descriptor));
            return
            [
                .. from used in _used
                   let copy = Libc.DescriptorControl(used.Descriptor, DuplicateCloseOnExec, 0)
                   where copy >= 0
                   select new ListeningSocket(used.Kind, used.Asked, new SafeFileHandle(copy, ownsHandle: true)),
            ];
        }
    }

    /// <summary>Closes what was given and nobody took, and gives a line about each, for the log.</summary>
    public IReadOnlyList<string> CloseUnused()
    {
        lock (_lock)
        {
            var lines = _given.ConvertAll(given => $"the {given.Kind.ToString().ToLowerInvariant()} socket of {given.Asked} that was passed is not in the settings");
            _given.ForEach(given => given.Dispose());
            _given.Clear();
            return lines;
        }
    }

    public void Dispose() => CloseUnused();

    private static bool IsInternet(int descriptor) => EpollSockets.GetOption(descriptor, SocketLevel, SocketDomain) is AddressFamilyIPv4 or AddressFamilyIPv6;

    private const int FirstPassed = 3;

    // fcntl.h and sys/socket.h
    private const int SetDescriptorFlags = 2;
    private const int GetStatusFlags = 3;
    private const int SetStatusFlags = 4;
    private const int CloseOnExecFlag = 1;
    private const int SocketType = 3;
    private const int SocketDomain = 39;
    private const int StreamType = 1;
}

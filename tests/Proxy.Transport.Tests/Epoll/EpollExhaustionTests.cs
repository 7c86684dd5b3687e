using System.Net;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Proxy.Transport.Tests.Contract;

namespace Proxy.Transport.Tests.Epoll;

/// <summary>What a listener does when the process has no descriptor left. It takes them all, so nothing else may run beside it.</summary>
[Collection(nameof(AloneInTheProcess))]
public sealed class EpollExhaustionTests : IDisposable
{
    private const int OpenFiles = 7;
    private readonly LoopbackEnvironment _environment = new(LoopBackendKind.Epoll, IPAddress.Loopback);
    private readonly AcceptHandler _accepting = new();

    private IIoLoop First => _environment.First;

    private IIoLoop Second => _environment.Second;

    [Fact]
    public void Who_waits_is_turned_away_and_accepting_goes_on_when_descriptors_are_back()
    {
        var listener = _environment.Run(Second, () =>
        {
            Assert.True(Second.TryListen(_environment.AnyPortOf(Second), TcpOptions.Default, _accepting, out var listening, out _));
            return listening;
        });
        var early = new RecordingChannelHandler { WhenConnected = channel => channel.ResumeReceive() };
        Descriptors taken = null!;

        // While this runs nobody accepts, so the connection waits in the kernel until there are no descriptors.
        _environment.Run(Second, () =>
        {
            First.Post(new Work(() => First.Connect(listener.LocalEndPoint, TcpOptions.Default, early)));
            _environment.Until(() => early.IsConnected, "the early client is connected");
            taken = Descriptors.TakeAll();
        });
        _environment.Until(() => early.Fault is not null, "the early client is turned away");
        taken.Dispose();

        // The first failure is only waited out, so there are two; the second is told after the client was turned away.
        _environment.Until(() => _environment.Run(Second, () => _accepting.Faults.Count) >= 2, "both failures are told");
        Assert.Equal(TransportFaultKind.Reset, early.Fault!.Value.Kind);
        Assert.All(_accepting.Faults, fault => Assert.Equal(TransportFaultKind.Exhausted, fault.Kind));

        var late = new RecordingChannelHandler();
        _environment.Run(First, () => First.Connect(listener.LocalEndPoint, TcpOptions.Default, late));
        _environment.Until(() => Volatile.Read(ref _accepting.Accepted) == 1, "the late client is accepted");
    }

    public void Dispose() => _environment.Dispose();

    private sealed class AcceptHandler : IAcceptHandler
    {
        public int Accepted;

        public List<TransportFault> Faults { get; } = [];

        public void OnAccepted(IAcceptedConnection connection) => Accepted++;

        public void OnAcceptFailed(TransportFault fault) => Faults.Add(fault);
    }

    private sealed class Work(Action action) : IThreadPoolWorkItem
    {
        public void Execute() => action();
    }

    /// <summary>Lowers the limit a little above what is in use, and takes what is left.</summary>
    private sealed class Descriptors : IDisposable
    {
        private const int SpareDescriptors = 64;
        private readonly List<SafeFileHandle> _handles = [];
        // struct rlimit { soft, hard }
        private readonly ulong[] _limit = new ulong[2];

        private Descriptors()
        {
            Assert.Equal(0, GetLimit(OpenFiles, _limit));
            var inUse = (ulong)Directory.GetFileSystemEntries("/proc/self/fd").Length;
            Assert.Equal(0, SetLimit(OpenFiles, [Math.Min(_limit[0], inUse + SpareDescriptors), _limit[1]]));
        }

        public static Descriptors TakeAll()
        {
            var all = new Descriptors();
            try
            {
                while (true)
                {
                    all._handles.Add(File.OpenHandle("/dev/null"));
                }
            }
            catch (IOException)
            {
                return all;
            }
        }

        public void Dispose()
        {
            _handles.ForEach(handle => handle.Dispose());
            Assert.Equal(0, SetLimit(OpenFiles, _limit));
        }

        [DllImport("libc", EntryPoint = "getrlimit"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern int GetLimit(int resource, [Out] ulong[] limit);

        [DllImport("libc", EntryPoint = "setrlimit"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern int SetLimit(int resource, [In] ulong[] limit);
    }
}

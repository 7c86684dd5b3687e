using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Proxy.Transport.Epoll;
using Proxy.Transport.Tests.Contract;
using Proxy.Transport.Tests.Epoll;

namespace Proxy.Transport.Tests.Loops;

/// <summary>What a listener does when the process has no descriptor left. It takes them all, so nothing else may run beside it.</summary>
[Collection(nameof(AloneInTheProcess))]
public sealed class ExhaustionTests
{
    private const int OpenFiles = 7;

    [Theory]
    [InlineData(LoopBackendKind.Epoll)]
    [InlineData(LoopBackendKind.Portable)]
    public void Who_waits_while_there_are_no_descriptors_is_served_when_they_are_back(LoopBackendKind backend)
    {
        using var environment = new LoopbackEnvironment(backend, IPAddress.Loopback);
        var accepting = new AcceptHandler(environment.Second);
        var listener = accepting.Listen(environment);
        RecordingChannelHandler[] clients = [Client(), Client()];
        Descriptors taken = null!;

        // While this runs the loop accepts nobody, and .NET one: the last client waits in the kernel until there are no descriptors.
        var isBusy = false;
        environment.First.Post(new Work(() =>
        {
            environment.Until(() => Volatile.Read(ref isBusy), "nobody is accepted");
            Array.ForEach(clients, client => environment.First.Connect(listener.LocalEndPoint, TcpOptions.Default, client));
        }));
        environment.Run(environment.Second, () =>
        {
            Volatile.Write(ref isBusy, true);
            environment.Until(() => clients.All(client => client.IsConnected), "the clients are connected");
            taken = Descriptors.TakeAll();
        });
        environment.Until(() => accepting.Failures(environment) >= 4, "accepting failed four times");

        // Nothing spins: each pause is twice as long as the one before.
        var gaps = accepting.FailedAtMicroseconds.Zip(accepting.FailedAtMicroseconds.Skip(1), (one, next) => next - one).ToArray();
        Assert.All(gaps.Select((gap, number) => (gap, number)), each => Assert.InRange(each.gap, 10_000 << each.number, long.MaxValue));
        Assert.All(accepting.Faults, fault => Assert.Equal(TransportFaultKind.Exhausted, fault.Kind));
        Assert.InRange(Volatile.Read(ref accepting.Accepted), 0, clients.Length - 1);
        taken.Dispose();

        environment.Until(() => Volatile.Read(ref accepting.Accepted) == clients.Length, "the client that waited is accepted");
        Assert.All(clients, client => Assert.Null(client.Fault));
        environment.Run(environment.First, () => environment.First.Connect(listener.LocalEndPoint, TcpOptions.Default, Client()));
        environment.Until(() => Volatile.Read(ref accepting.Accepted) > clients.Length, "the next client is accepted");
    }

    private static RecordingChannelHandler Client() => new() { WhenConnected = channel => channel.ResumeReceive() };

    [Fact]
    public void The_last_descriptors_are_left_to_others()
    {
        const int Left = 40;
        var limit = DescriptorLimit.Raise()!.Value.Descriptors;
        var gaps = FillGaps();
        var settings = new LoopSettings { ReservedDescriptors = limit - NextDescriptor() - Left };
        using var environment = new LoopbackEnvironment(LoopBackendKind.Epoll, IPAddress.Loopback, settings);
        var accepting = new AcceptHandler(environment.Second);
        var listener = accepting.Listen(environment);
        var taken = Enumerable.Range(0, Left).Select(_ => File.OpenHandle("/dev/null")).ToArray();

        // The first finds out that nothing but the reserve is left, and is served all the same.
        Connect();
        environment.Until(() => Volatile.Read(ref accepting.Accepted) == 1, "the first client is accepted");
        Connect();
        environment.Until(() => accepting.Failures(environment) >= 3, "accepting was put off again and again");
        Assert.Equal(1, Volatile.Read(ref accepting.Accepted));
        Assert.All(accepting.Faults, fault => Assert.Equal(TransportFaultKind.Exhausted, fault.Kind));
        using (File.OpenHandle("/dev/null"))
        {
            // Whoever does not accept may still open what it needs.
        }

        Array.ForEach(taken, handle => handle.Dispose());
        environment.Until(() => Volatile.Read(ref accepting.Accepted) == 2, "the second client is accepted");
        gaps.ForEach(handle => handle.Dispose());

        void Connect() =>
            environment.Run(environment.First, () => environment.First.Connect(listener.LocalEndPoint, TcpOptions.Default, new RecordingChannelHandler()));
    }

    [Fact]
    public void A_descriptor_tells_by_its_number_whether_the_reserve_has_begun()
    {
        var gaps = FillGaps();
        var next = NextDescriptor();

        Assert.True(new DescriptorReserve(next).IsNext());
        Assert.False(new DescriptorReserve(next + 1).IsNext());
        Assert.True(new DescriptorReserve(next).Has(next));
        Assert.False(new DescriptorReserve(next).Has(next - 1));
        gaps.ForEach(handle => handle.Dispose());
    }

    /// <summary>Takes the numbers that other tests have left free below the highest in use, and lets finalizers close what they will before.</summary>
    private static List<SafeFileHandle> FillGaps()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var highest = Directory.GetFileSystemEntries("/proc/self/fd").Max(path => int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture));
        var handles = new List<SafeFileHandle>();
        do
        {
            handles.Add(File.OpenHandle("/dev/null"));
        }
        while (handles[^1].DangerousGetHandle() < highest);
        return handles;
    }

    private static int NextDescriptor()
    {
        using var handle = File.OpenHandle("/dev/null");
        return (int)handle.DangerousGetHandle();
    }

    private sealed class AcceptHandler(IIoLoop loop) : IAcceptHandler
    {
        public int Accepted;

        public List<TransportFault> Faults { get; } = [];

        public List<long> FailedAtMicroseconds { get; } = [];

        public IListener Listen(LoopbackEnvironment environment) => environment.Run(loop, () =>
        {
            Assert.True(loop.TryListen(environment.AnyPortOf(loop), TcpOptions.Default, this, out var listening, out _));
            return listening;
        });

        public int Failures(LoopbackEnvironment environment) => environment.Run(loop, () => Faults.Count);

        public void OnAccepted(IAcceptedConnection connection) => Accepted++;

        public void OnAcceptFailed(TransportFault fault)
        {
            Faults.Add(fault);
            FailedAtMicroseconds.Add(loop.NowMicroseconds);
        }
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

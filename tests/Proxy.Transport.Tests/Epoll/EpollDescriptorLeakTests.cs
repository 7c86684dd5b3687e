using Proxy.Transport.Tests.Contract;

namespace Proxy.Transport.Tests.Epoll;

/// <summary>Counts the descriptors of the process, so nothing else may run beside it.</summary>
[CollectionDefinition(nameof(AloneInTheProcess), DisableParallelization = true)]
public sealed class AloneInTheProcess;

[Collection(nameof(AloneInTheProcess))]
public sealed class EpollDescriptorLeakTests
{
    // Sockets of other tests may still be closed by finalizers meanwhile, and the runtime opens a few for itself.
    private const int Tolerated = 10;
    private const int Relays = 200;

    [Fact]
    public void Many_relays_however_they_end_leave_no_descriptor_behind()
    {
        var before = Descriptors();
        using (var rig = new RelayRig(new LoopSettings { BulkReadsBeforeSplice = 1, ReadBufferBytes = LoopSettings.SmallestReadBufferBytes }))
        {
            var paths = Enumerable.Range(0, Relays).Select(_ => rig.Connect(new EchoHandler())).ToArray();
            Assert.True(Descriptors() >= before + (4 * Relays), "The relays have no descriptors.");
            rig.Environment.Run(rig.Ends, () =>
            {
                for (var i = 0; i < Relays; i++)
                {
                    End(paths[i], i);
                }
            });
            rig.Environment.Until(() => paths.All(path => path.Observer.Ends.Count == 1), "all relays are over");
            rig.Environment.Run(rig.Ends, () => Array.ForEach(paths, path => path.Client.Close()));
            rig.UntilNothingIsOpen();
        }

        Assert.InRange(Descriptors(), 0, before + Tolerated);
    }

    private static void End(RelayedPair path, int number)
    {
        switch (number % 4)
        {
            case 0:
                path.Client.Abort();
                break;
            case 1:
                path.Upstream.Abort();
                break;
            case 2:
                path.Client.Send(new byte[300_000]);
                path.Client.ShutdownSend();
                break;
            default:
                path.Client.ShutdownSend();
                break;
        }
    }

    private static int Descriptors() => Directory.GetFileSystemEntries("/proc/self/fd").Length;
}

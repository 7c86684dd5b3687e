using System.Globalization;
using System.Net;
using Proxy.Transport.Epoll;
using Proxy.Transport.Tests.Contract;

namespace Proxy.Transport.Tests.Epoll;

public sealed class YoungConnectionsTests : IDisposable
{
    private readonly LoopbackEnvironment _environment = new(LoopBackendKind.Epoll, IPAddress.Loopback);

    [Fact]
    public void Dialled_connections_that_live_on_are_watched_by_the_kernel_whatever_became_of_their_neighbours()
    {
        var loop = _environment.First;
        var handler = new RecordingAcceptHandler();
        var listener = _environment.Run(_environment.Second, () =>
        {
            Assert.True(_environment.Second.TryListen(_environment.AnyPortOf(_environment.Second), TcpOptions.Default, handler, out var opened, out _));
            return opened;
        });
        var events = Enumerable.Range(0, 9).Select(_ => new RecordingChannelHandler()).ToArray();
        var channels = events.Select(one => _environment.Run(loop, () => loop.Connect(listener.LocalEndPoint, TcpOptions.Default, one))).ToArray();
        _environment.Until(() => handler.Accepted.Count == channels.Length, "all are accepted");

        // The first, the last, and some between them are gone before they grow old.
        int[] gone = [0, 3, 4, 8];
        _environment.Run(loop, () => Array.ForEach(gone, index => channels[index].Abort()));
        foreach (var index in Enumerable.Range(0, channels.Length).Except(gone))
        {
            var descriptor = DescriptorOf(_environment.Run(loop, () => (IPEndPoint)channels[index].LocalEndPoint!));
            _environment.Until(
                () => EpollSockets.GetOption(descriptor, LinuxConstants.SocketLevel, LinuxConstants.KeepAlive) == 1
                    && EpollSockets.GetOption(descriptor, LinuxConstants.TcpLevel, LinuxConstants.TcpUserTimeout) == 60_000,
                $"connection {index} is watched");
        }
    }

    public void Dispose() => _environment.Dispose();

    private static int DescriptorOf(IPEndPoint local) => Directory.GetFileSystemEntries("/proc/self/fd")
        .Select(entry => int.Parse(Path.GetFileName(entry), CultureInfo.InvariantCulture))
        .First(descriptor => local.Equals(NativeAddress.OfSocket(descriptor)));
}

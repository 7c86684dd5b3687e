using System.Net;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Proxy.Transport.HandOver;

namespace Proxy.Transport.Tests.HandOver;

/// <summary>Listening sockets that go from one owner to the next, and the connection they go over.</summary>
public sealed class ListeningSocketsTests : IDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(5);
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("hand-over-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task Who_waits_at_a_listener_is_served_by_the_successor_that_took_it()
    {
        if (!LoopBackends.IsEpollSupported)
        {
            Assert.Skip("Descriptors are handed over on Linux only.");
        }

        var asked = new IPEndPoint(IPAddress.Loopback, 0);
        using var old = new ListeningSockets();
        using var successor = new ListeningSockets();
        var port = new TaskCompletionSource<IPEndPoint>();
        using var waiting = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using (var first = LoopBackends.CreateGroup(LoopBackendKind.Epoll, 1, new LoopSettings { Listening = old }))
        {
            Run(first.Loops[0], loop =>
            {
                Assert.True(loop.TryListen(asked, TcpOptions.Default, new Counting(), out var listener, out _));
                port.SetResult(listener.LocalEndPoint);
            });
            foreach (var socket in old.Duplicate())
            {
                successor.Offer(socket);
            }

            await port.Task.WaitAsync(Bound);
        }

        Assert.Empty(old.Duplicate());
        await waiting.ConnectAsync(await port.Task);
        var accepted = new Counting();
        using var second = LoopBackends.CreateGroup(LoopBackendKind.Epoll, 1, new LoopSettings { Listening = successor });
        Run(second.Loops[0], loop =>
        {
            Assert.True(loop.TryListen(asked, TcpOptions.Default, accepted, out var listener, out _));
            Assert.Equal(port.Task.Result, listener.LocalEndPoint);
        });

        await accepted.First.WaitAsync(Bound);
        Assert.Empty(successor.CloseUnused());
    }

    [Fact]
    public void What_nobody_takes_is_named_and_closed()
    {
        using var sockets = new ListeningSockets();
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var handle = new SafeFileHandle(socket.Handle, ownsHandle: false);
        sockets.Offer(new ListeningSocket(ListeningKind.Udp, IPEndPoint.Parse("127.0.0.1:4000"), handle));

        Assert.False(sockets.TryTake(ListeningKind.Tcp, IPEndPoint.Parse("127.0.0.1:4000"), out _));
        Assert.Contains("udp socket of 127.0.0.1:4000", Assert.Single(sockets.CloseUnused()), StringComparison.Ordinal);
        Assert.True(handle.IsClosed);
        Assert.Empty(sockets.CloseUnused());
    }

    [Fact]
    public async Task A_message_and_its_descriptor_cross_to_the_other_process()
    {
        if (!OperatingSystem.IsLinux())
        {
            Assert.Skip("Descriptors are handed over on Linux only.");
        }

        var path = Path.Combine(_directory.FullName, "socket");
        using var listener = DescriptorSocket.Listen(path);
        var accepting = Task.Run(() => DescriptorSocket.Accept(listener));
        Assert.True(DescriptorSocket.TryConnect(path, out var near));
        using var sender = near;
        using var receiver = await accepting.WaitAsync(Bound);
        Assert.Equal(Environment.ProcessId, receiver!.PeerProcess);
        using var file = File.OpenHandle(Path.Combine(_directory.FullName, "file"), FileMode.Create, FileAccess.ReadWrite);
        RandomAccess.Write(file, "content"u8, 0);

        Assert.True(sender.TrySend("first"u8));
        Assert.True(sender.TrySend("second"u8, file));

        var buffer = new byte[100];
        Assert.True(receiver.TryReceive(buffer, out var bytes, out var none));
        Assert.Equal(("first", true), (System.Text.Encoding.UTF8.GetString(buffer, 0, bytes), none is null));
        Assert.True(receiver.TryReceive(buffer, out bytes, out var received));
        Assert.Equal("second", System.Text.Encoding.UTF8.GetString(buffer, 0, bytes));
        using (received)
        {
            Assert.Equal(7, RandomAccess.Read(received!, buffer, 0));
        }

        sender.Dispose();
        Assert.False(receiver.TryReceive(buffer, out _, out _));
    }

    [Fact]
    public void A_message_that_finds_no_room_is_dropped_and_not_waited_for()
    {
        if (!OperatingSystem.IsLinux())
        {
            Assert.Skip("Descriptors are handed over on Linux only.");
        }

        var path = Path.Combine(_directory.FullName, "socket");
        using var listener = DescriptorSocket.Listen(path);
        Assert.True(DescriptorSocket.TryConnect(path, out var near));
        using var sender = near;
        var message = new byte[1000];
        var sent = 0;
        var isDropped = false;
        while (sent < 100_000 && !isDropped)
        {
            Assert.True(sender.TrySendAtOnce(message, out isDropped));
            sent++;
        }

        Assert.True(isDropped);
        Assert.InRange(sent, 2, 99_999);
    }

    [Fact]
    public void A_path_where_nobody_listens_any_more_is_taken_over()
    {
        if (!OperatingSystem.IsLinux())
        {
            Assert.Skip("Descriptors are handed over on Linux only.");
        }

        var path = Path.Combine(_directory.FullName, "socket");
        DescriptorSocket.Listen(path).Dispose();
        Assert.False(DescriptorSocket.TryConnect(path, out _));

        using var listener = DescriptorSocket.Listen(path);
        Assert.True(DescriptorSocket.TryConnect(path, out var connection));
        connection.Dispose();
    }

    private static void Run(IIoLoop loop, Action<IIoLoop> action)
    {
        var done = new TaskCompletionSource();
        loop.Post(new Work(() =>
        {
            try
            {
                action(loop);
                done.SetResult();
            }
            catch (Exception failure)
            {
                done.SetException(failure);
            }
        }));
        Assert.True(done.Task.Wait(Bound));
    }

    private sealed class Work(Action action) : IThreadPoolWorkItem
    {
        public void Execute() => action();
    }

    private sealed class Counting : IAcceptHandler
    {
        private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task First => _first.Task;

        public void OnAccepted(IAcceptedConnection connection)
        {
            connection.Refuse();
            _first.TrySetResult();
        }

        public void OnAcceptFailed(TransportFault fault) => _first.TrySetException(new InvalidOperationException(fault.Text));
    }
}

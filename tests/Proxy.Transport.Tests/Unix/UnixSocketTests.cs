using System.Net;
using System.Net.Sockets;
using Proxy.Transport.HandOver;
using Proxy.Transport.Tests.Contract;

namespace Proxy.Transport.Tests.Unix;

/// <summary>Streams at a path, of both backends: bytes, ends, and the file that stands for the listener.</summary>
public sealed class UnixSocketTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("tcpproxy-unix-");
    private readonly List<IDisposable> _owned = [];

    private string PathOf(string name) => Path.Combine(_directory.FullName, name);

    public void Dispose()
    {
        _owned.ForEach(owned => owned.Dispose());
        _directory.Delete(recursive: true);
    }

    public static TheoryData<LoopBackendKind> Backends => OperatingSystem.IsLinux() ? [LoopBackendKind.Portable, LoopBackendKind.Epoll] : [LoopBackendKind.Portable];

    [Theory, MemberData(nameof(Backends))]
    public void Bytes_and_ends_cross_both_ways(LoopBackendKind backend)
    {
        var environment = Start(backend);
        var place = At("a.sock");
        var (accepting, client, server) = (new RecordingAcceptHandler(), new RecordingChannelHandler(), new EchoHandler());
        Listen(environment, place, accepting);
        var channel = environment.Run(environment.First, () => environment.First.Connect(place, TcpOptions.Default with { Source = IPAddress.Loopback }, client));
        environment.Until(() => client.IsConnected && accepting.Accepted.Count == 1, "the connection is made");
        var accepted = accepting.Accepted[0];
        Assert.Equal(("unix:", $"{place}"), ($"{accepted.RemoteEndPoint}", $"{accepted.LocalEndPoint}"));
        Assert.Null(accepted.OriginalDestination);
        environment.Run(environment.Second, () => environment.Second.Adopt(accepted, server).ResumeReceive());

        var bytes = new byte[3 << 20];
        new Random(1).NextBytes(bytes);
        environment.Run(environment.First, () =>
        {
            channel.ResumeReceive();
            channel.Send(bytes);
            channel.ShutdownSend();
        });
        environment.Until(() => client.HasEnded, "the echo has ended");

        Assert.True(client.Received.AsSpan().SequenceEqual(bytes));
    }

    [Theory, MemberData(nameof(Backends))]
    public void The_file_has_its_mode_and_goes_with_its_listener(LoopBackendKind backend)
    {
        var environment = Start(backend);
        var place = At("a.sock", "?mode=660");
        var listener = Listen(environment, place, new RecordingAcceptHandler());

        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal("660", Convert.ToString((int)File.GetUnixFileMode(place.Path), 8));
        }

        Assert.Equal([place.Path], Directory.GetFileSystemEntries(_directory.FullName));
        environment.Run(environment.Second, listener.Close);
        Assert.Empty(Directory.GetFileSystemEntries(_directory.FullName));
    }

    [Theory, MemberData(nameof(Backends))]
    public void A_file_that_a_dead_process_left_is_replaced_and_nothing_else(LoopBackendKind backend)
    {
        var environment = Start(backend);
        using (var dead = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            dead.Bind(new UnixDomainSocketEndPoint(PathOf("bound")));
            File.Move(PathOf("bound"), PathOf("left.sock"));
        }

        File.WriteAllText(PathOf("notes"), "mine");
        using (var making = System.Diagnostics.Process.Start("mkfifo", PathOf("pipe")))
        {
            making.WaitForExit();
        }

        Listen(environment, At("left.sock"), new RecordingAcceptHandler());

        Assert.Equal(TransportFaultKind.AddressInUse, FaultOf(environment, At("left.sock")).Kind);
        Assert.Equal(TransportFaultKind.AddressInUse, FaultOf(environment, At("notes")).Kind);
        Assert.Equal(TransportFaultKind.AddressInUse, FaultOf(environment, At("pipe")).Kind);
        Assert.Equal("mine", File.ReadAllText(PathOf("notes")));
        Assert.NotEqual(TransportFaultKind.None, FaultOf(environment, At("none/such")).Kind);
    }

    [Theory, MemberData(nameof(Backends))]
    public void Where_nobody_listens_a_connection_fails(LoopBackendKind backend)
    {
        var environment = Start(backend);
        var client = new RecordingChannelHandler();
        environment.Run(environment.First, () => environment.First.Connect(At("none.sock"), TcpOptions.Default, client));

        environment.Until(() => client.Fault is not null, "the connection fails");
    }

    [Fact]
    public void A_successor_has_the_socket_and_keeps_the_file()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "sockets are handed over on Linux");
        using var sockets = new ListeningSockets();
        using var inherited = new ListeningSockets();
        var place = At("a.sock", "?mode=660");
        var old = Start(LoopBackendKind.Epoll, new LoopSettings { Listening = sockets });
        var listener = Listen(old, place, new RecordingAcceptHandler());
        foreach (var socket in sockets.Duplicate())
        {
            // As it was told the successor: by its text.
            Assert.True(UnixEndPoint.TryParse($"{socket.Asked}", out var asked, out _));
            inherited.Offer(socket with { Asked = asked });
        }

        var (successor, accepting) = (Start(LoopBackendKind.Epoll, new LoopSettings { Listening = inherited }), new RecordingAcceptHandler());
        Listen(successor, place, accepting);
        old.Run(old.Second, listener.Close);
        using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        client.Connect(new UnixDomainSocketEndPoint(place.Path));

        successor.Until(() => accepting.Accepted.Count == 1, "the successor accepts");
    }

    private LoopbackEnvironment Start(LoopBackendKind backend, LoopSettings? settings = null)
    {
        var environment = new LoopbackEnvironment(backend, IPAddress.Loopback, settings);
        _owned.Insert(0, environment);
        return environment;
    }

    private UnixEndPoint At(string name, string options = "")
    {
        Assert.True(UnixEndPoint.TryParse($"unix:{PathOf(name)}{options}", out var place, out var error), error);
        return place;
    }

    private static IListener Listen(LoopbackEnvironment environment, UnixEndPoint place, IAcceptHandler handler) => environment.Run(environment.Second, () =>
    {
        Assert.True(environment.Second.TryListen(place, TcpOptions.Default, handler, out var listener, out var fault), fault.Text);
        return listener;
    });

    private static TransportFault FaultOf(LoopbackEnvironment environment, UnixEndPoint place) => environment.Run(environment.Second, () =>
    {
        Assert.False(environment.Second.TryListen(place, TcpOptions.Default, new RecordingAcceptHandler(), out _, out var fault));
        return fault;
    });
}

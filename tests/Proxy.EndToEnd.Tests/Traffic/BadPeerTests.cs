using System.Net;
using System.Net.Sockets;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Traffic;

/// <summary>
/// Clients and servers that do everything wrong, in each phase of a connection: each time the log has the right reason and says whose fault it was,
/// and nothing of the connection is left.
/// </summary>
[Collection(OnlyWaits.Third)]
public sealed class BadPeerTests : EndToEndTest
{
    private static readonly TimeSpan EndBound = TimeSpan.FromSeconds(15);
    private static readonly byte[] Block = new byte[64 * 1024];

    // Closing with unread bytes makes a reset; .NET finishes sending before it closes, and the finish may be seen first.
    private const string ResetOrFinishedAndReset = "CD reset by client, fault client|CL reset by client, fault client";

    [Fact]
    public Task Both_say_nothing() => PlayAsync(BadPeers.SayNothingAsync, SayNothing, "cD idle timeout");

    [Fact]
    public Task A_client_that_sends_one_byte_per_second_is_served() => PlayAsync(EchoAsync, async client =>
    {
        for (var i = 0; i < 4; i++)
        {
            // Longer in sum than the idle deadline of these tests.
            await Exchange.PingAsync(client, Limit);
            await Wait.PauseOfLoadAsync(TimeSpan.FromSeconds(1));
        }

        client.Shutdown(SocketShutdown.Send);
        await client.ReadToEndAsync(Limit);
    }, "-- completed");

    [Fact]
    public Task A_client_that_never_reads() => PlayAsync(BadPeers.SendForEverAsync, SayNothing, "cD idle timeout");

    [Fact]
    public Task A_server_that_never_reads() => PlayAsync(BadPeers.SayNothingAsync, SendForEver, "sD idle timeout");

    [Fact]
    public Task A_client_that_resets() => PlayAsync(EchoAsync, async client =>
    {
        await Exchange.PingAsync(client, Limit);
        client.Reset();
    }, "CD reset by client, fault client");

    [Fact]
    public Task A_client_that_closes_with_unread_bytes() => PlayAsync(BadPeers.SendForEverAsync, async client =>
    {
        await client.ReadExactlyAsync(1, Limit);
        client.Close();
    }, ResetOrFinishedAndReset);

    [Fact]
    public Task A_client_that_finishes_and_then_resets() => PlayAsync(
        async (socket, cancellation) =>
        {
            await socket.ReadToEndAsync(cancellation);
            await socket.SendAllAsync(new byte[1], cancellation);
            await socket.ReadToEndAsync(cancellation);
            await BadPeers.SayNothingAsync(socket, cancellation);
        },
        async client =>
        {
            client.Shutdown(SocketShutdown.Send);
            await client.ReadExactlyAsync(1, Limit);
            client.Reset();
        },
        "CL reset by client, fault client");

    [Fact]
    public Task A_client_that_finishes_and_then_a_server_that_says_nothing() => PlayAsync(BadPeers.SayNothingAsync, client =>
    {
        client.Shutdown(SocketShutdown.Send);
        return Task.CompletedTask;
    }, "sL half-close timeout");

    [Fact]
    public Task A_client_that_finishes_before_the_server_was_reached_is_served() => PlayAsync(EchoAsync, async client =>
    {
        await client.SendAllAsync(new byte[10], Limit);
        client.Shutdown(SocketShutdown.Send);
        await client.ReadToEndAsync(Limit);
    }, "-- completed");

    [Fact]
    public Task A_server_that_resets_at_once() => PlayAsync(BadPeers.ResetAtOnceAsync, SayNothing,
        // The kernel may have seen the reset before it has told of the connection.
        "SD reset by upstream, fault upstream|SC connection refused, fault upstream");

    [Fact]
    public Task A_server_that_resets_later() =>
        PlayAsync(BadPeers.ResetAfterOneByteAsync, client => client.SendAllAsync(new byte[1], Limit), "SD reset by upstream, fault upstream");

    [Fact]
    public Task A_server_that_closes_with_unread_bytes() =>
        PlayAsync(BadPeers.CloseWithUnreadBytesAsync, client => client.SendAllAsync(Block, Limit),
        "SD reset by upstream, fault upstream|SL reset by upstream, fault upstream");

    [Fact]
    public Task A_server_that_finishes_and_then_a_client_that_says_nothing() => PlayAsync(BadPeers.FinishAndStayAsync, SayNothing, "cL half-close timeout");

    [Fact]
    public Task A_server_that_finishes_and_then_resets() => PlayAsync(BadPeers.FinishAndResetAsync, async client =>
    {
        await client.ReadToEndAsync(Limit);
        await client.SendAllAsync(new byte[1], Limit);
    }, "SL reset by upstream, fault upstream");

    [Fact]
    public async Task A_server_that_refuses() => await PlayAsync(FreePort.ForTcp(), SayNothing, "SC connection refused, fault upstream");

    [Fact]
    public async Task A_server_that_does_not_answer_the_dial()
    {
        using var deaf = new DeafServer();
        await PlayAsync(deaf.Address, SayNothing, "sC connect timeout, fault upstream");
    }

    [Fact]
    public async Task A_client_that_resets_while_the_server_is_dialled()
    {
        using var deaf = new DeafServer();
        await PlayAsync(deaf.Address, client =>
        {
            client.Reset();
            return Task.CompletedTask;
        }, "CC reset by client, fault client");
    }

    [Fact]
    public Task A_client_that_does_not_send_its_header() => PlayAsync(EchoAsync, SayNothing, "cR header timeout, fault client", "--proxy-protocol-in");

    [Fact]
    public Task A_client_that_dribbles_its_header() => PlayAsync(EchoAsync, async client =>
    {
        // One deadline for the whole header: another byte in time does not help.
        foreach (var letter in "PROXY TCP4 1"u8.ToArray())
        {
            await client.SendAsync(new[] { letter }, Limit);
            await Wait.PauseOfLoadAsync(TimeSpan.FromMilliseconds(400));
        }
    }, "cR header timeout, fault client", "--proxy-protocol-in");

    [Fact]
    public Task A_client_that_resets_inside_its_header() => PlayAsync(EchoAsync, async client =>
    {
        await client.SendAllAsync("PROXY"u8.ToArray(), Limit);
        await Wait.PauseOfLoadAsync(TimeSpan.FromMilliseconds(100));
        client.Reset();
    }, "CR reset by client, fault client", "--proxy-protocol-in");

    [Fact]
    public Task A_client_that_finishes_inside_its_header() => PlayAsync(EchoAsync, async client =>
    {
        await client.SendAllAsync("PROXY"u8.ToArray(), Limit);
        client.Shutdown(SocketShutdown.Send);
    }, "PR bad header, fault client", "--proxy-protocol-in");

    [Fact]
    public Task A_client_that_sends_something_else() =>
        PlayAsync(EchoAsync, client => client.SendAllAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray(), Limit), "PR bad header, fault client", "--proxy-protocol-in");

    private async Task PlayAsync(Func<Socket, CancellationToken, Task> server, Func<Socket, Task> client, string expected, params string[] options)
    {
        await using var peer = new TcpPeer(server);
        await PlayAsync(peer.Address, client, expected, options);
    }

    /// <summary>Plays the client's part towards that server, and checks the log's word of it and that nothing is left.</summary>
    private async Task PlayAsync(IPEndPoint server, Func<Socket, Task> client, string expected, params string[] options)
    {
        using var work = new WorkDirectory();
        var log = work.File("access.log");
        await using var relay = await NodeProcess.StartAsync(
        [
            "relay", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--to", $"{server}", "--connect-timeout", "1s", "--idle", "2s", "--half-close", "1s",
            "--header-timeout", "1s", "--access-log", log, "--access-log-format", "json", .. options,
        ]);
        await NodeStatus.OfAsync(relay);
        var before = ProcessFacts.Descriptors(relay.Id);

        using (var socket = await Dial.ToAsync(relay.Tcp))
        {
            var name = socket.LocalEndPoint!.ToString()!;
            try
            {
                await client(socket);
            }
            catch (SocketException)
            {
                // The relay may end it while the client still plays.
            }

            var end = await AccessLogLine.EndOfAsync(log, name, EndBound);
            Assert.Contains($"{end.Code} {end.Reason}{(end.Fault == "nobody" ? "" : $", fault {end.Fault}")}", expected.Split('|'));
        }

        await Wait.UntilAsync(
            async () => (await NodeStatus.OfAsync(relay)).ActiveConnections == 0 && relay.DescriptorCount <= before.Count,
            EndBound,
            () => $"open are {string.Join(' ', ProcessFacts.Descriptors(relay.Id))}; before {string.Join(' ', before)}");
    }

    private static Task EchoAsync(Socket socket, CancellationToken cancellation) => TcpPeer.EchoAsync(socket, cancellation);

    private static Task SayNothing(Socket client) => Task.CompletedTask;

    private Task SendForEver(Socket client) => BadPeers.SendForEverAsync(client, Limit);

    /// <summary>A server whose queue of connections is full and stays so: the kernel drops what else is dialled, as a host that is gone would.</summary>
    private sealed class DeafServer : IDisposable
    {
        private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        private readonly List<Socket> _fill = [];

        public DeafServer()
        {
            _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _listener.Listen(1);
            Address = (IPEndPoint)_listener.LocalEndPoint!;
            for (var i = 0; i < 8; i++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
                _fill.Add(socket);
                try
                {
                    socket.Connect(Address);
                }
                catch (SocketException)
                {
                    // Under way, as it should be.
                }
            }
        }

        public IPEndPoint Address { get; }

        public void Dispose()
        {
            _fill.ForEach(socket => socket.Dispose());
            _listener.Dispose();
        }
    }
}

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Traffic;

/// <summary>The server's process dies without a word. Connections end with a reset, and a server that comes back on its port is used again.</summary>
[Collection(OnlyWaits.Third)]
public abstract class ServerCrashTests(Dialect dialect) : EndToEndTest
{
    private static readonly TimeSpan ResetBound = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan UsableBound = TimeSpan.FromSeconds(2);

    /// <summary>
    /// A restart that the client did not see leaves it on a tunnel that the new process does not know. The dialect of vproxy has no message that
    /// says so: the client finds out by the silence.
    /// </summary>
    private TimeSpan UnnoticedRestartBound => dialect != Dialect.Vproxy ? UsableBound : TimeSpan.FromSeconds(5);

    [Fact]
    public async Task Connections_under_load_end_with_a_reset_within_3_s_and_new_ones_work_within_2_s_of_the_restart()
    {
        await using var echoing = TcpPeer.Echo();
        await using var sending = TcpPeer.Sending(new Content(Seed: 50, long.MaxValue));
        await using var tunnel = await TunnelPair.StartAsync(dialect, echoing.Address, sending.Address);
        using var idle = await Dial.ToAsync(tunnel.Client.Entries[0]);
        using var uploading = await Dial.ToAsync(tunnel.Client.Entries[0]);
        using var downloading = await Dial.ToAsync(tunnel.Client.Entries[1]);
        await Exchange.PingAsync(idle, Limit);
        await Exchange.PingAsync(uploading, Limit);
        await downloading.ReadExactlyAsync(1024 * 1024, Limit);
        var endings = new[] { EndOfReadingAsync(idle), EndOfReadingAsync(downloading), EndOfEchoingAsync(uploading) };

        await tunnel.Server.KillAsync();
        var watch = Stopwatch.StartNew();
        var seen = await Task.WhenAll(endings).WaitAsync(Limit);
        var elapsed = watch.Elapsed;

        Assert.All(seen, end => Assert.Equal(SocketError.ConnectionReset, end));
        Assert.True(elapsed < ResetBound, $"the last connection ended after {elapsed.TotalSeconds:F1} s");
        await tunnel.RestartServerAsync();
        await ANewConnectionWorksAsync(tunnel.Client.Entries[0], UsableBound);
    }

    [Fact]
    public async Task A_server_that_was_away_for_a_while_is_used_again_without_touching_the_client()
    {
        await using var echoing = TcpPeer.Echo();
        await using var tunnel = await TunnelPair.StartAsync(dialect, echoing.Address);
        using var before = await Dial.ToAsync(tunnel.Entry);
        await Exchange.PingAsync(before, Limit);

        await tunnel.Server.KillAsync();
        await EndOfReadingAsync(before);
        await Wait.PauseOfLoadAsync(TimeSpan.FromSeconds(Scale.Pick(dialect, 4, overTcp: 2, 40)));
        await tunnel.RestartServerAsync();

        await ANewConnectionWorksAsync(tunnel.Entry, UsableBound);
    }

    [Fact]
    public async Task A_server_restarted_before_the_client_noticed_is_used_again()
    {
        await using var echoing = TcpPeer.Echo();
        await using var tunnel = await TunnelPair.StartAsync(dialect, echoing.Address);
        using var before = await Dial.ToAsync(tunnel.Entry);
        await Exchange.PingAsync(before, Limit);

        tunnel.Client.Send(Signal.Stop);
        await tunnel.Server.KillAsync();
        await tunnel.RestartServerAsync();
        tunnel.Client.Send(Signal.Continue);

        await ANewConnectionWorksAsync(tunnel.Entry, UnnoticedRestartBound);
        Assert.Equal(SocketError.ConnectionReset, await EndOfReadingAsync(before));
    }

    [Fact]
    public async Task A_server_that_pauses_for_a_moment_loses_no_connection()
    {
        await using var digesting = TcpPeer.Digesting();
        await using var tunnel = await TunnelPair.StartAsync(dialect, digesting.Address);
        var content = new Content(Seed: 51, 16 * 1024 * 1024);
        var upload = Exchange.UploadAsync(tunnel.Entry, content, Limit);
        await Wait.UntilAsync(() => digesting.Accepted > 0, ResetBound, () => "the upload did not reach its target");

        tunnel.Server.Send(Signal.Stop);
        await Wait.PauseOfLoadAsync(TimeSpan.FromSeconds(1));
        tunnel.Server.Send(Signal.Continue);

        await upload;
    }

    private async Task<SocketError> EndOfReadingAsync(Socket socket) => (await socket.ReadToEndAsync(Limit)).End;

    // Keeps one piece on its way at any time, and sees the end either when it sends or when it reads.
    private async Task<SocketError> EndOfEchoingAsync(Socket socket)
    {
        var bytes = new byte[32 * 1024];
        try
        {
            while (true)
            {
                await socket.SendAllAsync(bytes, Limit);
                await socket.ReadExactlyAsync(bytes.Length, Limit);
            }
        }
        catch (SocketException error)
        {
            return error.SocketErrorCode;
        }
    }

    // A connection may still meet the old tunnel and be reset; the promise is that one works within the bound.
    private async Task ANewConnectionWorksAsync(IPEndPoint entry, TimeSpan bound)
    {
        var last = "none was tried";
        await Wait.UntilAsync(() => WorksAsync(bound), bound, () => $"no new connection works; the last one: {last}");

        async Task<bool> WorksAsync(TimeSpan patience)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(Limit);
            limit.CancelAfter(patience);
            try
            {
                using var socket = await Dial.ToAsync(entry);
                await Exchange.PingAsync(socket, limit.Token);
                return true;
            }
            catch (Exception error) when (error is SocketException or OperationCanceledException)
            {
                last = error.Message;
                return false;
            }
        }
    }
}

public sealed class VproxyServerCrashTests() : ServerCrashTests(Dialect.Vproxy);

public sealed class NativeServerCrashTests() : ServerCrashTests(Dialect.Native);

using System.Net;
using Proxy.Transport;
using Proxy.Transport.Tests.Contract;
using static Proxy.TestKit.Tests.Network.SimulationFixture;

namespace Proxy.TestKit.Tests.Network;

public sealed class SimulatedTcpTests
{
    private readonly SimulationFixture _fixture = new(seed: 31);
    private readonly RecordingChannelHandler _client = new();
    private readonly RecordingChannelHandler _server = new();

    private SimulatedWorld World => _fixture.World;

    [Fact]
    public void Connecting_takes_one_round_trip_and_a_refusal_too()
    {
        World.Network.SetLatency(_fixture.Left, _fixture.Right, Milliseconds(20));
        var listener = _fixture.Listen(_fixture.RightLoop, new RecordingAcceptHandler());
        var refused = new RecordingChannelHandler();
        _fixture.LeftLoop.Run(() =>
        {
            _fixture.LeftLoop.Connect(listener.LocalEndPoint, TcpOptions.Default, _client);
            _fixture.LeftLoop.Connect(new IPEndPoint(_fixture.Right.Addresses[0], 1), TcpOptions.Default, refused);
        });
        World.RunFor(Milliseconds(39.9));
        Assert.Equal(("", ""), (_client.Calls, refused.Calls));

        World.RunFor(Milliseconds(0.1));
        Assert.Equal(("connected", "failed:Refused"), (_client.Calls, refused.Calls));
    }

    [Fact]
    public void An_address_of_nobody_is_unreachable()
    {
        _fixture.LeftLoop.Run(() => _fixture.LeftLoop.Connect(new IPEndPoint(IPAddress.Parse("10.9.9.9"), 80), TcpOptions.Default, _client));
        World.RunFor(Milliseconds(10));

        Assert.Equal("failed:Unreachable", _client.Calls);
        Assert.Equal(0, _fixture.Left.OpenTcpSockets);
    }

    [Fact]
    public void A_stream_arrives_in_pieces_of_many_sizes()
    {
        var sizes = new List<long>();
        _server.WhenReceived = _ => sizes.Add(_server.ReceivedBytes - sizes.Sum());
        var (client, _) = _fixture.Connect(_client, _server);
        var bytes = new byte[500_000];
        new Random(5).NextBytes(bytes);
        _fixture.LeftLoop.Run(() => client.Send(bytes));
        World.RunUntil(() => _server.ReceivedBytes == bytes.Length, TimeSpan.FromSeconds(1));

        Assert.Equal(bytes, _server.Received);
        Assert.Contains(sizes, size => size <= 16);
        Assert.Contains(sizes, size => size > 16 * 1024);
    }

    [Fact]
    public void Lost_segments_are_sent_again_and_the_stream_stays_whole()
    {
        var loss = new LossRule(0.1);
        World.Network.Install(NetworkRule.Together(loss, new ReorderingRule(0.2, Milliseconds(3)), new DuplicationRule(0.2, Milliseconds(7))));
        var (client, server) = _fixture.Connect(_client, new EchoHandler());
        var bytes = new byte[300_000];
        new Random(6).NextBytes(bytes);
        _fixture.LeftLoop.Run(() =>
        {
            client.Send(bytes);
            client.ShutdownSend();
        });
        World.RunUntil(() => _client.HasEnded, TimeSpan.FromSeconds(60));
        _fixture.LeftLoop.Run(client.Close);
        World.RunFor(TimeSpan.FromSeconds(5));

        Assert.Equal(bytes, _client.Received);
        Assert.True(loss.Dropped > 0, "Nothing was lost.");
        Assert.NotNull(server);
        Assert.Equal((0, 0), (_fixture.Left.OpenTcpSockets, _fixture.Right.OpenTcpSockets));
    }

    [Fact]
    public void A_late_copy_for_a_connection_that_the_peer_has_forgotten_resets_nothing()
    {
        var duplication = new DuplicationRule(1, Milliseconds(50));
        World.Network.Install(duplication);
        var (client, _) = _fixture.Connect(_client, new EchoHandler());
        _fixture.LeftLoop.Run(() =>
        {
            client.Send("question"u8);
            client.ShutdownSend();
        });
        World.RunFor(Milliseconds(40));
        Assert.Equal(0, _fixture.Right.OpenTcpSockets);

        World.RunFor(Milliseconds(100));
        Assert.True(duplication.Duplicates > 0, "Nothing came twice.");
        Assert.Equal("connected received ended", _client.Calls);
    }

    [Fact]
    public void The_window_bounds_what_an_idle_reader_can_be_sent()
    {
        World.Network.TcpWindowBytes = 10_000;
        var (client, server) = _fixture.Connect(_client, _server);
        _fixture.RightLoop.Run(server.PauseReceive);
        Assert.True(_fixture.LeftLoop.Run(() => client.Send(new byte[10_000])));
        Assert.False(_fixture.LeftLoop.Run(() => client.Send(new byte[1])));
        World.RunFor(TimeSpan.FromMinutes(5));
        Assert.Equal(0, _client.Drains);

        _fixture.RightLoop.Run(server.ResumeReceive);
        World.RunFor(Milliseconds(10));
        Assert.Equal((1, 10_001), (_client.Drains, _server.ReceivedBytes));
    }

    [Fact]
    public void A_drain_that_is_owed_is_told_even_when_more_was_sent_before_its_turn()
    {
        World.Network.TcpWindowBytes = 10_000;
        var (client, server) = _fixture.Connect(_client, _server);
        _fixture.RightLoop.Run(server.PauseReceive);
        var wentAtOnce = false;
        _fixture.LeftLoop.Run(() =>
        {
            Assert.False(client.Send(new byte[10_001]));

            // Acknowledgements come at this very moment; the deadline's turn is posted before the channel's.
            var deadline = _fixture.LeftLoop.CreateDeadline(() => wentAtOnce = client.Send(new byte[1]));
            deadline.Set(_fixture.LeftLoop.NowMicroseconds + 11_000);
        });
        World.RunFor(Milliseconds(10));
        _fixture.RightLoop.Run(server.ResumeReceive);
        World.RunFor(Milliseconds(10));

        Assert.True(wentAtOnce);
        Assert.Equal((1, 10_002), (_client.Drains, _server.ReceivedBytes));
    }

    [Fact]
    public void A_reset_costs_the_peer_what_it_had_not_read()
    {
        var (client, server) = _fixture.Connect(_client, _server);
        _fixture.RightLoop.Run(server.PauseReceive);
        _fixture.LeftLoop.Run(() => client.Send("unread"u8));
        World.RunFor(Milliseconds(10));
        _fixture.LeftLoop.Run(client.Abort);
        World.RunFor(Milliseconds(10));
        _fixture.RightLoop.Run(server.ResumeReceive);
        World.RunFor(Milliseconds(10));

        Assert.Equal("failed:Reset", _server.Calls);
    }

    [Fact]
    public void A_partition_stalls_a_stream_and_its_repair_lets_it_go_on()
    {
        var (client, _) = _fixture.Connect(_client, _server);
        var partition = World.Network.Partition(_fixture.Left, _fixture.Right);
        _fixture.LeftLoop.Run(() => client.Send("through the wall"u8));
        World.RunFor(TimeSpan.FromSeconds(20));
        Assert.Equal("", _server.Calls);

        partition.Dispose();
        World.RunFor(TimeSpan.FromSeconds(2));
        Assert.Equal("through the wall"u8, _server.Received);
        Assert.Null(_client.Fault);
    }

    [Fact]
    public void A_partition_longer_than_the_user_timeout_ends_the_sender()
    {
        var (client, _) = _fixture.Connect(_client, _server, new TcpOptions { UserTimeout = TimeSpan.FromSeconds(5) });
        using var partition = World.Network.Partition(_fixture.Left, _fixture.Right);
        _fixture.LeftLoop.Run(() => client.Send("anybody?"u8));
        World.RunFor(TimeSpan.FromSeconds(10));

        Assert.Equal("connected failed:TimedOut", _client.Calls);
        Assert.Equal("", _server.Calls);
    }

    [Fact]
    public void A_crash_is_silent_until_the_peer_sends_to_the_restarted_host()
    {
        var (client, _) = _fixture.Connect(_client, _server);
        _fixture.Right.Crash();
        World.RunFor(TimeSpan.FromSeconds(10));
        Assert.Equal("connected", _client.Calls);

        _fixture.Right.Restart();
        World.RunFor(TimeSpan.FromSeconds(10));
        Assert.Equal("connected", _client.Calls);

        _fixture.LeftLoop.Run(() => client.Send("are you there?"u8));
        World.RunFor(Milliseconds(10));
        Assert.Equal("connected failed:Reset", _client.Calls);
        Assert.Equal("", _server.Calls);
    }

    [Fact]
    public void What_was_sent_to_a_crashed_host_is_answered_by_a_reset_once_it_is_back()
    {
        var (client, _) = _fixture.Connect(_client, _server);
        _fixture.Right.Crash();
        _fixture.LeftLoop.Run(() => client.Send("are you there?"u8));
        World.RunFor(TimeSpan.FromSeconds(10));
        Assert.Null(_client.Fault);

        _fixture.Right.Restart();
        World.RunFor(TimeSpan.FromSeconds(2));
        Assert.Equal(TransportFaultKind.Reset, _client.Fault?.Kind);
    }

    [Fact]
    public void A_full_backlog_makes_the_next_client_wait_for_its_turn()
    {
        var listener = _fixture.Listen(_fixture.RightLoop, new RecordingAcceptHandler(), options: new TcpOptions { Backlog = 1 });
        var clients = Enumerable.Range(0, 3).Select(_ => new RecordingChannelHandler()).ToArray();
        _fixture.LeftLoop.Run(() => Array.ForEach(clients, client => _fixture.LeftLoop.Connect(listener.LocalEndPoint, TcpOptions.Default, client)));
        World.RunFor(Milliseconds(50));
        Assert.Equal(1, clients.Count(client => client.IsConnected));

        World.RunFor(TimeSpan.FromSeconds(2));
        Assert.Equal(3, clients.Count(client => client.IsConnected));
    }

    [Fact]
    public void A_closed_channel_is_reset_when_its_peer_never_ends()
    {
        var (client, _) = _fixture.Connect(_client, _server);
        _fixture.LeftLoop.Run(client.Close);
        World.RunFor(TimeSpan.FromSeconds(29));
        Assert.Equal(("ended", 1), (_server.Calls, _fixture.Left.OpenTcpSockets));

        World.RunFor(TimeSpan.FromSeconds(2));
        Assert.Equal(("ended failed:Reset", 0), (_server.Calls, _fixture.Left.OpenTcpSockets));
    }

    [Fact]
    public void A_connection_of_another_host_cannot_be_adopted()
    {
        var accepting = new RecordingAcceptHandler();
        var listener = _fixture.Listen(_fixture.RightLoop, accepting);
        _fixture.LeftLoop.Run(() => _fixture.LeftLoop.Connect(listener.LocalEndPoint, TcpOptions.Default, _client));
        World.RunFor(Milliseconds(10));

        Assert.Throws<ArgumentException>(() => _fixture.LeftLoop.Run(() => _fixture.LeftLoop.Adopt(accepting.Accepted[0], _server)));
    }

    [Fact]
    public void Listening_on_an_address_of_another_host_is_a_fault()
    {
        var fault = _fixture.LeftLoop.Run(() =>
        {
            Assert.False(_fixture.LeftLoop.TryListen(
                new IPEndPoint(_fixture.Right.Addresses[0], 80), TcpOptions.Default, new RecordingAcceptHandler(), out _, out var found));
            return found;
        });

        Assert.Equal(TransportFaultKind.AddressNotAvailable, fault.Kind);
    }
}

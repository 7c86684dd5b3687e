using Proxy.Tunnel.Native;

namespace Proxy.Tunnel.Tests.Native;

public sealed class PathTests
{
    private static readonly PathAddress OtherPort = NativePair.ClientAddress with { Port = 3333 };
    private static readonly PathAddress OtherHost = new(7, 3333);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_client_that_changes_its_address_mid_transfer_keeps_its_streams(bool isOtherHost)
    {
        using var pair = new NativePair().WithPath(50, 40, 0.01);
        var bytes = Bytes.Random(10_000_000);
        var id = pair.Client.Open();
        pair.DriveFor(0.2);
        pair.Server.Send(id, bytes);
        pair.Server.Finish(id);
        pair.DriveUntil(() => pair.Client.Streams[id].Received > 2_000_000);
        pair.Client.Address = isOtherHost ? OtherHost : OtherPort;
        pair.Client.Engine.HandleOwnAddressChanged(pair.Now);
        pair.DriveUntil(() => pair.Server.Engine.Path == pair.Client.Address, boundSeconds: 1);
        pair.DriveUntil(() => pair.Client.Streams[id].HasEnded, boundSeconds: 20);
        Bytes.AssertSame(bytes, pair.Client.Streams[id].Bytes);
        Assert.Equal(1, pair.Server.Engine.NativeStatistics.PathChanges);
        Assert.Single(pair.Server.News, news => news.Kind == TunnelEventKind.AddressChanged);
    }

    [Fact]
    public void An_idle_client_that_changes_its_address_is_found_again_by_its_small_datagrams()
    {
        using var pair = new NativePair();
        pair.DriveFor(3);
        pair.Client.Address = OtherHost;
        pair.Client.Engine.HandleOwnAddressChanged(pair.Now);
        pair.DriveUntil(() => pair.Server.Engine.Path == OtherHost, boundSeconds: 1);
        pair.DriveFor(60);
        Assert.Null(pair.Client.Closed);
        Assert.Null(pair.Server.Closed);
    }

    [Fact]
    public void An_address_that_does_not_answer_gets_three_times_what_came_from_it_at_most_and_is_given_up()
    {
        using var pair = new NativePair();
        var id = pair.Client.Open();
        pair.DriveFor(0.5);
        var forged = new PathAddress(9, 9);
        long received = 0, sent = 0;
        byte[]? copy = null;
        pair.FromClient.Loses = datagram =>
        {
            copy ??= datagram;
            return ReferenceEquals(copy, datagram);
        };
        pair.Server.OnBatch = batch => sent += batch.Path == forged ? batch.Bytes : 0;
        pair.Client.Send(id, new byte[900]);
        pair.DriveFor(0.001);

        // Taken off the path, and brought from elsewhere.
        received += copy!.Length;
        pair.Server.Handle([.. copy], forged, pair.Now);
        pair.DriveFor(3);
        Assert.InRange(sent, 1, 3 * received);
        Assert.Equal(NativePair.ClientAddress, pair.Server.Engine.Path);
        Assert.Equal(900, pair.Server.Streams[id].Received);
        Assert.Equal(0, pair.Server.Engine.NativeStatistics.PathChanges);
    }

    [Fact]
    public void A_client_does_not_follow_its_server()
    {
        using var pair = new NativePair();
        pair.Client.Open();
        var moved = new PathAddress(9, 9);
        byte[]? copy = null;
        pair.FromServer.Loses = datagram => (copy = datagram) is not null;
        pair.DriveFor(0.011);
        pair.Client.Handle([.. copy!], moved, pair.Now);
        pair.DriveFor(0.001);
        Assert.Equal(NativePair.ServerAddress, pair.Client.Engine.Path);
    }

    [Fact]
    public void Candidates_are_four_at_most_and_confirm_only_by_their_own_token_from_their_own_address()
    {
        var candidates = new PathCandidates(new Random(3));
        for (ushort port = 1; port <= 6; port++)
        {
            candidates.HandleDatagram(new PathAddress(5, port), 1200, isNewest: true, 100_000, 0);
        }

        var challenged = new Dictionary<PathAddress, ulong>();
        while (candidates.TryTakeChallenge(100_000, 0, out var address, out var token, out _))
        {
            challenged.Add(address, token);
        }

        Assert.Equal(4, challenged.Count);
        var (one, other) = (new PathAddress(5, 1), new PathAddress(5, 2));
        Assert.False(candidates.TryConfirm(challenged[one], other, 1));
        Assert.False(candidates.TryConfirm(challenged[one] + 1, one, 1));
        Assert.True(candidates.TryConfirm(challenged[one], one, 1));
        Assert.Equal(long.MaxValue, candidates.DueMicroseconds);
    }

    [Fact]
    public void Switches_are_a_second_apart()
    {
        var candidates = new PathCandidates(new Random(3));
        var (one, other) = (new PathAddress(5, 1), new PathAddress(5, 2));
        candidates.HandleDatagram(one, 1200, isNewest: true, 100_000, 0);
        Assert.True(candidates.TryTakeChallenge(100_000, 0, out _, out var token, out _));
        Assert.True(candidates.TryConfirm(token, one, 1000));
        candidates.HandleDatagram(other, 1200, isNewest: true, 100_000, 2000);
        Assert.False(candidates.TryTakeChallenge(100_000, 900_000, out _, out _, out _));
        Assert.True(candidates.TryTakeChallenge(100_000, 1_001_000, out _, out _, out _));
    }
}

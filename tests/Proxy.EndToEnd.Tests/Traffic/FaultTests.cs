using System.Diagnostics;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Traffic;

/// <summary>
/// What happens to a path, and to a process, in the middle of a transfer: every byte arrives, and nothing stands still for longer than the fault
/// lasts and 2 s more.
/// </summary>
public sealed class FaultTests : EndToEndTest
{
    private const double DelayMilliseconds = 10;
    private const double MegabitsPerSecond = 60;
    private const long Mebibyte = 1024 * 1024;
    private static readonly TimeSpan MostAfterFault = TimeSpan.FromSeconds(2);

    public static TheoryData<Direction, int> Blackouts
    {
        get
        {
            var data = new TheoryData<Direction, int>();
            foreach (var seconds in Scale.Pick<int[]>([2], [2, 4, 8, 20]))
            {
                data.Add(Direction.Up, seconds);
                data.Add(Direction.Down, seconds);
            }

            return data;
        }
    }

    public static TheoryData<Direction> Directions => [Direction.Up, Direction.Down];

    [Theory]
    [MemberData(nameof(Blackouts))]
    public Task A_blackout_loses_nothing(Direction direction, int seconds) => SurvivesAsync(
        direction,
        async (link, _, _) =>
        {
            link.Lose(1);
            await Wait.PauseOfLoadAsync(TimeSpan.FromSeconds(seconds));
            link.Lose(0);
        });

    [Theory]
    [InlineData(Direction.Up, true)]
    [InlineData(Direction.Down, true)]
    [InlineData(Direction.Up, false)]
    public Task An_end_that_stands_still_for_5_s_loses_nothing(Direction direction, bool isServer) => SurvivesAsync(
        direction,
        async (_, client, server) =>
        {
            var stopped = isServer ? server : client;
            stopped.Send(Signal.Stop);
            await Wait.PauseOfLoadAsync(TimeSpan.FromSeconds(5));
            stopped.Send(Signal.Continue);
        });

    [Theory]
    [MemberData(nameof(Directions))]
    public Task A_client_that_comes_from_another_port_of_its_NAT_keeps_its_tunnel_and_its_streams(Direction direction) => SurvivesAsync(
        direction,
        (link, _, _) =>
        {
            link.Rebind();
            return Task.CompletedTask;
        });

    [Theory]
    [MemberData(nameof(Directions))]
    public Task A_tenth_out_of_order_stops_nothing(Direction direction) => SurvivesAsync(
        direction,
        (link, _, _) =>
        {
            link.Reorder(0.1);
            return Task.CompletedTask;
        });

    [Theory]
    [MemberData(nameof(Directions))]
    public Task Everything_twice_stops_nothing(Direction direction) => SurvivesAsync(
        direction,
        (link, _, _) =>
        {
            link.Duplicate(1);
            return Task.CompletedTask;
        });

    private async Task SurvivesAsync(Direction direction, Func<FaultyLink, NodeProcess, NodeProcess, Task> fault)
    {
        await using var transfer = new OpenTransfer(direction);
        await using var server = await TunnelPair.StartServerAsync(Dialect.Native, port: 0);
        using var link = new FaultyLink(server.Kcp, DelayMilliseconds, MegabitsPerSecond);
        await using var client = await TunnelPair.StartClientAsync(Dialect.Native, link.Entry.Port, transfer.Target);
        await transfer.BeginAsync(client.Entries[0], Limit);
        await transfer.MovesAsync(Mebibyte);

        var watch = Stopwatch.StartNew();
        await fault(link, client, server);
        var lasted = watch.Elapsed;
        using var lateness = new Lateness();

        // What is in the receiver's buffers still arrives; these are more.
        await transfer.MovesAsync(8 * Mebibyte);
        var longest = transfer.LongestWait;
        await transfer.EndAsync();
        lateness.AssertWithin(lasted + MostAfterFault, longest, "the receiver's longest wait");
        Assert.DoesNotContain(client.Log, line => line.Contains("ended", StringComparison.Ordinal));
    }
}

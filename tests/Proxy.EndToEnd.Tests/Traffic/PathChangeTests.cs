using System.Diagnostics;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Traffic;

/// <summary>
/// What the networks of two machines do in the middle of a transfer: the client's address is another one, the path carries less. Every byte arrives on the
/// same stream, and nothing stands still for longer than the change takes and 2 s more.
/// </summary>
public sealed class PathChangeTests : EndToEndTest
{
    private const int ServerPort = 4000;
    private const int LeastPayloadBytes = 1200;
    private const int HeaderBytes = 28;
    private const long Mebibyte = 1024 * 1024;
    private static readonly TimeSpan MostAfterChange = TimeSpan.FromSeconds(2);

    public static TheoryData<Direction> Directions => [Direction.Up, Direction.Down];

    [Theory]
    [MemberData(nameof(Directions))]
    public Task A_client_with_another_address_keeps_its_tunnel_and_its_streams(Direction direction) =>
        SurvivesAsync(direction, hosts => hosts.SetNearAddressAsync("10.9.0.3"));

    [Theory]
    [MemberData(nameof(Directions))]
    public Task A_path_that_swallows_more_than_1200_bytes_from_now_on_stops_nothing(Direction direction) =>
        SurvivesAsync(direction, hosts => hosts.DropLargerPayloadsAsync(LeastPayloadBytes));

    [Theory]
    [MemberData(nameof(Directions))]
    public Task An_interface_that_carries_no_more_than_1200_bytes_from_now_on_stops_nothing(Direction direction) => SurvivesAsync(
        direction,
        async hosts =>
        {
            var mtu = $"{LeastPayloadBytes + HeaderBytes}";
            await hosts.Near.ExecuteAsync("ip", "link", "set", TwoHosts.NearDevice, "mtu", mtu);
            await hosts.Far.ExecuteAsync("ip", "link", "set", TwoHosts.FarDevice, "mtu", mtu);
        });

    private async Task SurvivesAsync(Direction direction, Func<TwoHosts, Task> change)
    {
        using var hosts = await TwoHosts.CreateAsync();
        await using var transfer = hosts.Far.Run(() => new OpenTransfer(direction));
        await using var server = await NodeProcess.StartInAsync(
            hosts.Far, "server", "--listen", $"kcp://{TwoHosts.FarAddress}:{ServerPort}", "--allow-destination", "127.0.0.0/8", "--admin", "127.0.0.1:0");
        await using var client = await NodeProcess.StartInAsync(
            hosts.Near, "client", "--server", $"kcp://{TwoHosts.FarAddress}:{ServerPort}", "--forward", $"127.0.0.1:0={transfer.Target}", "--admin", "127.0.0.1:0");
        await hosts.Near.Run(() => transfer.BeginAsync(client.Entries[0], Limit));
        await transfer.MovesAsync(4 * Mebibyte);

        var watch = Stopwatch.StartNew();
        await change(hosts);
        var lasted = watch.Elapsed;
        using var lateness = new Lateness();

        await transfer.MovesAsync(8 * Mebibyte);
        var longest = transfer.LongestWait;
        await transfer.EndAsync();
        lateness.AssertWithin(lasted + MostAfterChange, longest, "the receiver's longest wait");
        Assert.DoesNotContain(client.Log, line => line.Contains("ended", StringComparison.Ordinal));
    }
}

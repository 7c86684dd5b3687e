using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Traffic;

/// <summary>Many connections at once (100, over TCP 40, 500 in long runs), of random sizes and with random pauses; then nothing of them is left.</summary>
public abstract class ConcurrencyTests(Dialect dialect) : EndToEndTest
{
    private const int LargestBytes = 512 * 1024;
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(40);
    private static readonly TimeSpan CleanUpBound = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Many_connections_of_random_sizes_and_pauses_all_arrive_and_leave_nothing_behind()
    {
        await using var digesting = TcpPeer.Digesting();
        await using var echoing = TcpPeer.Echo();
        await using var tunnel = await TunnelPair.StartAsync(dialect, digesting.Address, echoing.Address);
        var (serverBefore, clientBefore) = await DescriptorsAfterFirstUseAsync(tunnel);
        var count = Scale.Pick(dialect, 100, overTcp: 40, 500);

        await Task.WhenAll(Enumerable.Range(0, count).Select(seed => ConverseAsync(tunnel, seed)));

        await NothingIsActiveAsync(tunnel.Client);
        await NothingIsActiveAsync(tunnel.Server);
        await DescriptorsAreBackAsync(tunnel.Client, clientBefore);
        await DescriptorsAreBackAsync(tunnel.Server, serverBefore);
        var status = await NodeStatus.OfAsync(tunnel.Client);
        Assert.True(status.TotalStreams >= count, $"{status.TotalStreams} streams were counted for {count} connections");
        Assert.Empty(digesting.Failures);
        Assert.Empty(echoing.Failures);
    }

    // The first connections and the first status make the runtime open what it then keeps.
    private async Task<(int Server, int Client)> DescriptorsAfterFirstUseAsync(TunnelPair tunnel)
    {
        await ConverseAsync(tunnel, seed: -1);
        await ConverseAsync(tunnel, seed: -2);
        await NothingIsActiveAsync(tunnel.Client);
        await NothingIsActiveAsync(tunnel.Server);
        return (tunnel.Server.DescriptorCount, tunnel.Client.DescriptorCount);
    }

    private Task ConverseAsync(TunnelPair tunnel, int seed)
    {
        var random = new Random(seed);
        var content = new Content(seed, random.Next(1, LargestBytes));
        return int.IsEvenInteger(seed)
            ? Exchange.UploadAsync(tunnel.Client.Entries[0], content, Limit, Pause)
            : Exchange.EchoAsync(tunnel.Client.Entries[1], content, Limit, Pause);

        Task Pause() => Wait.PauseOfLoadAsync(LongestPause * random.NextDouble());
    }

    private static async Task NothingIsActiveAsync(NodeProcess node)
    {
        NodeStatus? last = null;
        await Wait.UntilAsync(
            async () =>
            {
                last = await NodeStatus.OfAsync(node);
                return last is { ActiveStreams: 0, ActiveConnections: 0 };
            },
            CleanUpBound,
            () => $"the node still has something active: {last?.Root}");
    }

    private static Task DescriptorsAreBackAsync(NodeProcess node, int before) => Wait.UntilAsync(
        () => node.DescriptorCount <= before,
        CleanUpBound,
        () => $"{node.DescriptorCount} descriptors are open, {before} were before");
}

public sealed class VproxyConcurrencyTests() : ConcurrencyTests(Dialect.Vproxy);

public sealed class NativeConcurrencyTests() : ConcurrencyTests(Dialect.Native);

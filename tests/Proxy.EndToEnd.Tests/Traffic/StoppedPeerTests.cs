using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Traffic;

/// <summary>One end of a sealed tunnel stands still for 5 s: longer than until it is suspected, shorter than until it is given up.</summary>
public sealed class StoppedPeerTests : EndToEndTest
{
    private static readonly TimeSpan Stop = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan BeginBound = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_stop_of_5_s_in_the_middle_of_an_upload_loses_nothing(bool isServer)
    {
        await using var digesting = TcpPeer.Digesting();
        await using var tunnel = await TunnelPair.StartAsync(Dialect.Native, digesting.Address);
        var content = new Content(Seed: 52, 16 * 1024 * 1024);
        var upload = Exchange.UploadAsync(tunnel.Entry, content, Limit, () => Wait.PauseOfLoadAsync(TimeSpan.FromMilliseconds(10)));
        await Wait.UntilAsync(() => digesting.Accepted > 0, BeginBound, () => "the upload did not reach its target");

        // Until the answer to the connect is back, too: that has a deadline of its own.
        await Wait.PauseOfLoadAsync(TimeSpan.FromMilliseconds(300));
        Assert.False(upload.IsCompleted, "the upload was over before the stop");
        var stopped = isServer ? tunnel.Server : tunnel.Client;

        stopped.Send(Signal.Stop);
        await Wait.PauseOfLoadAsync(Stop);
        stopped.Send(Signal.Continue);

        await upload;
        var status = await NodeStatus.OfAsync(tunnel.Client);
        Assert.Equal("ready", Assert.Single(status.Tunnels).GetProperty("state").GetString());
        Assert.DoesNotContain(tunnel.Client.Log, line => line.Contains("ended", StringComparison.Ordinal));
    }
}

using Proxy.Protocol.Chains;
using Proxy.Protocol.Ends;

namespace Proxy.Protocol.Tests.Ends;

public sealed class EndReasonTests
{
    [Fact]
    public void Every_reason_has_its_own_short_text()
    {
        var texts = Enum.GetValues<EndReason>().Select(reason => reason.Text()).ToList();
        Assert.Equal(texts.Count, texts.Distinct().Count());
        Assert.All(texts, text => Assert.True(text.Length is > 0 and <= 40 && text.All(char.IsAscii) && text != "unknown", text));
    }

    [Theory]
    [InlineData(EndReason.None, Fault.Nobody)]
    [InlineData(EndReason.Completed, Fault.Nobody)]
    [InlineData(EndReason.IdleTimeout, Fault.Nobody)]
    [InlineData(EndReason.HalfCloseTimeout, Fault.Nobody)]
    [InlineData(EndReason.ResetByClient, Fault.Client)]
    [InlineData(EndReason.ClientTooSlow, Fault.Client)]
    [InlineData(EndReason.HeaderTimeout, Fault.Client)]
    [InlineData(EndReason.NotAllowed, Fault.Client)]
    [InlineData(EndReason.Unauthenticated, Fault.Client)]
    [InlineData(EndReason.ResetByUpstream, Fault.Upstream)]
    [InlineData(EndReason.UpstreamTooSlow, Fault.Upstream)]
    [InlineData(EndReason.ConnectTimeout, Fault.Upstream)]
    [InlineData(EndReason.Refused, Fault.Upstream)]
    [InlineData(EndReason.Unreachable, Fault.Upstream)]
    [InlineData(EndReason.NameNotFound, Fault.Upstream)]
    [InlineData(EndReason.NoUpstream, Fault.Upstream)]
    [InlineData(EndReason.UpstreamDown, Fault.Upstream)]
    [InlineData(EndReason.Malformed, Fault.Tunnel)]
    [InlineData(EndReason.NoTunnel, Fault.Tunnel)]
    [InlineData(EndReason.HandshakeTimeout, Fault.Tunnel)]
    [InlineData(EndReason.TunnelLost, Fault.Tunnel)]
    [InlineData(EndReason.PeerShutDown, Fault.Tunnel)]
    [InlineData(EndReason.ChainBroken, Fault.Tunnel)]
    [InlineData(EndReason.Loop, Fault.Us)]
    [InlineData(EndReason.Busy, Fault.Us)]
    [InlineData(EndReason.Draining, Fault.Us)]
    [InlineData(EndReason.LifetimeReached, Fault.Us)]
    [InlineData(EndReason.KilledLocally, Fault.Us)]
    [InlineData(EndReason.InternalError, Fault.Us)]
    public void Every_reason_says_whose_fault_it_was(EndReason reason, Fault fault) => Assert.Equal(fault, reason.Fault());

    [Fact]
    public void A_status_that_became_a_reason_becomes_the_same_status_again()
    {
        Assert.All(Enum.GetValues<ChainStatus>(), status => Assert.Equal(status, status.ToEndReason().ToChainStatus()));
    }

    [Fact]
    public void No_failure_is_told_to_the_previous_hop_as_ok()
    {
        var failures = Enum.GetValues<EndReason>().Where(reason => reason is not (EndReason.None or EndReason.Completed));
        Assert.All(failures, reason => Assert.NotEqual(ChainStatus.Ok, reason.ToChainStatus()));
    }
}

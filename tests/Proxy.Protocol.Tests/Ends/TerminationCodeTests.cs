using Proxy.Protocol.Ends;

namespace Proxy.Protocol.Tests.Ends;

public sealed class TerminationCodeTests
{
    [Theory]
    [InlineData(EndReason.Completed, ConnectionPhase.HalfClosed, true, "--")]
    [InlineData(EndReason.ResetByClient, ConnectionPhase.Relaying, true, "CD")]
    [InlineData(EndReason.ResetByClient, ConnectionPhase.Connecting, true, "CC")]
    [InlineData(EndReason.ResetByUpstream, ConnectionPhase.Relaying, true, "SD")]
    [InlineData(EndReason.Refused, ConnectionPhase.Connecting, true, "SC")]
    [InlineData(EndReason.ConnectTimeout, ConnectionPhase.Connecting, true, "sC")]
    [InlineData(EndReason.NoUpstream, ConnectionPhase.Queued, true, "SQ")]
    [InlineData(EndReason.Busy, ConnectionPhase.Queued, true, "RQ")]
    [InlineData(EndReason.IdleTimeout, ConnectionPhase.Relaying, true, "cD")]
    [InlineData(EndReason.IdleTimeout, ConnectionPhase.Relaying, false, "sD")]
    [InlineData(EndReason.HalfCloseTimeout, ConnectionPhase.HalfClosed, false, "sL")]
    [InlineData(EndReason.HeaderTimeout, ConnectionPhase.Opening, true, "cR")]
    [InlineData(EndReason.BadHeader, ConnectionPhase.Opening, true, "PR")]
    [InlineData(EndReason.KilledLocally, ConnectionPhase.Relaying, true, "KD")]
    [InlineData(EndReason.LifetimeReached, ConnectionPhase.Relaying, true, "LD")]
    [InlineData(EndReason.InternalError, ConnectionPhase.Relaying, true, "ID")]
    public void A_code_says_who_and_where(EndReason reason, ConnectionPhase phase, bool isClientAwaited, string code) =>
        Assert.Equal(code, TerminationCode.Of(reason, phase, isClientAwaited));

    [Fact]
    public void Every_reason_in_every_phase_has_two_letters()
    {
        foreach (var reason in Enum.GetValues<EndReason>())
        {
            Assert.All(Enum.GetValues<ConnectionPhase>(), phase => Assert.Equal(2, TerminationCode.Of(reason, phase, true).Length));
        }
    }
}

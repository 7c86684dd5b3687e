using Proxy.Kernel;
using Proxy.TestKit;

namespace Proxy.Actors.Tests;

public sealed class DialTests
{
    [Fact]
    public void A_dial_that_is_abandoned_before_its_channel_was_taken_resets_it()
    {
        var rig = new RelayRig();
        var target = rig.StartTarget(0);
        var probe = new TestProbe(rig.Node.System);
        var dial = rig.ApplicationLoop.Run(() => new Dial(probe.Ref, rig.ApplicationLoop, [new(rig.TargetHosts[0].Addresses[0], 80)], TimeSpan.FromSeconds(1)));
        rig.Until(() => probe.HasMessages);
        Assert.Null(probe.ExpectMsg<Dial.Dialed>().Watch.Fault);

        rig.ApplicationLoop.Run(dial.Abandon);

        rig.Until(() => target.Sockets is [{ WasReset: true }]);
        rig.EndWell();
    }

    [Fact]
    public void A_dial_that_is_abandoned_after_its_channel_was_taken_leaves_it_alone()
    {
        var rig = new RelayRig();
        var target = rig.StartTarget(0);
        var probe = new TestProbe(rig.Node.System);
        var dial = rig.ApplicationLoop.Run(() => new Dial(probe.Ref, rig.ApplicationLoop, [new(rig.TargetHosts[0].Addresses[0], 80)], TimeSpan.FromSeconds(1)));
        rig.Until(() => probe.HasMessages);

        var channel = rig.ApplicationLoop.Run(() =>
        {
            var taken = dial.Take();
            dial.Abandon();
            return taken;
        });

        rig.RunFor(1);
        Assert.Null(Assert.Single(target.Sockets).Fault);
        rig.ApplicationLoop.Run(channel.Close);
        rig.EndWell();
    }
}

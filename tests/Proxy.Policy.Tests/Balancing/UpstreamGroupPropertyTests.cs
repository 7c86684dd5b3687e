using Proxy.Policy.Balancing;
using Proxy.Policy.Health;
using Proxy.TestKit;

namespace Proxy.Policy.Tests.Balancing;

/// <summary>Random lives of a group, against a plain model of it: who has which connections.</summary>
public sealed class UpstreamGroupPropertyTests
{
    [Fact]
    public void Counts_states_and_limits_hold_whatever_happens() => Property.Check(300, random =>
    {
        var settings = new UpstreamGroupSettings
        {
            SlowStart = TimeSpan.FromMicroseconds(random.Next(50)),
            Ejection = new EjectionSettings
            {
                ConsecutiveFailures = random.Next(1, 4),
                Window = TimeSpan.FromMicroseconds(20),
                BaseTime = TimeSpan.FromMicroseconds(random.Next(1, 30)),
                MaximumTime = TimeSpan.FromMicroseconds(60),
                MaximumPercent = random.Next(101),
            },
        };
        var group = new UpstreamGroup(SomeServers(random), Groups.Policy(random.AnyPolicyName(), random.Next()), settings);
        var live = new List<ServerLease>();
        for (var now = 0; now < 400; now++)
        {
            Step(random, group, live, now);
            AssertConsistent(group, live, settings.Ejection, now);
        }
    });

    private static void Step(Random random, UpstreamGroup group, List<ServerLease> live, long now)
    {
        var server = group.Servers[random.Next(group.Servers.Count)];
        switch (random.Next(10))
        {
            case 0 or 1 or 2 or 3:
                Pick(random, group, live, now);
                break;
            case 4 or 5 when live.Count > 0:
                var index = random.Next(live.Count);
                live[index].Return();
                live.RemoveAt(index);
                break;
            case 6:
                group.HandleChecked(server, random.Next(3) > 0, "", now);
                break;
            case 7:
                group.SetDraining(server, random.Next(3) == 0, now);
                break;
            case 8:
                group.HandleOutcome(server, random.Next(4) == 0 ? ServerOutcome.Success : ServerOutcome.Refused, now);
                break;
            case 9 when random.Next(8) == 0:
                group.SetServers(SomeServers(random), now);
                break;
            default:
                group.HandleDeadline(now);
                break;
        }
    }

    private static void Pick(Random random, UpstreamGroup group, List<ServerLease> live, long now)
    {
        var tried = group.Servers.Where(_ => random.Next(5) == 0).ToArray();
        var open = group.Servers.Where(server => server.IsUsable && !tried.Contains(server)).ToList();
        var tier = open.Exists(server => !server.Settings.IsBackup) ? open.Where(server => !server.Settings.IsBackup).ToList() : open;
        var expected = tier.Count > 0
            ? tier.TrueForAll(server => server.IsFull) ? PickStatus.AllFull : PickStatus.Picked
            : group.HasUsable ? PickStatus.AllTried : PickStatus.NoneUsable;
        var hadRoom = tier.Where(server => !server.IsFull).ToList();

        Assert.Equal(expected, group.TryPick(new PickRequest(Groups.Client(random.Next(50)), tried), now, out var lease));
        if (lease is not null)
        {
            Assert.Contains(lease.Server, hadRoom);
            live.Add(lease);
        }
    }

    private static void AssertConsistent(UpstreamGroup group, List<ServerLease> live, EjectionSettings ejection, long now)
    {
        foreach (var server in group.Servers.Concat(live.Select(lease => lease.Server)).Distinct())
        {
            Assert.Equal(live.Count(lease => lease.Server == server), server.LiveConnections);
        }

        var ejected = group.Servers.Count(server => server.EjectedUntilMicroseconds is not null);
        var allowed = ejection.MaximumPercent == 0 ? 0 : Math.Max(1, group.Servers.Count * ejection.MaximumPercent / 100);
        Assert.InRange(ejected, 0, allowed);
        Assert.True(
            group.HasUsable || !group.Servers.Any(server => group.StateOf(server, now) is ServerState.Ejected && server.IsUsableButForEjection),
            "an ejected server would have been the only one in service");
    }

    private static ServerSettings[] SomeServers(Random random) =>
    [
        .. Enumerable.Range(0, 8).Where(_ => random.Next(3) > 0).DefaultIfEmpty(0).Select(index =>
            Groups.Server(index, random.Next(4), isBackup: random.Next(4) == 0, maximum: random.Next(4))),
    ];
}

using System.Net;
using Proxy.Kernel;
using Proxy.Policy.Balancing;
using Proxy.Policy.Health;
using Proxy.TestKit;

namespace Proxy.Actors.Tests;

/// <summary>The servers as connections of many loops see them.</summary>
public sealed class UpstreamPickerTests
{
    private static readonly IPAddress Client = IPAddress.Parse("10.0.0.1");

    [Fact]
    public void A_place_given_back_twice_counts_once()
    {
        var picker = Picker(RelayRig.To("10.0.0.4:80"));
        var (first, second) = (Pick(picker)!, Pick(picker)!);
        first.Return();
        first.Return(ServerOutcome.ResetEarly);

        Assert.Equal((1, 0L), Read(picker, server => (server.LiveConnections, server.TotalFailures)));
        second.Return(ServerOutcome.ResetEarly);
        Assert.Equal((0, 1L), Read(picker, server => (server.LiveConnections, server.TotalFailures)));
    }

    [Fact]
    public void Servers_left_are_counted_without_those_that_a_race_reaches()
    {
        var picker = Picker([RelayRig.To("web.example:80"), .. Enumerable.Range(1, 2).Select(host => RelayRig.To($"10.0.1.{host}:80"))]);
        picker.Servers = picker.Servers.Resolve("web.example", [.. Enumerable.Range(1, 3).Select(host => IPAddress.Parse($"10.0.2.{host}"))]);
        picker.Use((group, _, now) => group.SetServers(picker.Servers.Servers, now));

        Assert.Equal([2, 2, 2, 3, 3], Enumerable.Range(0, 5).Select(_ => Pick(picker)!.OthersLeft));
    }

    [Fact]
    public void Owners_are_remembered_only_where_sessions_end_with_their_server()
    {
        var probe = new TestProbe(new TestSystem().System);
        foreach (var ends in (bool[])[false, true])
        {
            var picker = Picker(settings => settings with { EndsSessionsOnDown = ends }, RelayRig.To("10.0.0.4:80"));
            Assert.True(picker.TryPick(probe.Ref, Client, [], out var place));
            Assert.Equal(ends ? [probe.Ref] : [], picker.OwnersAt(place.Server));
            place.Return();
            Assert.Empty(picker.OwnersAt(place.Server));
        }
    }

    [Fact]
    public async Task From_many_threads_no_maximum_is_exceeded_and_every_place_comes_back()
    {
        const int Threads = 4;
        var picker = Picker([.. Enumerable.Range(4, 3).Select(host => RelayRig.To($"10.0.0.{host}:80") with { MaximumConnections = 2 })]);
        var held = new int[3];

        var picked = await Task.WhenAll(Enumerable.Range(0, Threads).Select(seed => Task.Run(() => Run(new Random(seed)))));

        Assert.Equal(picked.Sum(), picker.Use((group, _, _) => group.Servers.Sum(server => server.TotalConnections)));
        Assert.Equal([0, 0, 0], picker.Use((group, _, _) => group.Servers.Select(server => server.LiveConnections).ToArray()));

        int Run(Random random)
        {
            var (count, places) = (0, new Queue<ServerPlace>());
            for (var turn = 0; turn < 20_000; turn++)
            {
                if (random.Next(2) == 0 && Pick(picker) is { } place)
                {
                    Assert.InRange(Interlocked.Increment(ref held[place.Address.Address.GetAddressBytes()[3] - 4]), 1, 2);
                    places.Enqueue(place);
                    count++;
                }
                else if (places.TryDequeue(out var oldest))
                {
                    Interlocked.Decrement(ref held[oldest.Address.Address.GetAddressBytes()[3] - 4]);
                    oldest.Return(ServerOutcome.Answered);
                }
            }

            while (places.TryDequeue(out var last))
            {
                Interlocked.Decrement(ref held[last.Address.Address.GetAddressBytes()[3] - 4]);
                last.Return();
            }

            return count;
        }
    }

    private static ServerPlace? Pick(UpstreamPicker picker) => picker.TryPick(ActorRefs.NoSender!, Client, [], out var place) ? place : null;

    private static T Read<T>(UpstreamPicker picker, Func<UpstreamServer, T> read) => picker.Use((group, _, _) => read(group.Servers[0]));

    private static UpstreamPicker Picker(params ServerEntry[] servers) => Picker(settings => settings, servers);

    private static UpstreamPicker Picker(Func<RelayPlan, RelayPlan> configure, params ServerEntry[] servers) => new(
        configure(new RelayPlan { Targets = servers }).Upstream, new Random(1), new ManualTime());
}

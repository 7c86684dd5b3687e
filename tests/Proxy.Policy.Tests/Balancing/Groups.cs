using System.Net;
using Proxy.Policy.Balancing;

namespace Proxy.Policy.Tests.Balancing;

/// <summary>Short ways to make groups and to pick from them.</summary>
internal static class Groups
{
    public const long Second = 1_000_000;

    public static ServerSettings Server(int number, int weight = 1, bool isBackup = false, int maximum = 0) =>
        new($"s{number}", new IPEndPoint(new IPAddress([10, 0, (byte)(number >> 8), (byte)number]), 80))
        {
            Weight = weight,
            IsBackup = isBackup,
            MaximumConnections = maximum,
        };

    public static UpstreamGroup RoundRobin(params ServerSettings[] servers) => With(new RoundRobinPolicy(), servers);

    public static UpstreamGroup With(IBalancePolicy policy, params ServerSettings[] servers) => new(servers, policy, UpstreamGroupSettings.Default);

    public static IBalancePolicy Policy(string name, int seed) =>
        BalancePolicies.TryCreate(name, new Random(seed), out var policy) ? policy : throw new ArgumentException($"No policy {name}.", nameof(name));

    public static string AnyPolicyName(this Random random) => BalancePolicies.Names[random.Next(BalancePolicies.Names.Count)];

    public static IPAddress Client(int number) =>
        new([192, (byte)(number >> 16), (byte)(number >> 8), (byte)number]);

    /// <summary>A server for a client that has tried nothing yet; the test fails if there is none.</summary>
    public static ServerLease Pick(this UpstreamGroup group, int client = 1, long now = 0)
    {
        Assert.Equal(PickStatus.Picked, group.TryPick(new PickRequest(Client(client)), now, out var lease));
        return lease!;
    }

    /// <summary>The names of the servers of short connections, one after the other.</summary>
    public static string[] PickNames(this UpstreamGroup group, int count, long now = 0)
    {
        var names = new string[count];
        for (var index = 0; index < count; index++)
        {
            var lease = group.Pick(client: index, now);
            names[index] = lease.Server.Settings.Name;
            lease.Return();
        }

        return names;
    }

    public static PickStatus TryPick(this UpstreamGroup group, params UpstreamServer[] tried) =>
        group.TryPick(new PickRequest(Client(1), tried), 0, out _);

    public static ServerChange[] TakeChanges(this UpstreamGroup group)
    {
        var changes = new List<ServerChange>();
        while (group.TryGetEvent(out var next))
        {
            changes.Add(next.Change);
        }

        return [.. changes];
    }
}

using Proxy.Actors;
using Proxy.Policy.Balancing;
using Proxy.Policy.Health;
using Proxy.Transport.Dials;

namespace Proxy.Node.Settings;

/// <summary>What an upstream says, over what the defaults say.</summary>
internal sealed record UpstreamDraft
{
    public static readonly UpstreamDraft Default = new();

    public IReadOnlyList<ServerEntry> Servers { get; init; } = [];

    public string Balance { get; init; } = BalancePolicies.RoundRobin;

    public TimeSpan SlowStart { get; init; }

    public HealthSettings Health { get; init; } = HealthSettings.Default;

    public EjectionSettings Ejection { get; init; } = EjectionSettings.Default;

    public ConnectionQueueSettings Queue { get; init; } = ConnectionQueueSettings.Default;

    public SourceAddresses Sources { get; init; } = SourceAddresses.Any;

    public UpstreamTlsDraft Tls { get; init; } = UpstreamTlsDraft.Default;
}

internal static class UpstreamReader
{
    // Each holds a client's descriptor, and no process has more.
    private const int MaximumWaiting = 1_000_000;

    public static UpstreamDraft Read(SettingsObject upstream, UpstreamDraft missing)
    {
        var queue = upstream.Inside("queue");
        return new UpstreamDraft
        {
            Servers = upstream.Find("servers") is { } servers ? ServersReader.Read(servers) : missing.Servers,
            Balance = BalanceOf(upstream, missing.Balance),
            SlowStart = upstream.Duration("slow-start", missing.SlowStart),
            Health = HealthReader.Read(upstream.Inside("health"), missing.Health),
            Ejection = EjectionReader.Read(upstream.Inside("eject"), missing.Ejection),
            Queue = !queue.IsThere ? missing.Queue : new ConnectionQueueSettings
            {
                MaximumWaiting = queue.Whole("connections", missing.Queue.MaximumWaiting, 0, MaximumWaiting),
                Timeout = queue.Wait("timeout", missing.Queue.Timeout),
            },
            Sources = SourcesReader.Read(upstream, missing.Sources),
            Tls = UpstreamTlsReader.Read(upstream.Inside("tls"), missing.Tls),
        };
    }

    public static UpstreamSettings Build(string name, UpstreamDraft draft, SettingsObject place, SettingsReading reading)
    {
        if (draft.Servers.Count == 0 && place.Lacks("servers"))
        {
            place.Wrong("an upstream without servers", "servers = [\"HOST:PORT\"]");
        }
        else if (draft.Servers.Count > BalancingLimits.MaximumServers)
        {
            place.WrongAt("servers", $"there are {draft.Servers.Count} servers", $"at most {BalancingLimits.MaximumServers} are possible");
        }

        return new UpstreamSettings
        {
            Name = name,
            Targets = draft.Servers,
            Balance = draft.Balance,
            SlowStart = draft.SlowStart,
            Check = HealthReader.Build(draft.Health, place),
            EndsSessionsOnDown = draft.Health.EndsSessionsOnDown,
            Ejection = EjectionReader.OrNever(draft.Ejection),
            Queue = draft.Queue,
            Sources = draft.Sources,
            Tls = UpstreamTlsReader.Build(draft.Tls, place, reading),
        };
    }

    private static string BalanceOf(SettingsObject upstream, string missing)
    {
        if (upstream.Find("balance") is not { } value || value.Text() is not { } balance)
        {
            return missing;
        }

        if (BalancePolicies.Names.Contains(balance))
        {
            return balance;
        }

        value.Wrong($"'{balance}' is not possible", Spelling.Hint(balance, [.. BalancePolicies.Names]));
        return missing;
    }
}

using System.Net;

namespace Proxy.Actors;

/// <summary>What becomes of the endpoints that take tunnels: servers by name, their listeners by transport and address.</summary>
internal sealed class ServerPartChanges
{
    public ServerPartChanges(IReadOnlyList<ServerSettings> old, IReadOnlyList<ServerSettings> changed, List<SettingsChange> changes)
    {
        var before = NodeChanges.ByName(old, server => server.Name);
        List<ServerSettings> inForce = [];
        List<Step<ServerSettings>> steps = [];
        foreach (var server in changed)
        {
            var subject = $"server {server.Name}";
            if (!before.Remove(server.Name, out var known))
            {
                changes.Add(new SettingsChange(subject, $"added, at {string.Join(", ", AddressesOf(server))}", ChangeEffect.AtOnce));
                steps.Add(new Step<ServerSettings>(null, server));
                inForce.Add(server);
                continue;
            }

            SettingsChange[] own = [.. CompareListeners(subject, known, server), .. NodeChanges.Compare(subject, known, server, Aspects.OfServer)];
            changes.AddRange(own);
            var merged = own.Length == 0 ? known : Merge(known, server);
            if (!ReferenceEquals(merged, known))
            {
                steps.Add(new Step<ServerSettings>(known, merged));
            }

            inForce.Add(merged);
        }

        foreach (var gone in before.Values)
        {
            changes.Add(new SettingsChange($"server {gone.Name}", "removed; the streams of its tunnels go on", ChangeEffect.NewConnections));
            steps.Add(new Step<ServerSettings>(gone, null));
        }

        (InForce, Steps) = (inForce, steps);
    }

    public IReadOnlyList<ServerSettings> InForce { get; }

    public IReadOnlyList<Step<ServerSettings>> Steps { get; }

    /// <summary>Where a server listens, in the order in which that is told.</summary>
    public static IReadOnlyList<TunnelListenAddress> AddressesOf(ServerSettings server) =>
    [
        .. server.Listen.Select(listen => new TunnelListenAddress(TunnelTransport.Kcp, listen)),
        .. server.ListenTcp.Select(listen => new TunnelListenAddress(TunnelTransport.Tcp, listen)),
        .. server.ListenTls.Select(listen => new TunnelListenAddress(TunnelTransport.Tls, listen)),
    ];

    private static IEnumerable<SettingsChange> CompareListeners(string subject, ServerSettings old, ServerSettings changed)
    {
        var (before, after) = (AddressesOf(old), AddressesOf(changed));
        foreach (var added in after.Except(before))
        {
            yield return new SettingsChange(subject, $"listens at {added}, too", ChangeEffect.AtOnce);
        }

        foreach (var gone in before.Except(after))
        {
            yield return new SettingsChange(subject, $"listens at {gone} no more; the streams of its tunnels go on", ChangeEffect.NewConnections);
        }
    }

    /// <summary>What can be in force without a restart; keys and certificates that mean the same stay the same objects.</summary>
    private static ServerSettings Merge(ServerSettings old, ServerSettings changed)
    {
        if (old.Native is null != changed.Native is null)
        {
            // One dialect's listeners are not the other's.
            return old;
        }

        var merged = changed with { Tls = SameSettings.Terminations(old.Tls, changed.Tls) ? old.Tls : changed.Tls };
        return old.Native is { } one && changed.Native is { } other
            ? merged with
            {
                Native = other with
                {
                    Keys = SameSettings.Keys(one.Keys, other.Keys) ? one.Keys : other.Keys,
                    ServerKey = SameSettings.Secrets(one.ServerKey, other.ServerKey) ? one.ServerKey : other.ServerKey,
                    ResetSecret = one.ResetSecret,
                },
            }
            : merged;
    }
}

/// <summary>An address at which a server takes tunnels.</summary>
internal sealed record TunnelListenAddress(TunnelTransport Transport, IPEndPoint Address)
{
    public override string ToString() => $"{TunnelAddress.SchemeOf(Transport)}://{Address}";
}

using System.Net;
using Proxy.Policy.Health;

namespace Proxy.Policy.Balancing;

// Which servers there are, and which of them are in service.
public sealed partial class UpstreamGroup
{
    /// <summary>
    /// Takes a new list (names resolved again, settings reloaded): at most <see cref="BalancingLimits.MaximumServers"/>, each address once.
    /// Servers are the same by address; a new one begins with a slow start, a removed one keeps its running connections.
    /// </summary>
    public ServerChanges SetServers(IReadOnlyList<ServerSettings> servers, long nowMicroseconds)
    {
        var changes = ReplaceServers(servers, nowMicroseconds);
        foreach (var server in changes.Removed)
        {
            Report(server, ServerChange.Removed, nowMicroseconds);
        }

        foreach (var server in changes.Added)
        {
            Report(server, ServerChange.Added, nowMicroseconds);
        }

        LiftExcessEjections(nowMicroseconds);
        return changes;
    }

    /// <summary>The checks of <paramref name="server"/> decided that it is up or down; nothing happens if that was known.</summary>
    public void HandleChecked(UpstreamServer server, bool isUp, string reason, long nowMicroseconds)
    {
        if (server.IsDown == !isUp || server.IsRemoved)
        {
            return;
        }

        server.IsDown = !isUp;
        RoomVersion++;
        Report(server, isUp ? ServerChange.WentUp : ServerChange.WentDown, nowMicroseconds, reason);
        if (isUp)
        {
            BringIntoService(server, nowMicroseconds);
        }

        LiftExcessEjections(nowMicroseconds);
    }

    /// <summary>
    /// Another policy, or other settings, from now on. Servers keep connections, counters and states; what their connections told before counts
    /// as long as the settings of ejection are the same, and without any nobody stays ejected.
    /// </summary>
    public void Change(IBalancePolicy policy, UpstreamGroupSettings settings, long nowMicroseconds)
    {
        var isOtherEjection = settings.Ejection != _settings.Ejection;
        (_policy, _settings) = (policy, settings);
        if (!isOtherEjection)
        {
            return;
        }

        foreach (var server in _servers.Concat(_leaving.Values))
        {
            server.History = settings.Ejection is { } ejection ? new FailureHistory(ejection) : null;
        }

        LiftExcessEjections(nowMicroseconds);
    }

    /// <summary>Starts or ends draining. A drained server is warm: it comes back at full weight.</summary>
    public void SetDraining(UpstreamServer server, bool isDraining, long nowMicroseconds)
    {
        if (server.IsDraining == isDraining || server.IsRemoved)
        {
            return;
        }

        server.IsDraining = isDraining;
        Report(server, isDraining ? ServerChange.DrainStarted : ServerChange.DrainEnded, nowMicroseconds);
        RoomVersion++;
        LiftExcessEjections(nowMicroseconds);
    }

    private void BringIntoService(UpstreamServer server, long nowMicroseconds)
    {
        server.UpSinceMicroseconds = nowMicroseconds;
        server.History?.Clear();
        RoomVersion++;
    }

    private ServerChanges ReplaceServers(IReadOnlyList<ServerSettings> servers, long? upSinceMicroseconds)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(servers.Count, BalancingLimits.MaximumServers, nameof(servers));
        var before = _servers.ToDictionary(server => server.Settings.Address);
        var (added, kept) = (new List<UpstreamServer>(), new List<UpstreamServer>());
        var after = new List<UpstreamServer>(servers.Count);
        var addresses = new HashSet<IPEndPoint>();
        foreach (var settings in servers)
        {
            if (!addresses.Add(settings.Address))
            {
                throw new ArgumentException($"The address {settings.Address} is in the group twice.", nameof(servers));
            }

            if (before.Remove(settings.Address, out var server))
            {
                kept.Add(server);
            }
            else
            {
                server = Welcome(settings, upSinceMicroseconds);
                added.Add(server);
            }

            server.Settings = settings;
            after.Add(server);
        }

        var removed = before.Values.ToList();
        removed.ForEach(Dismiss);
        _servers = [.. after];
        _candidates = new Candidate[_servers.Length];
        RoomVersion++;
        return new ServerChanges(added, kept, removed);
    }

    private UpstreamServer Welcome(ServerSettings settings, long? upSinceMicroseconds)
    {
        if (!_leaving.Remove(settings.Address, out var server))
        {
            server = new UpstreamServer(settings, _settings.Ejection is { } ejection ? new FailureHistory(ejection) : null);
        }

        server.IsRemoved = false;
        server.UpSinceMicroseconds = upSinceMicroseconds;
        return server;
    }

    private void Dismiss(UpstreamServer server)
    {
        server.IsRemoved = true;
        server.IsDown = false;
        server.IsDraining = false;
        server.EjectedUntilMicroseconds = null;
        server.History?.Clear();
        if (server.LiveConnections > 0)
        {
            _leaving[server.Settings.Address] = server;
        }
    }
}

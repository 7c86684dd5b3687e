using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Proxy.Actors;
using Proxy.Cluster;
using Proxy.Cluster.Engine;
using Proxy.Cluster.Etcd;
using Proxy.Cluster.Members;
using Proxy.Cluster.Shares;
using Proxy.Kernel;
using Proxy.Node.Admin;

namespace Proxy.Node.Hosting;

/// <summary>The node's part in its cluster: registers it, tells its state and its load, and gives the members as they are seen from here.</summary>
internal sealed class ClusterPart : IAsyncDisposable
{
    private readonly ClusterHostSettings _settings;
    private readonly SocketsHttpHandler _handler;
    private readonly EtcdClient _engine;
    private readonly IActorRef _actor;
    private readonly Func<Task<NodeStatus>> _status;
    private readonly ClusterDoor _door;
    private readonly ActorSystem _system;
    private readonly CancellationTokenSource _over = new();
    private readonly Task _reporting;
    private readonly TopTalkers _talkers = new();
    private volatile MemberView _last = MemberView.Empty;

    private ClusterPart(ActorSystem system, ClusterHostSettings settings, ClusterDoor door, MemberRecord? self, Func<Task<NodeStatus>> status, ILogger log)
    {
        (_settings, _system) = (settings, system);
        _status = status;
        _door = door;
        _door.Load.Update(settings.Capacity, 0, 0, 0);
        _handler = HandlerOf(settings);
        _engine = new EtcdClient(
            new EtcdSettings { Endpoints = settings.Endpoints, UserName = settings.UserName, Password = settings.Password }, _handler, TimeProvider.System);
        system.SystemActorOf(Props.Create(() => new ClusterEvents(log)), "cluster-events");
        var (engine, cluster) = (_engine, new ClusterSettings { Cluster = settings.Name, Self = self, LeaseSeconds = settings.LeaseSeconds, Bans = door.Bans });
        _actor = system.ActorOf(Props.Create(() => new ClusterActor(cluster, engine)), "cluster");
        _reporting = self is null ? Task.CompletedTask : ReportAsync();
    }

    /// <summary>Begins; null where there is no cluster.</summary>
    /// <param name="urls">Where the node takes tunnels.</param>
    /// <param name="status">How it is now.</param>
    /// <exception cref="ConfigurationException">The node cannot be a member as it is.</exception>
    public static ClusterPart? Start(ActorSystem system, NodeEnvironment environment, HostSettings host, NodeIdentity node, IReadOnlyList<string> urls, Func<Task<NodeStatus>> status, ILogger log)
    {
        if (host.Cluster is not { } settings)
        {
            return null;
        }

        var isMember = node.Roles.Any(role => role is "server" or "relay") || environment.Cluster.Limits.Count > 0;
        var part = new ClusterPart(system, settings, environment.Cluster, isMember ? RecordOf(settings, node, urls, log) : null, status, log);
        environment.Cluster.Open(part._actor);
        return part;
    }

    /// <summary>The members as they are known now.</summary>
    /// <param name="asksEngine">Whether the engine is asked what share each node has of the limits: for people, not for each scrape.</param>
    public async Task<ClusterStatus> StatusAsync(bool asksEngine = false)
    {
        var view = await ViewAsync();
        var shares = asksEngine ? await SharesAsync() : null;
        return new ClusterStatus(_settings.Name, _engine.Endpoint.ToString(), view.IsStale, view.Revision)
        {
            Limits = [.. _door.Limits.Select(limit => new SharedLimitStatus(limit.Id, limit.Limit, limit.Share(TimeProvider.System.NowMicroseconds()), limit.Active, limit.Refused)
            {
                Shares = shares?.GetValueOrDefault(limit.Id),
            })],
            Members =
            [
                .. view.Members.Values.Select(member => new MemberStatus(
                    member.Name,
                    string.Join(',', member.Record.Addresses.Select(address => $"{address.Transport}://{address.Address}")),
                    member.Record.State.ToString().ToLowerInvariant(),
                    member.Record.Load.Streams)
                {
                    Zone = member.Record.Zone,
                    Version = member.Record.Version,
                    Roles = [.. member.Record.Roles],
                    Capacity = member.Record.Capacity,
                    BytesPerSecond = member.Record.Load.BytesPerSecond,
                    CpuPermille = member.Record.Load.CpuPermille,
                    Descriptors = member.Record.Load.Descriptors,
                    Tunnels = member.Record.Load.Tunnels,
                    Talkers = [.. member.Record.Load.Talkers.Select(talker => new TalkerStatus(talker.Name, talker.Streams, talker.BytesPerSecond))],
                }),
            ],
        };
    }

    /// <summary>What the engine says each node may use of each limit; null: it is away.</summary>
    private async Task<Dictionary<string, IReadOnlyList<NodeShare>>?> SharesAsync()
    {
        var prefix = new ClusterKeys(_settings.Name).GrantPrefix;
        var asked = _engine.CallAsync(new RangeRequest(KeyRange.Prefix(prefix)) { Limit = MostShares });
        if (await Task.WhenAny(asked, Task.Delay(AnswerTimeout)) != asked || await asked is not RangeAnswer found)
        {
            return null;
        }

        return found.Values
            .SelectMany(value => ShareJson.TryReadGrants(value.Value, out var grants)
                ? grants.Grants.Select(grant => (grant.Id, Share: new NodeShare(value.KeyText[prefix.Length..], grant.Share)))
                : [])
            .GroupBy(grant => grant.Id, grant => grant.Share)
            .ToDictionary(limit => limit.Key, limit => (IReadOnlyList<NodeShare>)[.. limit], StringComparer.Ordinal);
    }

    private async Task<MemberView> ViewAsync()
    {
        try
        {
            return _last = await _actor.Ask<MemberView>(GetMemberView.Instance, AnswerTimeout);
        }
        catch (AskTimeoutException)
        {
            // It has left already.
            return _last;
        }
    }

    /// <summary>Tells everybody that this node takes nothing new.</summary>
    public void BeginDraining() => _actor.Tell(new SetMemberState(MemberState.Draining), ActorRefs.NoSender);

    /// <summary>Gives up the node's name, as far as the engine answers.</summary>
    public async Task LeaveAsync()
    {
        await _over.CancelAsync();
        await _reporting;
        try
        {
            await _actor.Ask<LeftCluster>(LeaveCluster.Instance, LeaveTimeout);
        }
        catch (AskTimeoutException)
        {
            // The lease's end does it.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _reporting;
        _over.Dispose();
        _engine.Dispose();
        _handler.Dispose();
    }

    private async Task ReportAsync()
    {
        _actor.Tell(new SetMemberState(MemberState.Up), ActorRefs.NoSender);
        using var timer = new PeriodicTimer(ReportEvery);
        var last = (Bytes: 0L, Cpu: TimeSpan.Zero, At: 0L);
        while (await IsTickAsync(timer))
        {
            try
            {
                last = Report(await _status(), last);
            }
            catch (AskTimeoutException)
            {
                // Too busy to say how busy it is, or about to end.
            }
        }
    }

    private async Task<bool> IsTickAsync(PeriodicTimer timer)
    {
        try
        {
            return await timer.WaitForNextTickAsync(_over.Token);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private (long Bytes, TimeSpan Cpu, long At) Report(NodeStatus status, (long Bytes, TimeSpan Cpu, long At) last)
    {
        var next = (Bytes: BytesOf(status), Cpu: Environment.CpuUsage.TotalTime, At: Stopwatch.GetTimestamp());
        if (last.At != 0)
        {
            var elapsed = Stopwatch.GetElapsedTime(last.At, next.At);
            var load = new MemberLoad(
                Math.Max(status.Streams.Active, status.Connections.Active),
                (long)(Math.Max(0, next.Bytes - last.Bytes) / elapsed.TotalSeconds),
                (long)Math.Clamp(1000 * ((next.Cpu - last.Cpu) / elapsed) / Environment.ProcessorCount, 0, 1000),
                ProcessFigures.Read().OpenDescriptors)
            {
                Tunnels = status.Node.Roles.Contains("server") ? status.Tunnels.Count(tunnel => tunnel.State == "ready") : 0,
                Talkers = _talkers.Update(status.Live, elapsed),
            };
            _actor.Tell(new SetMemberLoad(load, _settings.Capacity), ActorRefs.NoSender);
            _door.Load.Update(_settings.Capacity, load.BytesPerSecond, load.CpuPermille, load.Descriptors);
            _system.EventStream.Publish(NodeLoadMeasured.Instance);
        }

        return next;
    }

    private static long BytesOf(NodeStatus status) =>
        Math.Max(
            status.TunnelTotals.Counters.PayloadBytesSent + status.TunnelTotals.Counters.PayloadBytesReceived,
            status.Frontends.Sum(frontend => frontend.BytesFromClients + frontend.BytesToClients));

    private static MemberRecord RecordOf(ClusterHostSettings settings, NodeIdentity node, IReadOnlyList<string> urls, ILogger log)
    {
        var addresses = settings.Advertised.Count > 0 || !node.Roles.Contains("server") ? settings.Advertised : [.. urls.Select(AddressOf).OfType<MemberAddress>()];
        if (addresses.Count == 0 && node.Roles.Contains("server"))
        {
            log.LogWarning("cluster: nobody is told where this server is: it listens on all addresses; --advertise kcp://HOST:PORT says by which others reach it");
        }

        var record = new MemberRecord
        {
            Name = node.Name,
            Identity = settings.Identity,
            Addresses = [.. addresses],
            Roles = [.. node.Roles],
            Zone = settings.Zone,
            Version = node.Version,
            Capacity = settings.Capacity,
            State = MemberState.Joining,
            StartedAtMilliseconds = new DateTimeOffset(Process.GetCurrentProcess().StartTime.ToUniversalTime()).ToUnixTimeMilliseconds(),
        };
        return MemberJson.IsReadable(record, out var error) ? record : throw new ConfigurationException($"the node cannot be a member of the cluster: {error}");
    }

    private static MemberAddress? AddressOf(string url)
    {
        var split = url.IndexOf("://", StringComparison.Ordinal);
        var (scheme, rest) = (url[..split], url[(split + 3)..]);
        return scheme is "kcp" or "tcp" or "tls" && IPEndPoint.TryParse(rest, out var at) && !at.Address.Equals(IPAddress.Any) && !at.Address.Equals(IPAddress.IPv6Any)
            ? new MemberAddress(scheme, rest)
            : null;
    }

    private static SocketsHttpHandler HandlerOf(ClusterHostSettings settings)
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(2) };
        if (settings.Authorities is { } authorities)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.AddRange(authorities);
            handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
        }

        return handler;
    }

    private const int MostShares = 1000;
    private static readonly TimeSpan ReportEvery = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LeaveTimeout = TimeSpan.FromSeconds(2);
}

using System.Net;

namespace Proxy.Policy.Balancing;

/// <summary>
/// The servers behind one upstream: which of them are in service, how many connections each has, and which takes the next one.
/// Pure and not thread-safe: one owner (or one lock: no call is long). Time is the caller's, in microseconds, and never runs back.
/// <para>Queries: <see cref="Servers"/>, <see cref="HasUsable"/>, <see cref="StateOf"/>, <see cref="NextDeadlineMicroseconds"/>.
/// Commands: <see cref="TryPick"/> for each connection and <see cref="ServerLease.Return"/> at its end; <see cref="SetServers"/>,
/// <see cref="SetDraining"/>. From outside: <see cref="HandleOutcome"/> for every attempt to connect, <see cref="HandleChecked"/>,
/// <see cref="HandleDeadline"/>. Output, after any of them and until empty: <see cref="TryGetEvent"/>.</para>
/// <para>Backup servers are used when no other server is in service, and by a connection that has failed on all of those;
/// full servers are waited for, not replaced by backups.</para>
/// </summary>
public sealed partial class UpstreamGroup
{
    private readonly IBalancePolicy _policy;
    private readonly UpstreamGroupSettings _settings;
    private readonly Queue<ServerEvent> _events = new();

    // Gone from the group with connections still running: bounded by those. An address that comes back finds its counters here.
    private readonly Dictionary<IPEndPoint, UpstreamServer> _leaving = [];
    private UpstreamServer[] _servers = [];
    private Candidate[] _candidates = [];

    /// <summary>A group of at most <see cref="BalancingLimits.MaximumServers"/> servers, each address once; they begin at full weight.</summary>
    public UpstreamGroup(IReadOnlyList<ServerSettings> servers, IBalancePolicy policy, UpstreamGroupSettings settings)
    {
        _policy = policy;
        _settings = settings;
        ReplaceServers(servers, upSinceMicroseconds: null);
    }

    /// <summary>In the order they were given; a new list replaces the old one and never changes it.</summary>
    public IReadOnlyList<UpstreamServer> Servers => _servers;

    /// <summary>Whether any server is in service, full or not.</summary>
    public bool HasUsable => Array.Exists(_servers, server => server.IsUsable);

    /// <summary>
    /// Grows whenever somebody may be served who could not be before: a server has got room or has come, or one has gone, which lets the
    /// backups in. As long as it stands still, who waited in vain would again.
    /// </summary>
    internal long RoomVersion { get; private set; }

    /// <summary>Chooses a server and counts the connection there; <paramref name="lease"/> is null unless one was picked.</summary>
    public PickStatus TryPick(in PickRequest request, long nowMicroseconds, out ServerLease? lease)
    {
        lease = null;
        var status = Collect(request, nowMicroseconds, isBackup: false, out var count);
        if (count == 0 && status is not PickStatus.AllFull)
        {
            var backups = Collect(request, nowMicroseconds, isBackup: true, out count);
            status = backups is PickStatus.NoneUsable ? status : backups;
        }

        if (count == 0)
        {
            return status;
        }

        var server = _policy.Choose(_candidates.AsSpan(0, count), request.Client);
        server.HandleTaken();
        lease = new ServerLease(this, server);
        return PickStatus.Picked;
    }

    public ServerState StateOf(UpstreamServer server, long nowMicroseconds) => server switch
    {
        { IsRemoved: true } => ServerState.Removed,
        { IsDown: true } => ServerState.Down,
        { EjectedUntilMicroseconds: not null } => ServerState.Ejected,
        { IsDraining: true } => ServerState.Draining,
        _ => EffectiveWeight(server, nowMicroseconds) < server.Settings.Weight * WeightUnit ? ServerState.SlowStarting : ServerState.Up,
    };

    /// <summary>The weight that counts now, in thousandths: it grows in a line over the slow start, from a hundredth of the whole.</summary>
    public long EffectiveWeight(UpstreamServer server, long nowMicroseconds)
    {
        var full = server.Settings.Weight * WeightUnit;
        var duration = _settings.SlowStart.Ticks / TimeSpan.TicksPerMicrosecond;
        if (server.UpSinceMicroseconds is not { } since || nowMicroseconds - since >= duration)
        {
            return full;
        }

        return Math.Max(full / SmallestSlowStartPart, (long)((double)full * (nowMicroseconds - since) / duration));
    }

    public bool TryGetEvent(out ServerEvent next) => _events.TryDequeue(out next);

    internal void HandleReturned(UpstreamServer server)
    {
        server.HandleGivenBack();
        RoomVersion++;
        if (server is { IsRemoved: true, LiveConnections: 0 })
        {
            _leaving.Remove(server.Settings.Address);
        }
    }

    // Fills the candidates; with none, the status says why.
    private PickStatus Collect(in PickRequest request, long nowMicroseconds, bool isBackup, out int count)
    {
        count = 0;
        var status = PickStatus.NoneUsable;
        foreach (var server in _servers)
        {
            if (server.Settings.IsBackup != isBackup || !server.IsUsable)
            {
                continue;
            }

            if (request.HasTried(server))
            {
                status = status is PickStatus.NoneUsable ? PickStatus.AllTried : status;
            }
            else if (server.IsFull)
            {
                status = PickStatus.AllFull;
            }
            else
            {
                _candidates[count++] = new Candidate(server, EffectiveWeight(server, nowMicroseconds));
            }
        }

        return status;
    }

    private void Report(UpstreamServer server, ServerChange change, string reason = "")
    {
        if (_events.Count == BalancingLimits.MaximumEvents)
        {
            _events.Dequeue();
        }

        _events.Enqueue(new ServerEvent(server, change, reason));
    }

    /// <summary>Thousandths: a weight of 1 can then grow in steps.</summary>
    private const long WeightUnit = 1000;

    /// <summary>A hundredth: a server that just came up is tried at once, but by few.</summary>
    private const long SmallestSlowStartPart = 100;
}

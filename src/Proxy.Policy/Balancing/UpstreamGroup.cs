using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace Proxy.Policy.Balancing;

/// <summary>
/// The servers behind one upstream: which of them are in service, how many connections each has, and which takes the next one.
/// Pure and not thread-safe: one owner (or one lock: no call is long). Time is the caller's, in microseconds, and never runs back.
/// <para>Queries: <see cref="Servers"/>, <see cref="HasUsable"/>, <see cref="StateOf"/>, <see cref="NextDeadlineMicroseconds"/>.
/// Commands: <see cref="TryPick"/> for each connection (and <see cref="TryPickAlternative"/> for one that races the addresses of a name),
/// <see cref="ServerLease.Return"/> at its end; <see cref="SetServers"/>, <see cref="SetDraining"/>, <see cref="Change"/>. From outside: <see cref="HandleOutcome"/> for every attempt to connect, <see cref="HandleChecked"/>,
/// <see cref="HandleDeadline"/>. Output, after any of them and until empty: <see cref="TryGetEvent"/>.</para>
/// <para>Backup servers are used when no other server is in service, and by a connection that has failed on all of those;
/// full servers are waited for, not replaced by backups.</para>
/// </summary>
public sealed partial class UpstreamGroup
{
    private IBalancePolicy _policy;
    private UpstreamGroupSettings _settings;
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

    /// <summary>Connections at all servers, those included that have gone from the group.</summary>
    public int LiveConnections => _servers.Concat(_leaving.Values).Sum(server => server.LiveConnections);

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

    /// <summary>
    /// Another address of the name that <paramref name="server"/> came from, for a connection that does not want to wait for this one alone;
    /// <paramref name="lease"/> is null without one that is in service, has room and was not tried. Of those the least loaded, from the family
    /// of addresses that is not <paramref name="server"/>'s own where there is one (RFC 8305, section 4).
    /// </summary>
    public bool TryPickAlternative(UpstreamServer server, in PickRequest request, [NotNullWhen(true)] out ServerLease? lease)
    {
        lease = null;
        UpstreamServer? best = null;
        foreach (var other in _servers)
        {
            if (other.Settings.IsOfSameName(server.Settings) && other.IsUsable && !other.IsFull && !ReferenceEquals(other, server)
                && !request.HasTried(other) && (best is null || IsBetter(other, best)))
            {
                best = other;
            }
        }

        if (best is null)
        {
            return false;
        }

        best.HandleTaken();
        lease = new ServerLease(this, best);
        return true;

        bool IsBetter(UpstreamServer left, UpstreamServer right)
        {
            var family = server.Settings.Address.AddressFamily;
            var (isLeftOther, isRightOther) = (left.Settings.Address.AddressFamily != family, right.Settings.Address.AddressFamily != family);
            return isLeftOther != isRightOther ? isLeftOther : left.LiveConnections < right.LiveConnections;
        }
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

    /// <summary>Whether <see cref="TryGetEvent"/> has something.</summary>
    public bool HasEvents => _events.Count > 0;

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

    private void Report(UpstreamServer server, ServerChange change, long nowMicroseconds, string reason = "")
    {
        server.ChangedMicroseconds = nowMicroseconds;
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

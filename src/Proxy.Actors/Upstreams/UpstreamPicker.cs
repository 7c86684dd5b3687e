using System.Diagnostics.CodeAnalysis;
using System.Net;
using Proxy.Kernel;
using Proxy.Policy.Balancing;
using Proxy.Policy.Health;

namespace Proxy.Actors;

/// <summary>
/// The servers of one upstream, for the connections of all loops: a place at a server is taken and given back under a short lock, without a
/// message. What takes time or waits is the <see cref="UpstreamActor"/>'s: the queue's deadlines, checks, names, the log. It is told
/// (<see cref="UpstreamActor.LookAgain"/>) when a connection's doing left something for it. Thread-safe; outlives its actor.
/// </summary>
internal sealed class UpstreamPicker
{
    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly long _startedAt;
    private readonly UpstreamGroup _group;
    private readonly ConnectionQueue<IActorRef> _queue;

    private readonly Random _random;

    // Kept only where sessions end with their server; else nobody asks who is where.
    private Dictionary<UpstreamServer, HashSet<ServerPlace>>? _places;
    private volatile UpstreamSettings _settings;
    private IActorRef? _actor;
    private IBalancePolicy _policy;
    private bool _isActorTold;
    private long _retries;

    public UpstreamPicker(UpstreamSettings settings, Random random, TimeProvider time)
    {
        if (!BalancePolicies.TryCreate(settings.Balance, random, out var policy))
        {
            throw new ArgumentException($"There is no way to balance called {settings.Balance}.", nameof(settings));
        }

        (_settings, _random, _policy) = (settings, random, policy);
        (_time, _startedAt) = (time, time.GetTimestamp());
        Servers = new ServerList(settings.Targets);
        _group = new UpstreamGroup(Servers.Servers, policy, GroupSettingsOf(settings));
        _queue = new ConnectionQueue<IActorRef>(_group, settings.Queue);
        _places = settings.EndsSessionsOnDown ? [] : null;
    }

    /// <summary>In force now.</summary>
    public UpstreamSettings Settings => _settings;

    /// <summary>What the settings name and what their names mean at present. Replaced by the actor alone.</summary>
    public ServerList Servers { get; set; }

    /// <summary>
    /// A place for <paramref name="owner"/>, if a server has room now. False: all are full, tried or out of service, or others wait already:
    /// the actor is to be asked (<see cref="UpstreamActor.Pick"/>).
    /// </summary>
    public bool TryPick(IActorRef owner, IPAddress client, IReadOnlyList<UpstreamServer> tried, [NotNullWhen(true)] out ServerPlace? place)
    {
        lock (_lock)
        {
            place = _queue.TryPick(new PickRequest(client, tried), Now(), out var lease) is PickStatus.Picked ? Place(owner, lease!, tried) : null;
        }

        return place is not null;
    }

    /// <summary>As <see cref="TryPick"/>, or a place in the queue.</summary>
    public QueueStatus Take(IActorRef owner, UpstreamActor.Pick pick, out ServerPlace? place)
    {
        lock (_lock)
        {
            var status = _queue.Take(owner, new PickRequest(pick.Client, pick.Tried), Now(), out var lease);
            place = lease is null ? null : Place(owner, lease, pick.Tried);
            return status;
        }
    }

    /// <summary>A place for the next one in the queue.</summary>
    public bool TryServe(out IActorRef owner, [NotNullWhen(true)] out ServerPlace? place)
    {
        lock (_lock)
        {
            place = _queue.TryServe(Now(), out owner, out var lease) ? Place(owner, lease!, []) : null;
            return place is not null;
        }
    }

    /// <summary>Another address of the name that <paramref name="place"/>'s server came from, for the same owner.</summary>
    public bool TryPickAlternative(ServerPlace place, IReadOnlyList<UpstreamServer> tried, [NotNullWhen(true)] out ServerPlace? alternative)
    {
        // Asked with every dial that is not answered at once, and most servers have no name.
        alternative = null;
        if (place.Server.Settings.HostName is null)
        {
            return false;
        }

        lock (_lock)
        {
            if (_group.TryPickAlternative(place.Server, new PickRequest(null, tried), out var lease))
            {
                alternative = Remember(new ServerPlace(this, place.Owner, lease, othersLeft: 0));
            }
        }

        return alternative is not null;
    }

    /// <summary>What became of an attempt to use a server.</summary>
    public void Report(UpstreamServer server, ServerOutcome outcome)
    {
        IActorRef? toTell;
        lock (_lock)
        {
            _group.HandleOutcome(server, outcome, Now());
            toTell = WhomToTell();
        }

        toTell?.Tell(UpstreamActor.LookAgain.Instance, ActorRefs.NoSender);
    }

    /// <summary>Gives a place back, with what is last to be said of its server. A second time changes nothing.</summary>
    public void Return(ServerPlace place, ServerLease lease, ServerOutcome? outcome)
    {
        IActorRef? toTell;
        lock (_lock)
        {
            if (!lease.IsHeld)
            {
                return;
            }

            if (outcome is { } last)
            {
                _group.HandleOutcome(place.Server, last, Now());
            }

            lease.Return();
            if (_places is not null && _places.TryGetValue(place.Server, out var places) && places.Remove(place) && places.Count == 0)
            {
                _places.Remove(place.Server);
            }

            toTell = WhomToTell();
        }

        toTell?.Tell(UpstreamActor.LookAgain.Instance, ActorRefs.NoSender);
    }

    public bool IsDown(UpstreamServer server)
    {
        lock (_lock)
        {
            return _group.StateOf(server, Now()) is ServerState.Down;
        }
    }

    /// <summary>Those who hold a place at <paramref name="server"/>; nobody where sessions outlive their server.</summary>
    public IReadOnlyList<IActorRef> OwnersAt(UpstreamServer server)
    {
        lock (_lock)
        {
            return _places is not null && _places.TryGetValue(server, out var places) ? [.. places.Select(place => place.Owner)] : [];
        }
    }

    /// <summary>Other settings from now on, all but the servers. Places stay what they are; only those given from now on can end with their server.</summary>
    public void Change(UpstreamSettings settings)
    {
        lock (_lock)
        {
            var isSameBalance = settings.Balance == _settings.Balance;
            _settings = settings;
            if (!isSameBalance && BalancePolicies.TryCreate(settings.Balance, _random, out var policy))
            {
                _policy = policy;
            }

            _group.Change(_policy, GroupSettingsOf(settings), Now());
            _queue.Change(settings.Queue);
            _places = settings.EndsSessionsOnDown ? _places ?? [] : null;
        }
    }

    /// <summary>From now on <paramref name="actor"/> is who is told.</summary>
    public void Attach(IActorRef actor)
    {
        lock (_lock)
        {
            (_actor, _isActorTold) = (actor, false);
        }
    }

    /// <summary>For the actor, which has begun to look: what happens from now on is told again.</summary>
    public void BeginLooking()
    {
        lock (_lock)
        {
            _isActorTold = false;
        }
    }

    /// <summary>For what the actor does more seldom: runs <paramref name="use"/> under the lock, which must not call anybody else.</summary>
    public T Use<T>(Func<UpstreamGroup, ConnectionQueue<IActorRef>, long, T> use)
    {
        lock (_lock)
        {
            return use(_group, _queue, Now());
        }
    }

    /// <summary>Picks by connections that had failed on another server before.</summary>
    public long TotalRetries()
    {
        lock (_lock)
        {
            return _retries;
        }
    }

    private ServerPlace Place(IActorRef owner, ServerLease lease, IReadOnlyList<UpstreamServer> tried)
    {
        _retries += tried.Count > 0 ? 1 : 0;
        return Remember(new ServerPlace(this, owner, lease, OthersLeft(lease.Server, tried)));
    }

    private ServerPlace Remember(ServerPlace place)
    {
        if (_places is not null)
        {
            if (!_places.TryGetValue(place.Server, out var places))
            {
                _places.Add(place.Server, places = []);
            }

            places.Add(place);
        }

        return place;
    }

    // Counted no further than anybody wants to know; those that the race of one name reaches anyway do not count.
    private int OthersLeft(UpstreamServer chosen, IReadOnlyList<UpstreamServer> tried)
    {
        var (others, inRace) = (0, 0);
        for (var index = 0; index < _group.Servers.Count && others < ServerPlace.MaximumOthers; index++)
        {
            var server = _group.Servers[index];
            if (!server.IsUsable || ReferenceEquals(server, chosen) || tried.Contains(server))
            {
                continue;
            }

            if (inRace < ServerRace.MaximumAlternatives && server.Settings.IsOfSameName(chosen.Settings))
            {
                inRace++;
            }
            else
            {
                others++;
            }
        }

        return others;
    }

    // Told outside of the lock, and once until it looks.
    private IActorRef? WhomToTell()
    {
        if (_actor is null || _isActorTold || !(_group.HasEvents || _queue.CanServe))
        {
            return null;
        }

        _isActorTold = true;
        return _actor;
    }

    private static UpstreamGroupSettings GroupSettingsOf(UpstreamSettings settings) => new() { Ejection = settings.Ejection, SlowStart = settings.SlowStart };

    private long Now() => _time.GetElapsedTime(_startedAt).Ticks / TimeSpan.TicksPerMicrosecond;
}

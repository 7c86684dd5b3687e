using Proxy.Cluster.Members;

namespace Proxy.Cluster.Tests.Simulated;

/// <summary>
/// All clients: which workers each keeps tunnels to, by the code of a real client, and how many streams it has on each. A tunnel and a stream are numbers: one is up at
/// once to whoever lives and is reached; silence is noticed after two seconds.
/// </summary>
internal sealed class SimulatedClients
{
    /// <summary>Twice as many as are wanted, if none of these is reached.</summary>
    private const int Most = 6;
    private const int Regions = 20;
    private const double SlowStartSeconds = 10;

    private readonly SimulationSettings _settings;
    private readonly SimulatedWorker[] _workers;
    private readonly Random _random;
    private readonly MemberChoice[] _choices;
    private readonly double[] _least;
    private readonly int[] _chosen;
    private readonly int[] _streams;
    private readonly int[] _since;
    private readonly byte[] _counts;
    private readonly Member?[] _up;
    private readonly bool[] _isDeadKnown;
    private readonly HashSet<int> _uninformed = [];
    private readonly double[] _leftover;
    private readonly long[] _reported;
    private MemberView _view = MemberView.Empty;
    private Member[] _upList = [];
    private double _averageWeight = 1;
    private (int Region, HashSet<int> Workers)? _partition;

    public SimulatedClients(SimulationSettings settings, SimulatedWorker[] workers, Random random)
    {
        (_settings, _workers, _random) = (settings, workers, random);
        _choices = [.. Enumerable.Range(0, settings.Clients).Select(client => new MemberChoice($"client-{client}", settings.Tunnels))];
        _least = new double[settings.Clients];
        _chosen = new int[settings.Clients * Most];
        _streams = new int[_chosen.Length];
        _since = new int[_chosen.Length];
        _counts = new byte[settings.Clients];
        _up = new Member?[workers.Length];
        _isDeadKnown = new bool[workers.Length];
        _leftover = new double[workers.Length];
        _reported = new long[workers.Length];
    }

    /// <summary>Tunnels that were made in place of others.</summary>
    public long TunnelsMoved { get; private set; }

    /// <summary>Streams that ended with their worker.</summary>
    public long StreamsLost { get; private set; }

    /// <summary>Streams that were not over when their worker had drained for as long as it may.</summary>
    public long StreamsCut { get; private set; }

    public long StreamsOpened { get; private set; }

    /// <summary>Streams for which no worker could be reached at once.</summary>
    public long StreamsWithoutWorker { get; private set; }

    /// <summary>What the members' view says is up, as the clients go by it.</summary>
    public IReadOnlyList<Member> Up => _upList;

    /// <summary>The clients learn a view from the workers that they have tunnels to. How many tunnels it moved, and for how many that have come or gone.</summary>
    public (long Moved, int Joined, int Left) Learn(MemberView view, int second)
    {
        if (view.Members == _view.Members)
        {
            return default;
        }

        var changed = new List<int>();
        var joined = new List<Member>();
        foreach (var (name, member) in view.Members)
        {
            var index = IndexOf(name);
            if (member.Record.State == MemberState.Up && _up[index] is null)
            {
                joined.Add(member);
                _workers[index].UpSinceSecond = second;
            }
        }

        var left = new bool[_workers.Length];
        for (var index = 0; index < _workers.Length; index++)
        {
            if (_up[index] is not null && !(view.Members.TryGetValue(_workers[index].Name, out var now) && now.Record.State == MemberState.Up))
            {
                left[index] = true;
                _up[index] = null;
                changed.Add(index);
            }
        }

        foreach (var member in joined)
        {
            _up[IndexOf(member.Name)] = member;
            _isDeadKnown[IndexOf(member.Name)] = false;
        }

        _view = view;
        if (changed.Count + joined.Count == 0)
        {
            return default;
        }

        _upList = [.. _up.OfType<Member>()];
        _averageWeight = Rendezvous.AverageWeight(_upList);
        var moved = TunnelsMoved;
        for (var client = 0; client < _settings.Clients; client++)
        {
            if ((changed.Count > 0 && HasAny(client, left)) || IsWanted(client, joined))
            {
                LearnOne(client, second);
            }
        }

        return (TunnelsMoved - moved, joined.Count, changed.Count);
    }

    /// <summary>A worker has died; who had tunnels to it noticed by silence.</summary>
    public void NoticeDead(int worker, int second)
    {
        _isDeadKnown[worker] = true;
        _leftover[worker] = 0;
        for (var client = 0; client < _settings.Clients; client++)
        {
            for (var slot = client * Most; slot < (client * Most) + _counts[client]; slot++)
            {
                if (_chosen[slot] == worker)
                {
                    StreamsLost += _streams[slot];
                    _streams[slot] = 0;
                    Choose(client, second);
                    break;
                }
            }
        }
    }

    /// <summary>From now on the clients of one region cannot reach these workers; null: all reach all.</summary>
    public void Part((int Region, HashSet<int> Workers)? partition, int second)
    {
        var region = (partition ?? _partition)!.Value.Region;
        var workers = (partition ?? _partition)!.Value.Workers;
        _partition = partition;
        for (var client = region; client < _settings.Clients; client += Regions)
        {
            for (var slot = client * Most; slot < (client * Most) + _counts[client]; slot++)
            {
                if (workers.Contains(_chosen[slot]))
                {
                    Choose(client, second);
                    break;
                }
            }
        }
    }

    public int RandomRegion() => _random.Next(Regions);

    /// <summary>A second: streams end and others are opened, so that each client has about so many.</summary>
    public void Work(int second, double streamsPerClient)
    {
        foreach (var client in _uninformed.Where(client => IsInformed(client)).ToArray())
        {
            _uninformed.Remove(client);
            Choose(client, second);
        }

        for (var index = 0; index < _workers.Length; index++)
        {
            _leftover[index] -= _leftover[index] / _settings.StreamSeconds;
            _workers[index].Streams = _workers[index].Streams < 0 ? 0 : _workers[index].Streams;
            _reported[index] = _workers[index].Streams + (long)_leftover[index];
        }

        var turns = _settings.Clients * streamsPerClient / _settings.StreamSeconds;
        var count = (int)turns + (_random.NextDouble() < turns - (int)turns ? 1 : 0);
        for (; count > 0; count--)
        {
            var client = _random.Next(_settings.Clients);
            var has = Total(client);
            if (has > 0 && (has >= streamsPerClient || _random.NextDouble() < has / streamsPerClient))
            {
                Close(client);
                has--;
            }

            for (var more = has + 1 < streamsPerClient ? 2 : 1; more > 0 && has < streamsPerClient; more--, has++)
            {
                Open(client, second);
            }
        }
    }

    /// <summary>Every client has its first streams.</summary>
    public void Begin(int second, int streams)
    {
        for (var client = 0; client < _settings.Clients; client++)
        {
            for (var count = 0; count < streams; count++)
            {
                Open(client, second);
            }

            if (client % 1000 == 0)
            {
                Report();
            }
        }
    }

    /// <summary>The process has ended, and what was still on it.</summary>
    public void NoteEnded(int worker)
    {
        StreamsCut += (long)_leftover[worker];
        _leftover[worker] = 0;
    }

    /// <summary>Clients that have no tunnel to a worker which lives and is reached.</summary>
    public int WithoutWorker() => Enumerable.Range(0, _settings.Clients).Count(client => !Slots(client).Any(slot => IsReached(client, _chosen[slot])));

    /// <summary>Tunnels of each worker.</summary>
    public int[] TunnelsByWorker()
    {
        var tunnels = new int[_workers.Length];
        for (var client = 0; client < _settings.Clients; client++)
        {
            foreach (var slot in Slots(client))
            {
                tunnels[_chosen[slot]]++;
            }
        }

        return tunnels;
    }

    /// <summary>Streams of a worker, those that finish on tunnels which get no new ones among them.</summary>
    public double StreamsOf(int worker) => _workers[worker].Streams + _leftover[worker];

    private void Report()
    {
        for (var index = 0; index < _workers.Length; index++)
        {
            _reported[index] = _workers[index].Streams;
        }
    }

    // A client hears news by any of its tunnels whose worker hears of the engine.
    private bool IsInformed(int client) => _counts[client] == 0 || Slots(client).Any(slot => IsReached(client, _chosen[slot]) && !_workers[_chosen[slot]].IsCut);

    private void LearnOne(int client, int second)
    {
        if (IsInformed(client))
        {
            Choose(client, second);
        }
        else
        {
            _uninformed.Add(client);
        }
    }

    private void Choose(int client, int second)
    {
        var chosen = _choices[client].Choose(_upList, name => IsSuspect(client, IndexOf(name)));
        if (chosen.Count == 0)
        {
            return;
        }

        var first = client * Most;
        Span<int> workers = stackalloc int[Most];
        Span<int> streams = stackalloc int[Most];
        Span<int> since = stackalloc int[Most];
        for (var place = 0; place < chosen.Count; place++)
        {
            var worker = workers[place] = IndexOf(chosen[place].Name);
            var slot = Find(client, worker);
            TunnelsMoved += slot < 0 && _counts[client] > 0 ? 1 : 0;
            (streams[place], since[place]) = slot < 0 ? (0, second) : (_streams[slot], _since[slot]);
            if (slot >= 0)
            {
                _streams[slot] = 0;
            }
        }

        for (var slot = first; slot < first + _counts[client]; slot++)
        {
            // They finish where they are.
            _workers[_chosen[slot]].Streams -= _streams[slot];
            _leftover[_chosen[slot]] += _streams[slot];
            _streams[slot] = 0;
        }

        for (var place = 0; place < chosen.Count; place++)
        {
            (_chosen[first + place], _streams[first + place], _since[first + place]) = (workers[place], streams[place], since[place]);
        }

        _counts[client] = (byte)chosen.Count;
        _least[client] = chosen.Min(member => _choices[client].ScoreOf(member, _averageWeight));
    }

    private void Open(int client, int second)
    {
        StreamsOpened++;
        Span<int> open = stackalloc int[Most];
        var count = 0;
        for (var slot = client * Most; slot < (client * Most) + _counts[client]; slot++)
        {
            if (_up[_chosen[slot]] is not null && !_workers[_chosen[slot]].IsDraining && IsReached(client, _chosen[slot]))
            {
                open[count++] = slot;
            }
        }

        if (count == 0)
        {
            StreamsWithoutWorker++;
            return;
        }

        var chosen = open[_random.Next(count)];
        if (count > 1)
        {
            var other = open[_random.Next(count)];
            chosen = LoadOf(other, second) < LoadOf(chosen, second) ? other : chosen;
        }

        _streams[chosen]++;
        _workers[_chosen[chosen]].Streams++;
    }

    // As a real client places streams: what the server said last, beside its weight and its slow start.
    private double LoadOf(int slot, int second)
    {
        var worker = _chosen[slot];
        return (_reported[worker] + 1) / (_workers[worker].Capacity * Math.Clamp((second - _since[slot]) / SlowStartSeconds, 0.05, 1));
    }

    private void Close(int client)
    {
        var nth = _random.Next(Total(client));
        for (var slot = client * Most; slot < (client * Most) + _counts[client]; slot++)
        {
            nth -= _streams[slot];
            if (nth < 0)
            {
                _streams[slot]--;
                _workers[_chosen[slot]].Streams--;
                return;
            }
        }
    }

    private int Total(int client)
    {
        var total = 0;
        for (var slot = client * Most; slot < (client * Most) + _counts[client]; slot++)
        {
            total += _streams[slot];
        }

        return total;
    }

    private IEnumerable<int> Slots(int client) => Enumerable.Range(client * Most, _counts[client]);

    private int Find(int client, int worker)
    {
        for (var slot = client * Most; slot < (client * Most) + _counts[client]; slot++)
        {
            if (_chosen[slot] == worker)
            {
                return slot;
            }
        }

        return -1;
    }

    private bool HasAny(int client, bool[] workers)
    {
        for (var slot = client * Most; slot < (client * Most) + _counts[client]; slot++)
        {
            if (workers[_chosen[slot]])
            {
                return true;
            }
        }

        return false;
    }

    private bool IsWanted(int client, List<Member> joined)
    {
        if (joined.Count > 0 && _counts[client] < _settings.Tunnels)
        {
            return true;
        }

        foreach (var member in joined)
        {
            if (_choices[client].ScoreOf(member, _averageWeight) > _least[client])
            {
                return true;
            }
        }

        return false;
    }

    private bool IsSuspect(int client, int worker) => _isDeadKnown[worker] || IsParted(client, worker);

    private bool IsReached(int client, int worker) => _workers[worker].IsRunning && !IsParted(client, worker);

    private bool IsParted(int client, int worker) => _partition is { } partition && client % Regions == partition.Region && partition.Workers.Contains(worker);

    private static int IndexOf(string name) => int.Parse(name.AsSpan(1), provider: null);
}

using System.Globalization;
using System.Text;
using Proxy.Cluster.Engine;

namespace Proxy.Cluster.Tests.Simulated;

/// <summary>
/// A cluster with all its clients for a day, under virtual time. Real are the seed's store, leases, registration, mirrors, the view of members, which workers clients choose,
/// the shared limit with its lock. Numbers are tunnels, streams and packets; how a client places a stream is written here after the real one.
/// </summary>
internal sealed class ClusterSimulation
{
    private const int TicksPerSecond = 10;
    private const int DrainSeconds = 60;
    private const int FirstStreams = 4;

    private readonly SimulationSettings _settings;
    private readonly Random _random;
    private readonly SimulatedEngine _engine;
    private readonly SimulatedWorker[] _workers;
    private readonly FullWorker[] _full;
    private readonly SimulatedClients _clients;
    private readonly Happenings _happenings = new();
    private readonly PriorityQueue<SimulatedWorker, long> _queue = new();
    private readonly Dictionary<int, int> _startedAt = [];
    private readonly Dictionary<int, int> _crashedAt = [];
    private readonly Dictionary<int, int> _usedSince = [];
    private readonly Queue<int> _spare = new();
    private int _quietSince;
    private long _workerSeconds;

    public ClusterSimulation(SimulationSettings settings)
    {
        _settings = settings;
        _random = new Random(settings.Seed);
        _engine = new SimulatedEngine(new Random(_random.Next()));
        var all = settings.Workers + (settings.Workers / 20);
        _workers =
        [
            .. Enumerable.Range(0, all).Select(index => index < settings.FullWorkers
                ? new FullWorker(index, CapacityOf(index), settings.Limit, _engine, new Random(_random.Next()))
                : new SimulatedWorker(index, CapacityOf(index), _engine, new Random(_random.Next()))),
        ];
        _full = [.. _workers.OfType<FullWorker>()];
        _clients = new SimulatedClients(settings, _workers, new Random(_random.Next()));
        foreach (var index in Enumerable.Range(settings.Workers, all - settings.Workers))
        {
            _spare.Enqueue(index);
        }
    }

    public SimulationSettings Settings => _settings;

    public SimulationFigures Figures { get; } = new();

    public SimulatedClients Clients => _clients;

    public void Run()
    {
        for (var index = 0; index < _settings.Workers; index++)
        {
            Start(_workers[index], second: 0);
        }

        for (var second = 0; second < 20; second++)
        {
            Second(second, isBeginning: true);
        }

        _clients.Begin(20, FirstStreams);
        _startedAt.Clear();
        Plan();
        for (var second = 20; second < _settings.Seconds; second++)
        {
            _happenings.Run(second);
            Second(second, isBeginning: false);
        }

        var minutes = _workerSeconds / 60.0;
        Figures.RequestsPerWorkerMinute = _engine.Requests / minutes;
        Figures.WatchEventsPerNodeMinute = _engine.MemberChanges / (_settings.Seconds / 60.0);
    }

    public string Report()
    {
        var figures = Figures;
        var text = new StringBuilder();
        void Line(string line) => text.AppendLine(line);
        Line($"{_settings.Workers} workers ({_settings.FullWorkers} of them whole), {_settings.Clients} clients, {SimulationFigures.Number(_settings.Seconds / 3600.0)} h, seed {_settings.Seed}");
        Line($"{figures.Crashes} crashes, {figures.Joins} joins, {figures.Leaves} leaves, {figures.EnginePartitions} times workers cut off from the engine, {figures.ClientPartitions} times clients from workers");
        Line($"streams of a worker beside its weight: off by {SimulationFigures.Three(figures.StreamDeviations, SimulationFigures.Percent)}");
        Line($"tunnels of a worker beside its weight: off by {SimulationFigures.Three(figures.TunnelDeviations, SimulationFigures.Percent)}");
        Line($"tunnels moved by one that joins: {SimulationFigures.Three(figures.MovedByJoin, SimulationFigures.Number)}; by one that leaves: {SimulationFigures.Three(figures.MovedByLeave, SimulationFigures.Number)}");
        Line($"from a start until clients use it: {SimulationFigures.Three(figures.SecondsUntilUp, SimulationFigures.Number)} s; from there to nine tenths of its part: {SimulationFigures.Three(figures.SecondsUntilShare, SimulationFigures.Number)} s");
        Line($"from a crash until nobody knows it: {SimulationFigures.Three(figures.SecondsUntilGone, SimulationFigures.Number)} s");
        Line($"clients without a worker that lives, at most: {figures.MostClientsWithoutWorker}");
        Line($"streams: {_clients.StreamsOpened} opened, {_clients.StreamsLost} lost with their worker, {_clients.StreamsCut} not over after {DrainSeconds} s of drain, {_clients.StreamsWithoutWorker} without a worker at once");
        Line($"requests to the engine: {SimulationFigures.Number(figures.RequestsPerWorkerMinute)} a minute of each worker; changes that each watches: {SimulationFigures.Number(figures.WatchEventsPerNodeMinute)} a minute; of clients: none");
        Line($"the limit of {_settings.Limit}: at most {figures.MostConnections} under leases that live, used: {SimulationFigures.Percent(SimulationFigures.At(figures.LimitUsed, 0.05))} or more in 95 % of the quiet seconds; at most {figures.MostDividers} divided it");
        return text.ToString();
    }

    private static long CapacityOf(int index) => 400 + (200 * (index % 3));

    // What happens

    private void Plan()
    {
        Later(20, CrashGap(), Crash);
        foreach (var second in Enumerable.Range(1, Math.Max(0, (_settings.Seconds / _settings.ScaleEverySeconds) - 1)))
        {
            _happenings.At(second * _settings.ScaleEverySeconds, Scale);
        }

        Later(20, _settings.PartitionEverySeconds, PartFromEngine);
        Later(20 + (_settings.PartitionEverySeconds / 2), _settings.PartitionEverySeconds, PartClients);
        if (_settings.UpgradeAtSecond < _settings.Seconds)
        {
            // Ten at a time.
            for (var index = 0; index < _settings.Workers; index++)
            {
                var worker = _workers[index];
                _happenings.At(_settings.UpgradeAtSecond + (8 * index), second => Replace(worker, second));
            }
        }

        if (_settings.SeedRestartAtSecond < _settings.Seconds)
        {
            _happenings.At(_settings.SeedRestartAtSecond, _ =>
            {
                _engine.Restart();
                Disturb();
            });
        }
    }

    private int CrashGap() => Math.Max(1, (int)(-Math.Log(1 - _random.NextDouble()) * _settings.CrashEverySeconds / _settings.Workers));

    private void Later(int second, int gap, Action<int> action) => _happenings.At(second + gap, action);

    private void Start(SimulatedWorker worker, int second)
    {
        if (worker.IsRunning)
        {
            return;
        }

        worker.Start(second * Clock.Second);
        _startedAt[worker.Index] = second;
        Figures.Joins += second > 0 ? 1 : 0;
        Enqueue(worker);
        Disturb();
    }

    private void Crash(int second)
    {
        Later(second, CrashGap(), Crash);
        var worker = RandomWorker();
        if (worker is not null)
        {
            Figures.Crashes++;
            worker.Crash();
            _crashedAt[worker.Index] = second;
            _usedSince.Remove(worker.Index);
            Disturb();
            _happenings.At(second + 2, now => _clients.NoticeDead(worker.Index, now));
            _happenings.At(second + _random.Next(60, 600), now => Start(worker, now));
        }
    }

    private void Replace(SimulatedWorker worker, int second)
    {
        if (Leave(worker, second))
        {
            _happenings.At(second + DrainSeconds + 20, now => Start(worker, now));
        }
    }

    private bool Leave(SimulatedWorker worker, int second)
    {
        if (!worker.IsRunning || worker.IsDraining || worker.IsCut)
        {
            return false;
        }

        Figures.Leaves++;
        worker.Drain();
        Enqueue(worker);
        _usedSince.Remove(worker.Index);
        _happenings.At(second + DrainSeconds, now =>
        {
            if (worker.IsRunning)
            {
                worker.Leave(now * Clock.Second);
                _clients.NoteEnded(worker.Index);
                Disturb();
            }
        });
        return true;
    }

    private void Scale(int second)
    {
        for (var count = _settings.Workers / 50; count > 0; count--)
        {
            if (_spare.TryDequeue(out var fresh))
            {
                Start(_workers[fresh], second);
            }

            if (RandomWorker() is { } old and not FullWorker && Leave(old, second))
            {
                _happenings.At(second + (2 * DrainSeconds), _ => _spare.Enqueue(old.Index));
            }
        }
    }

    private void PartFromEngine(int second)
    {
        Later(second, _settings.PartitionEverySeconds, PartFromEngine);
        SimulatedWorker[] cut = [.. Enumerable.Range(0, _settings.Workers / 20).Select(_ => RandomWorker()).OfType<SimulatedWorker>()];
        Figures.EnginePartitions++;
        Array.ForEach(cut, worker => worker.IsCut = true);
        Disturb();
        _happenings.At(second + _random.Next(60, 600), _ =>
        {
            Array.ForEach(cut, worker => worker.IsCut = false);
            Disturb();
        });
    }

    private void PartClients(int second)
    {
        Later(second, _settings.PartitionEverySeconds, PartClients);
        Figures.ClientPartitions++;
        var workers = Enumerable.Range(0, _settings.Workers / 10).Select(_ => _random.Next(_settings.Workers)).ToHashSet();
        var region = _clients.RandomRegion();
        _happenings.At(second + 2, now => _clients.Part((region, workers), now));
        _happenings.At(second + _random.Next(60, 600), now => _clients.Part(null, now));
    }

    private SimulatedWorker? RandomWorker()
    {
        var worker = _workers[_random.Next(_workers.Length)];
        return worker is { IsRunning: true, IsDraining: false, IsCut: false } ? worker : null;
    }

    // A second of all

    private void Second(int second, bool isBeginning)
    {
        for (var tick = 0; tick < TicksPerSecond; tick++)
        {
            var now = (second * Clock.Second) + (tick * Clock.Second / TicksPerSecond);
            RunQueue(now + (Clock.Second / TicksPerSecond));
            _engine.Store.ExpireLeases(now);
            foreach (var full in _full)
            {
                if (full.IsRunning)
                {
                    full.Look(now);
                }
            }
        }

        Learn(second, isBeginning);
        ShareLimit(second);
        if (!isBeginning)
        {
            var day = 2 * Math.PI * second / 86_400;
            _clients.Work(second, FirstStreams * (1 + (0.5 * Math.Sin(day))));
        }

        for (var index = second % 10; index < _workers.Length; index += 10)
        {
            if (_workers[index].IsRunning)
            {
                _workers[index].ReportLoad();
                Enqueue(_workers[index]);
            }
        }

        _workerSeconds += _workers.Count(worker => worker.IsRunning);
        if (second % 60 == 0 && !isBeginning)
        {
            Measure(second);
        }
    }

    private void RunQueue(long until)
    {
        while (_queue.TryPeek(out var worker, out var due) && due < until)
        {
            _queue.Dequeue();
            if (worker.QueuedAt != due)
            {
                // It was put in again, earlier.
                continue;
            }

            worker.QueuedAt = Clock.Never;
            if (worker.Due <= due)
            {
                worker.Turn(due);
            }

            Enqueue(worker);
        }
    }

    private void Enqueue(SimulatedWorker worker)
    {
        var due = worker.Due;
        if (due < worker.QueuedAt)
        {
            worker.QueuedAt = due;
            _queue.Enqueue(worker, due);
        }
    }

    private void Learn(int second, bool isBeginning)
    {
        var informed = _full.Where(full => full.IsRunning && !full.View.IsStale && !full.IsCut).MaxBy(full => full.View.Revision);
        if (informed is null)
        {
            return;
        }

        foreach (var (worker, crashed) in _crashedAt.ToArray())
        {
            if (!informed.View.Members.ContainsKey(_workers[worker].Name))
            {
                Figures.SecondsUntilGone.Add(second - crashed);
                _crashedAt.Remove(worker);
            }
        }

        var (moved, joined, left) = _clients.Learn(informed.View, second);
        if (moved > 0 && !isBeginning && joined + left == 1)
        {
            (joined > 0 ? Figures.MovedByJoin : Figures.MovedByLeave).Add(moved);
        }

        foreach (var (worker, started) in _startedAt.ToArray())
        {
            if (_workers[worker].UpSinceSecond >= started && informed.View.Members.ContainsKey(_workers[worker].Name))
            {
                if (!isBeginning)
                {
                    Figures.SecondsUntilUp.Add(second - started);
                    _usedSince[worker] = second;
                }

                _startedAt.Remove(worker);
            }
        }
    }

    private void ShareLimit(int second)
    {
        foreach (var full in _full.Where(full => full.IsRunning))
        {
            if (_random.Next(30) == 0)
            {
                full.Demand = _random.Next(3) == 0 ? 0 : _random.Next(2 * _settings.Limit / _settings.FullWorkers * 3);
            }

            full.Work(second * Clock.Second);
        }

        var connections = _full.Sum(full => full.ConnectionsUnderPresentLease(LeaseOf(full)));
        Figures.MostConnections = Math.Max(Figures.MostConnections, connections);
        Figures.MostDividers = Math.Max(Figures.MostDividers, _full.Count(full => full.IsDividing));
        var wanted = _full.Where(full => full.IsRunning).Sum(full => full.Demand);
        if (second - _quietSince > 60 && wanted >= _settings.Limit)
        {
            Figures.LimitUsed.Add(connections / (double)_settings.Limit);
        }
    }

    private long LeaseOf(FullWorker full)
    {
        var found = (RangeAnswer)_engine.Store.Handle(new RangeRequest(KeyRange.One($"/tcpproxy/simulated/shares/use/{full.Name}")), 0);
        return found.Values.Count == 0 ? 0 : found.Values[0].Lease;
    }

    private void Disturb() => _quietSince = int.MaxValue / 2;

    private void Measure(int second)
    {
        _quietSince = _quietSince > second ? second : _quietSince;
        Figures.MostClientsWithoutWorker = Math.Max(Figures.MostClientsWithoutWorker, _clients.WithoutWorker());
        int[] settled =
        [
            .. _clients.Up.Select(member => int.Parse(member.Name.AsSpan(1), CultureInfo.InvariantCulture))
                .Where(index => _workers[index].IsRunning && second - _workers[index].UpSinceSecond > 2 * _settings.StreamSeconds),
        ];
        if (settled.Length == 0)
        {
            return;
        }

        var tunnels = _clients.TunnelsByWorker();
        Deviate(settled, index => _clients.StreamsOf(index), Figures.StreamDeviations);
        Deviate(settled, index => tunnels[index], Figures.TunnelDeviations);
        var mean = settled.Sum(index => _clients.StreamsOf(index)) / settled.Sum(index => _workers[index].Capacity);
        foreach (var (worker, since) in _usedSince.ToArray())
        {
            if (_clients.StreamsOf(worker) >= 0.9 * mean * _workers[worker].Capacity)
            {
                Figures.SecondsUntilShare.Add(second - since);
                _usedSince.Remove(worker);
            }
        }
    }

    private void Deviate(int[] workers, Func<int, double> value, List<double> deviations)
    {
        var mean = workers.Sum(value) / workers.Sum(index => _workers[index].Capacity);
        foreach (var index in workers)
        {
            deviations.Add(Math.Abs((value(index) / (mean * _workers[index].Capacity)) - 1));
        }
    }
}

using Proxy.Cluster.Engine;
using Proxy.Cluster.Members;

namespace Proxy.Cluster.Tests.Simulated;

/// <summary>A worker's membership: its lease and its record, by the code of a real node; streams are a number.</summary>
internal class SimulatedWorker
{
    protected static readonly ClusterKeys Keys = new("simulated");

    private readonly SimulatedEngine _engine;
    private readonly Random _random;
    private LeaseKeeper _keeper = null!;
    private Registration _registration = null!;
    private MemberRecord _record = null!;
    private long _busyUntil;

    public SimulatedWorker(int index, long capacity, SimulatedEngine engine, Random random)
    {
        (Index, Capacity, _engine, _random) = (index, capacity, engine, random);
    }

    public int Index { get; }

    public string Name => $"w{Index}";

    public long Capacity { get; }

    /// <summary>Whether the process is there.</summary>
    public bool IsRunning { get; private set; }

    /// <summary>Whether it takes new streams by its own word.</summary>
    public bool IsDraining { get; private set; }

    /// <summary>Whether it cannot reach the engine.</summary>
    public bool IsCut { get; set; }

    public long Streams { get; set; }

    /// <summary>When it was last up for the first time, in seconds.</summary>
    public long UpSinceSecond { get; set; }

    /// <summary>When the queue looks at it next.</summary>
    public long QueuedAt { get; set; } = Clock.Never;

    protected LeaseKeeper Keeper => _keeper;

    protected SimulatedEngine Engine => _engine;

    protected Random Random => _random;

    public virtual long Due => IsRunning ? Math.Max(_busyUntil, Math.Min(_keeper.DueMicroseconds, _registration.DueMicroseconds)) : Clock.Never;

    public bool IsRegistered => IsRunning && _registration.State == RegistrationState.Registered;

    public virtual void Start(long now)
    {
        (IsRunning, IsDraining, Streams, _busyUntil) = (true, false, 0, now);
        _record = new MemberRecord
        {
            Name = Name,
            Identity = $"identity of {Name}",
            Addresses = [new MemberAddress("kcp", $"10.{Index / 65536}.{Index / 256 % 256}.{Index % 256}:4000")],
            Roles = ["server"],
            Version = "0.1.0",
            Capacity = Capacity,
            State = MemberState.Up,
            StartedAtMilliseconds = now / 1000,
        };
        _keeper = new LeaseKeeper(5, _random);
        _registration = new Registration(Keys.Member(Name), _record, _random);
    }

    public virtual void Crash()
    {
        IsRunning = false;
        Streams = 0;
    }

    public void Drain()
    {
        IsDraining = true;
        _record = _record with { State = MemberState.Draining };
        _registration.Update(_record);
    }

    /// <summary>It gives its lease back, and its record with it.</summary>
    public void Leave(long now)
    {
        _keeper.Release(now);
        Turn(now);
        Crash();
    }

    public void ReportLoad()
    {
        _record = _record with { Load = new MemberLoad(Streams, 20_000 * Streams, Math.Min(1000, Streams), 100 + Streams) };
        _registration.Update(_record);
    }

    public virtual void Turn(long now)
    {
        if (_keeper.Take(now) is { } keep)
        {
            _keeper.Answer(Ask(keep, now, out var at), at);
        }

        if (_registration.Take(_keeper.LeaseId, now, now / 1000) is { } write)
        {
            var answer = Ask(write, now, out var at);
            _registration.Answer(answer, at);
            _engine.MemberChanges += answer is TransactionAnswer { Succeeded: true } ? 1 : 0;
            if (answer is EngineFailure { Error.Kind: EngineErrorKind.NotFound })
            {
                _keeper.Suspect(at);
            }
        }
    }

    protected EngineAnswer Ask(EngineRequest request, long now, out long at)
    {
        (var answer, at) = _engine.Call(request, now, IsCut);
        _busyUntil = Math.Max(_busyUntil, at);
        return answer;
    }
}

using Proxy.Cluster.Bans;
using Proxy.Cluster.Engine;
using Proxy.Cluster.Members;
using Proxy.Cluster.Seeds;
using Proxy.Kernel;
using Proxy.TestKit;

namespace Proxy.Cluster.Tests.Harness;

/// <summary>Several nodes' cluster actors over one store, all under one virtual clock, in an order that the seed decides.</summary>
internal sealed class VirtualCluster : IDisposable
{
    private readonly TestSystem _test;
    private readonly List<ActorSystem> _systems = [];
    private int _stores;

    public VirtualCluster(int seed = 1)
    {
        _test = new TestSystem(seed);
        Store = NewStore();
    }

    public SeedEngine Store { get; private set; }

    public ManualTime Time => _test.Time;

    public long Now => Time.NowMicroseconds();

    public static MemberRecord Record(string name, MemberState state = MemberState.Up) => new()
    {
        Name = name,
        Identity = "identity of " + name,
        Addresses = [new MemberAddress("kcp", "127.0.0.1:4000")],
        Roles = ["server"],
        Version = "0.1.0",
        Capacity = 1000,
        State = state,
        StartedAtMilliseconds = 1,
    };

    public VirtualNode Start(string name) => Start(Record(name));

    public VirtualNode Start(MemberRecord? record)
    {
        var setup = new ActorSystemSetup { TimeProvider = Time, Dispatcher = _test.Dispatcher, RandomSeed = _systems.Count + 1 };
        var system = ActorSystem.Create($"node-{_systems.Count}", setup);
        _systems.Add(system);
        var node = new VirtualNode(this, system, new FaultyEngine(() => Store, Time), new ClusterSettings { Self = record });
        _test.Run();
        return node;
    }

    public void Run() => _test.Run();

    public void Advance(TimeSpan duration) => _test.Advance(duration);

    public void Advance(double seconds) => Advance(TimeSpan.FromSeconds(seconds));

    /// <summary>The seed is restarted: another store, empty, and every connection to it broken.</summary>
    public void RestartStore(params VirtualNode[] nodes)
    {
        var old = Store;
        Store = NewStore();
        foreach (var node in nodes)
        {
            node.Engine.BreakConnections();
        }

        old.Dispose();
        Run();
    }

    public T Ask<T>(EngineRequest request)
        where T : EngineAnswer => Assert.IsType<T>(Store.Call(request));

    public void Dispose()
    {
        foreach (var system in _systems)
        {
            var terminated = system.Terminate();
            _test.Run();
            Assert.True(terminated.IsCompleted);
        }

        Store.Dispose();
        _test.Dispose();
    }

    private SeedEngine NewStore() => new(new Random(++_stores), Time);
}

/// <summary>One node of it.</summary>
internal sealed class VirtualNode
{
    public VirtualNode(VirtualCluster cluster, ActorSystem system, FaultyEngine engine, ClusterSettings settings)
    {
        Cluster = cluster;
        System = system;
        Engine = engine;
        Events = new TestProbe(system, "events");
        system.EventStream.Subscribe<ClusterEvent>(Events.Ref);
        Views = new TestProbe(system, "views");
        var joined = settings with { Bans = Bans };
        Actor = system.ActorOf(Props.Create(() => new ClusterActor(joined, engine)), "cluster");
    }

    public VirtualCluster Cluster { get; }

    public ActorSystem System { get; }

    public FaultyEngine Engine { get; }

    public TestProbe Events { get; }

    public BanBoard Bans { get; } = new();

    public TestProbe Views { get; }

    public IActorRef Actor { get; }

    public MemberView View
    {
        get
        {
            Views.Send(Actor, GetMemberView.Instance);
            return Views.ExpectMsg<MemberView>();
        }
    }

    public string Names => string.Join(' ', View.Members.Keys);

    public void Tell(object message)
    {
        Actor.Tell(message, Views.Ref);
        Cluster.Run();
    }

    /// <summary>As a process that is killed: nothing is given back.</summary>
    public void Kill()
    {
        Engine.CutOff();
        System.Stop(Actor);
        Cluster.Run();
    }

    /// <summary>What has been published and not been looked at, without the views.</summary>
    public List<ClusterEvent> TakeEvents()
    {
        List<ClusterEvent> events = [];
        while (Events.HasMessages)
        {
            events.Add(Events.ExpectMsg<ClusterEvent>());
        }

        return [.. events.Where(happened => happened is not MemberViewChanged)];
    }
}

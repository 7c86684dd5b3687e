using System.Net;
using Proxy.Kernel;
using Proxy.Kernel.Event;
using Proxy.Policy.Limits;
using Proxy.Simulation.Tests;
using Proxy.TestKit;
using Proxy.Transport;

namespace Proxy.Actors.Tests;

/// <summary>Listeners alone, each on a loop of its own: what they serve is held, unread, until the test lets it go.</summary>
internal sealed class ListenerRig
{
    private readonly SimulatedHost _host;
    private readonly ActorSystem _system;
    private readonly TestProbe _probe;
    private readonly List<LogEvent> _lines = [];
    private readonly SimulatedLoop[] _clientLoops;

    public ListenerRig(int nodeMaximum = int.MaxValue, int seed = 1)
    {
        var dispatcher = new DeterministicDispatcher(seed);
        World = new SimulatedWorld(seed, new DispatcherReadyQueue(dispatcher));
        _host = World.AddHost("relay", "10.0.0.2");
        _clientLoops = [.. Clients.Select(address => World.CreateLoop(World.AddHost($"client-{address}", address), "loop"))];
        _system = ActorSystem.Create(
            "relay", new ActorSystemSetup { TimeProvider = World.Time, Dispatcher = dispatcher, RandomSeed = seed, LogLevel = LogLevel.Debug });
        var collector = _system.SystemActorOf(
            ScriptedActor.Props((_, message) => _lines.Add((LogEvent)message)).WithDispatcher(new CallingThreadDispatcher()), "collector");
        _system.EventStream.Subscribe<LogEvent>(collector);
        _probe = new TestProbe(_system);
        Node = new ConnectionBudget(nodeMaximum);
    }

    /// <summary>Two in each of two networks of 24 bits.</summary>
    public static IReadOnlyList<string> Clients { get; } = ["10.0.0.4", "10.0.0.5", "10.0.1.4", "10.0.1.5"];

    public SimulatedWorld World { get; }

    public ConnectionBudget Node { get; }

    public IReadOnlyList<LogEvent> Lines => _lines;

    public Listener Listen(GateSettings gate, int port = 7000)
    {
        var loop = World.CreateLoop(_host, $"loop-{port}");
        var dispatcher = new LoopDispatcher(loop, new LeakCheckingPool());
        var listener = new Listener(IPEndPoint.Parse($"10.0.0.2:{port}"));
        var plan = new FrontendPlan("web", listener.Address, "-", gate, Node, new FrontendCounters(), accepted => Hold(listener, loop, accepted));
        listener.Plan = plan;
        _system.ActorOf(ScriptedActor.Props(new Script
        {
            Constructed = context => listener.Actor = context.ActorOf(Props.Create(() => new ListenerActor(plan)).WithDispatcher(dispatcher), "listener"),
            Handle = (_, _) => true,
        }));
        World.Settle();
        return listener;
    }

    public void Change(Listener listener, GateSettings gate)
    {
        listener.Plan = listener.Plan! with { Gate = gate };
        listener.Actor!.Tell(new ListenerActor.Change(listener.Plan), ActorRefs.NoSender);
        RunFor(0.01);
    }

    /// <summary>A connection of client number 0 to 3; returns when it was accepted, and served, refused or left to wait.</summary>
    public ScriptedSocket Connect(Listener listener, int client = 0)
    {
        var socket = ScriptedSocket.Connect(_clientLoops[client], listener.Address);
        RunFor(0.01);
        return socket;
    }

    public void Release(Held held)
    {
        held.Actor!.Tell(PoisonPill.Instance, ActorRefs.NoSender);
        RunFor(0.01);
    }

    public FrontendStatus Status(Listener listener)
    {
        _probe.Send(listener.Actor!, GetStatus.Instance);
        World.RunUntil(() => _probe.HasMessages, TimeSpan.FromSeconds(1));
        return Assert.Single(_probe.ExpectMsg<ComponentStatus>().Frontends);
    }

    public long Refused(Listener listener, string reason) => Assert.Single(Status(listener).Refusals, refusal => refusal.Reason == reason).Count;

    public void RunFor(double seconds) => World.RunFor(TimeSpan.FromSeconds(seconds));

    /// <summary>Runs until the clock on the wall shows that time.</summary>
    public void RunTo(DateTimeOffset moment) => World.RunFor(moment - World.Time.GetUtcNow());

    public bool HasLine(LogLevel level, params string[] parts) =>
        _lines.Exists(line => line.Level == level && Array.TrueForAll(parts, part => line.Text.Contains(part, StringComparison.Ordinal)));

    /// <summary>Stops all, and sees to it that nothing is left and nothing was wrong.</summary>
    public void EndWell()
    {
        var terminated = _system.Terminate();
        World.RunUntil(() => terminated.IsCompleted, TimeSpan.FromSeconds(5));
        RunFor(3);
        Assert.Equal((0, 0, 0), (Node.Active, _host.OpenListeners, _host.OpenTcpSockets));
        Assert.Empty(_lines.Where(line => line.Level == LogLevel.Error).Select(line => line.Text));
    }

    private static Props Hold(Listener listener, SimulatedLoop loop, IAcceptedConnection accepted)
    {
        var held = new Held(accepted.RemoteEndPoint);
        IChannel? channel = null;
        return ScriptedActor.Props(new Script
        {
            Constructed = context =>
            {
                channel = loop.Adopt(accepted, TunnelStreamChannel.Nobody);
                held.Actor = context.Self;
                listener.Served.Add(held);
            },
            Handle = (context, message) =>
            {
                switch (message)
                {
                    case ClientNamed named:
                        context.Parent.Tell(named, context.Self);
                        break;
                    default:
                        held.Answers.Add(message);
                        break;
                }

                return true;
            },
            PostStop = _ =>
            {
                channel!.Abort();
                held.IsLiving = false;
            },
        }).WithDispatcher(new LoopDispatcher(loop, new LeakCheckingPool()));
    }

    internal sealed class Listener(IPEndPoint address)
    {
        public IPEndPoint Address { get; } = address;

        public IActorRef? Actor { get; set; }

        public FrontendPlan? Plan { get; set; }

        /// <summary>In the order in which they were served, ended ones too.</summary>
        public List<Held> Served { get; } = [];

        public IEnumerable<Held> Living => Served.Where(held => held.IsLiving);

        public Held ServedTo(ScriptedSocket socket) => Served.Single(held => held.Client.Equals(socket.LocalEndPoint));

        public bool HasServed(ScriptedSocket socket) => Served.Exists(held => held.Client.Equals(socket.LocalEndPoint));
    }

    /// <summary>A connection that was served. Told a <see cref="ClientNamed"/>, it passes that on to its listener and keeps the answer.</summary>
    internal sealed class Held(IPEndPoint client)
    {
        public IPEndPoint Client { get; } = client;

        public IActorRef? Actor { get; set; }

        public bool IsLiving { get; set; } = true;

        public List<object> Answers { get; } = [];
    }
}

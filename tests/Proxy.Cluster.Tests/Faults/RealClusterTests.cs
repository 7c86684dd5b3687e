using Proxy.Cluster.Engine;
using Proxy.Cluster.Etcd;
using Proxy.Cluster.Members;
using Proxy.Cluster.Shares;
using Proxy.Cluster.Tests.Harness;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.Kernel;
using Proxy.TestKit;

namespace Proxy.Cluster.Tests.Faults;

/// <summary>Cluster actors over HTTP, at a real seed and at three real etcd nodes.</summary>
public sealed class RealClusterTests
{
    [Fact]
    public async Task Members_at_a_seed_that_is_killed_stay_and_register_again_when_it_is_back()
    {
        var address = new Uri($"http://{FreePort.ForTcp()}");
        var seed = await StartSeedAsync(address);
        await using var one = new RealNode("one", [address]);
        await using var two = new RealNode("two", [address]);
        await one.SeesAsync("one two");
        await two.SeesAsync("one two");
        var before = one.View.ClusterId;

        await seed.KillAsync();
        await one.UntilAsync(view => view.IsStale);
        Assert.Equal("one two", one.Names);

        await using var again = await StartSeedAsync(address);
        await one.UntilAsync(view => !view.IsStale && view.ClusterId != before);
        using var client = Clients.To(address);
        await RealTime.UntilAsync(async () => (await MembersAsync(client)).Count == 2, () => "they do not register again");
        Assert.Equal("one two", one.Names);
        Assert.DoesNotContain(one.Events(), happened => happened is MemberRemoved or MemberNameTaken);
    }

    [Fact]
    public async Task Members_at_three_etcd_nodes_outlive_any_one_of_them_and_the_loss_of_the_quorum()
    {
        await using var etcd = await EtcdNodes.StartAsync(3);
        await etcd.ReadyAsync(Clients.To);
        await using var one = new RealNode("one", etcd.Endpoints);
        await using var two = new RealNode("two", etcd.Endpoints);
        await one.SeesAsync("one two");
        var limit = new ClusterLimit("frontend:web", 1000);
        var other = new ClusterLimit("frontend:web", 1000);
        one.Actor.Tell(new ShareLimit(limit), null);
        two.Actor.Tell(new ShareLimit(other), null);
        await RealTime.UntilAsync(() => Task.FromResult(Share(limit) + Share(other) == 1000), () => $"shares: {Share(limit)}, {Share(other)}");

        await etcd.KillAsync(0);
        await using (var three = new RealNode("three", etcd.Endpoints))
        {
            await one.SeesAsync("one three two");
        }

        await one.SeesAsync("one two");
        await etcd.KillAsync(1);
        await one.UntilAsync(view => view.IsStale);
        Assert.Equal("one two", one.Names);
        await RealTime.UntilAsync(() => Task.FromResult(Share(limit) + Share(other) == 0), () => $"shares without a lease: {Share(limit)}, {Share(other)}");

        etcd.Start(0);
        await one.UntilAsync(view => !view.IsStale);
        await one.SeesAsync("one two");
        await RealTime.UntilAsync(() => Task.FromResult(Share(limit) + Share(other) == 1000), () => $"shares: {Share(limit)}, {Share(other)}");
    }

    private static long Share(ClusterLimit limit) => limit.Share(RealTime.Clock.NowMicroseconds());

    private static Task<EngineProcess> StartSeedAsync(Uri address) => EngineProcess.StartSeedAsync("--listen", address.ToString());

    private static async Task<IReadOnlyList<KeyValue>> MembersAsync(EtcdClient client) =>
        await client.CallAsync(new RangeRequest(KeyRange.Prefix("/tcpproxy/default/common/members/"))) is RangeAnswer answer ? answer.Values : [];

    /// <summary>A node with its own client, on real threads.</summary>
    private sealed class RealNode : IAsyncDisposable
    {
        private readonly EtcdClient _client;
        private readonly ActorSystem _system;
        private readonly TestProbe _events;
        private readonly TestProbe _views;

        public RealNode(string name, IReadOnlyList<Uri> endpoints)
        {
            _client = Clients.To(endpoints, attempt: TimeSpan.FromSeconds(1));
            _system = ActorSystem.Create(name);
            _events = new TestProbe(_system);
            _views = new TestProbe(_system);
            _system.EventStream.Subscribe<ClusterEvent>(_events.Ref);
            var settings = new ClusterSettings { Self = VirtualCluster.Record(name), LeaseSeconds = 3 };
            Actor = _system.ActorOf(Props.Create(() => new ClusterActor(settings, _client)), "cluster");
        }

        public IActorRef Actor { get; }

        public MemberView View
        {
            get
            {
                _views.Send(Actor, GetMemberView.Instance);
                return _views.ExpectMsg<MemberView>();
            }
        }

        public string Names => string.Join(' ', View.Members.Keys);

        public List<ClusterEvent> Events()
        {
            List<ClusterEvent> events = [];
            while (_events.HasMessages)
            {
                events.Add(_events.ExpectMsg<ClusterEvent>());
            }

            return events;
        }

        public Task SeesAsync(string names) => UntilAsync(view => string.Join(' ', view.Members.Keys) == names);

        public Task UntilAsync(Predicate<MemberView> condition) =>
            RealTime.UntilAsync(() => Task.FromResult(condition(View)), () => $"it sees {Names}, stale: {View.IsStale}");

        public async ValueTask DisposeAsync()
        {
            _views.Send(Actor, LeaveCluster.Instance);
            _views.ExpectMsg<LeftCluster>(timeout: RealTime.Bound);
            await _system.Terminate();
            _client.Dispose();
        }
    }
}

using Proxy.Cluster.Tests.Harness;

namespace Proxy.Cluster.Tests.Shares;

/// <summary>
/// Nodes that join, die, are cut off, lose answers and change their minds at random, and what has to hold after every tenth of a second: connections taken
/// under leases that live sum up to no more than the limit, and at most one node divides.
/// </summary>
internal sealed class SharedLimitRun(Random random, int limit) : IDisposable
{
    private readonly VirtualCluster _cluster = new(random.Next());
    private readonly List<LimitedNode> _nodes = [];
    private int _started;
    private bool _isPeaceful = true;

    public void Step()
    {
        if (_nodes.Count < 2)
        {
            Join();
        }

        var node = _nodes[random.Next(_nodes.Count)];
        switch (random.Next(15))
        {
            case 0 when _nodes.Count < 6:
                Join();
                break;
            case 1:
                node.Kill();
                _nodes.Remove(node);
                break;
            case 2:
                node.Node.Engine.CutOff();
                _isPeaceful = false;
                break;
            case 3 or 4:
                node.Node.Engine.Restore();
                break;
            case 5:
                node.Node.Engine.Delay = TimeSpan.FromMilliseconds(random.Next(800));
                break;
            case 6:
                node.Node.Engine.LosesAnswers = random.Next(2) == 0;
                _isPeaceful = false;
                break;
            case 7:
                node.Forget();
                for (var tenth = random.Next(0, 12); tenth > 0; tenth--)
                {
                    Work();
                }

                node.Remember();
                break;
            default:
                node.Demand = random.Next(3) == 0 ? 0 : random.Next(limit);
                break;
        }

        for (var tenth = random.Next(1, 15); tenth > 0; tenth--)
        {
            Work();
        }
    }

    /// <summary>All is well again and everybody wants everything: the limit is used.</summary>
    public void Settle()
    {
        foreach (var node in _nodes)
        {
            node.Node.Engine.Restore();
            node.Node.Engine.Delay = TimeSpan.Zero;
            node.Node.Engine.LosesAnswers = false;
            node.Demand = 0;
        }

        for (var tenth = 0; tenth < 150; tenth++)
        {
            Work();
        }

        _nodes.ForEach(node => node.Demand = limit);
        for (var tenth = 0; tenth < 300; tenth++)
        {
            Work();
        }

        Assert.InRange(_nodes.Sum(node => node.Active), limit * 95 / 100, limit);
        Assert.Single(_nodes, node => node.IsDividing);
    }

    public void Dispose() => _cluster.Dispose();

    private void Join() => _nodes.Add(new LimitedNode(_cluster, $"node-{_started++}", limit));

    private void Work()
    {
        foreach (var node in _nodes)
        {
            node.Work();
        }

        Check();
        _cluster.Advance(0.1);
        Check();
    }

    private void Check()
    {
        var sum = _nodes.Sum(node => node.ActiveUnderPresentLease);
        Assert.True(sum <= limit, $"{sum} connections under leases that live, {string.Join(", ", _nodes.Select(node => $"{node.Active}/{node.Share}"))}");
        if (_isPeaceful)
        {
            var all = _nodes.Sum(node => node.Active);
            Assert.True(all <= limit, $"{all} connections without any fault");
        }

        Assert.True(_nodes.Count(node => node.IsDividing) <= 1, "two nodes divide");
    }
}

using Proxy.Cluster.Engine;
using Proxy.Cluster.Members;
using Proxy.Kernel;

namespace Proxy.Cluster;

public sealed partial class ClusterActor
{
    private void HandleSuspect(string name)
    {
        if (!_table.View.Members.TryGetValue(name, out var member))
        {
            return;
        }

        Context.Watch(Sender);
        if (_suspicions.Add(name, Sender))
        {
            Publish(new UnreachableMember(member));
        }
    }

    private void HandleTrust(string name)
    {
        if (_suspicions.Remove(name, Sender))
        {
            PublishReachable(name);
        }
    }

    private void HandleReporterGone(IActorRef reporter)
    {
        foreach (var name in _suspicions.Remove(reporter))
        {
            PublishReachable(name);
        }
    }

    private void PublishReachable(string name)
    {
        if (_table.View.Members.TryGetValue(name, out var member))
        {
            Publish(new ReachableMember(member));
        }
    }

    private void BeginLeaving()
    {
        var asker = Sender;
        _keeper?.Release(Now);
        Become(() => Leaving(asker));
        Self.Tell(Due.Instance, Self);
    }

    // The lease's end takes the record, the shares and the lock along.
    private void TurnLeaving(IActorRef asker)
    {
        var now = Now;
        if (_keeper?.Take(now) is { } request)
        {
            _engine.Ask(request, Self, _keeper.Answer);
        }

        if (_keeper is null || _keeper.IsReleased)
        {
            asker.Tell(LeftCluster.Instance, Self);
            Context.Stop(Self);
            return;
        }

        if (_keeper.DueMicroseconds is var due && due != Clock.Never)
        {
            Context.Timers.StartSingleTimer(Due.Instance, Due.Instance, TimeSpan.FromMicroseconds(Math.Max(Clock.Millisecond, due - now)));
        }
    }
}

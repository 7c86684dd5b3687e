using Proxy.Kernel;

namespace Proxy.Actors;

// The one way in which anything ends: a listener that is in the settings no more, a whole server, the node.
public sealed partial class NodeActor
{
    // By the actor that sees to the end of them.
    private readonly Dictionary<IActorRef, IReadOnlyList<IActorRef>> _drains = [];

    private void Draining()
    {
        Receive<Apply>(_ => Sender.Tell(new ApplyFailed(["this node is being drained"])));
        Receive<Terminated>(terminated =>
        {
            Forget(terminated.ActorRef);
            GoOnDraining();
        });
        Receive<Bound>(_ => Sender.Tell(DrainOf(Sender)));
        Receive<BindFailed>(_ => { });
        Receive<Drain>(_ => { });
        ReceiveInEveryState();
    }

    private void BeginDraining()
    {
        Become(Draining);
        foreach (var drain in _drains.Keys)
        {
            Context.Stop(drain);
        }

        _drains.Clear();
        BeginDrain(_settings.Name, [.. _listeners], [.. FrontendsOfAll().Select(frontend => frontend.Counters)]);
        GoOnDraining();
    }

    private void GoOnDraining()
    {
        if (_listeners.Count > 0)
        {
            return;
        }

        if (_poolActors.Count == 0)
        {
            Context.Stop(Self);
        }

        foreach (var pool in _poolActors)
        {
            pool.Tell(TunnelPoolActor.Drain.Instance);
        }
    }

    private void BeginDrain(string subject, IReadOnlyList<IActorRef> listeners, IReadOnlyList<FrontendCounters> counters)
    {
        foreach (var listener in listeners)
        {
            listener.Tell(DrainOf(listener));
        }

        var limit = _settings.Drain;
        _drains.Add(Context.ActorOf(Props.Create(() => new DrainActor(subject, counters, limit)).WithDispatcher(_environment.Dispatchers[0])), listeners);
    }

    private void HandleDrainOver(IActorRef drain)
    {
        foreach (var listener in _drains.GetValueOrDefault(drain, []).Where(_listeners.Contains))
        {
            Context.Stop(listener);
        }
    }

    private void ForgetDrains()
    {
        foreach (var (drain, listeners) in _drains.Where(entry => !entry.Value.Any(_listeners.Contains)).ToArray())
        {
            _drains.Remove(drain);
            Context.Stop(drain);
        }
    }

    private static object DrainOf(IActorRef listener) =>
        listener.Path.Name.StartsWith(TunnelListenerName, StringComparison.Ordinal) ? TunnelListenerActor.Drain.Instance : ListenerActor.Drain.Instance;
}

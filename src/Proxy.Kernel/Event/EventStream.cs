using System.Collections.Immutable;

namespace Proxy.Kernel;

/// <summary>
/// Publish and subscribe by type within one system: a subscriber gets every event that is of the type it named, or derived from it, once.
/// Thread-safe; publishing takes no lock. A subscriber that stops is forgotten.
/// </summary>
public sealed class EventStream
{
    private readonly Lock _lock = new();
    private readonly Subscriptions _subscriptions;
    private ImmutableArray<Subscription> _list = [];

    internal EventStream(ActorSystem system, ActorPath path)
    {
        _subscriptions = new Subscriptions(this, system, path);
    }

    /// <summary>Whether this is a new subscription.</summary>
    public bool Subscribe<TEvent>(IActorRef subscriber) => Subscribe(subscriber, typeof(TEvent));

    public bool Subscribe(IActorRef subscriber, Type eventType)
    {
        lock (_lock)
        {
            if (_list.Contains(new Subscription(subscriber, eventType)))
            {
                return false;
            }

            _list = _list.Add(new Subscription(subscriber, eventType));
        }

        // A subscriber that is dead already answers this at once and is taken out again.
        ((IInternalActorRef)subscriber).SendSystem(new SystemMessage.Watch(_subscriptions));
        return true;
    }

    /// <summary>Whether there was such a subscription.</summary>
    public bool Unsubscribe<TEvent>(IActorRef subscriber) => Unsubscribe(subscriber, typeof(TEvent));

    public bool Unsubscribe(IActorRef subscriber, Type eventType) =>
        Remove(new Subscription(subscriber, eventType).Equals);

    /// <summary>Ends all subscriptions of that subscriber. Whether there were any.</summary>
    public bool Unsubscribe(IActorRef subscriber) => Remove(subscription => subscription.Subscriber == subscriber);

    public void Publish(object anEvent)
    {
        var list = _list;
        for (var index = 0; index < list.Length; index++)
        {
            if (list[index].EventType.IsInstanceOfType(anEvent) && !HasEarlierMatch(list, index, anEvent))
            {
                list[index].Subscriber.Tell(anEvent, ActorRefs.NoSender);
            }
        }
    }

    /// <summary>Whether the same subscriber already got this event by another of its types.</summary>
    private static bool HasEarlierMatch(ImmutableArray<Subscription> list, int index, object anEvent)
    {
        for (var earlier = 0; earlier < index; earlier++)
        {
            if (list[earlier].Subscriber == list[index].Subscriber && list[earlier].EventType.IsInstanceOfType(anEvent))
            {
                return true;
            }
        }

        return false;
    }

    private bool Remove(Predicate<Subscription> which)
    {
        lock (_lock)
        {
            var before = _list.Length;
            _list = _list.RemoveAll(which);
            return _list.Length < before;
        }
    }

    private readonly record struct Subscription(IActorRef Subscriber, Type EventType);

    /// <summary>Watches the subscribers.</summary>
    private sealed class Subscriptions(EventStream stream, ActorSystem system, ActorPath path) : IInternalActorRef
    {
        public ActorPath Path { get; } = path;

        public ActorSystem System { get; } = system;

        public void Tell(object message, IActorRef? sender) => stream.Publish(message);

        public void SendSystem(SystemMessage message)
        {
            if (message is SystemMessage.WatchedTerminated terminated)
            {
                stream.Unsubscribe(terminated.Subject);
            }
        }
    }
}

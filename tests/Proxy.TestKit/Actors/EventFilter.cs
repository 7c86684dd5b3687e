using Proxy.Kernel;
using Proxy.Kernel.Event;

namespace Proxy.TestKit;

/// <summary>Expects events of one kind on the event stream while an action runs: log lines, dead letters, unhandled messages.</summary>
public sealed class EventFilter
{
    private readonly ActorSystem _system;
    private readonly Type _type;
    private readonly Predicate<object> _fits;

    private EventFilter(ActorSystem system, Type type, Predicate<object> fits)
    {
        _system = system;
        _type = type;
        _fits = fits;
    }

    public static EventFilter For<TEvent>(ActorSystem system, Predicate<TEvent>? fits = null) =>
        new(system, typeof(TEvent), anEvent => fits is null || fits((TEvent)anEvent));

    /// <summary>Errors caused by that exception.</summary>
    public static EventFilter Exception<TException>(ActorSystem system)
        where TException : Exception => For<Error>(system, error => error.Cause is TException);

    /// <summary>Warnings whose text contains the given one.</summary>
    public static EventFilter Warning(ActorSystem system, string contains) =>
        For<Warning>(system, warning => warning.Text.Contains(contains, StringComparison.Ordinal));

    public static EventFilter DeadLetter<TMessage>(ActorSystem system) =>
        For<DeadLetter>(system, letter => letter.Message is TMessage);

    public void ExpectOne(Action action) => Expect(1, action);

    /// <summary>Exactly that many fitting events come. On real threads an extra one is noticed only if it is there in time.</summary>
    public void Expect(int count, Action action)
    {
        var probe = new TestProbe(_system);
        _system.EventStream.Subscribe(probe.Ref, _type);
        try
        {
            action();
            var seen = 0;
            while (seen < count)
            {
                seen += _fits(probe.ExpectMsg<object>()) ? 1 : 0;
            }

            while (Await.Condition(_system, () => probe.HasMessages, TimeSpan.Zero))
            {
                var extra = probe.ExpectMsg<object>();
                if (_fits(extra))
                {
                    throw new ExpectationException($"Expected {count} events, got one more: {extra}.");
                }
            }
        }
        finally
        {
            _system.EventStream.Unsubscribe(probe.Ref);
            _system.Stop(probe.Ref);
        }
    }
}

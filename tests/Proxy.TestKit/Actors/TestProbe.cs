using System.Collections.Concurrent;
using Proxy.Kernel;

namespace Proxy.TestKit;

/// <summary>
/// An actor whose messages a test takes out by hand, in order. It runs on the teller's thread, so a message is there when <c>Tell</c> has returned.
/// On a deterministic system an expectation runs turns until it is met and fails as soon as nothing is left to do; on real threads it waits.
/// </summary>
public sealed class TestProbe
{
    private readonly ActorSystem _system;
    private readonly BlockingCollection<(object Message, IActorRef Sender)> _messages = [];
    private long _limitStart;
    private TimeSpan? _limit;
    private IActorRef? _lastSender;

    public TestProbe(ActorSystem system, string? name = null)
    {
        _system = system;
        Ref = system.SystemActorOf(Props.Create(() => new ProbeActor(_messages)).WithDispatcher(new CallingThreadDispatcher()), name);
    }

    public IActorRef Ref { get; }

    /// <summary>Who told the message taken last.</summary>
    public IActorRef LastSender => _lastSender ?? throw new InvalidOperationException("No message has been taken yet.");

    /// <summary>Whether a message is there now.</summary>
    public bool HasMessages => _messages.Count > 0;

    public void Send(IActorRef receiver, object message) => receiver.Tell(message, Ref);

    public void Reply(object message) => LastSender.Tell(message, Ref);

    public void Watch(IActorRef subject) => Ref.Tell(new ProbeActor.Watch(subject), null);

    public void Unwatch(IActorRef subject) => Ref.Tell(new ProbeActor.Unwatch(subject), null);

    /// <summary>Takes the next message, which must be of that type and, if asked, fit.</summary>
    public T ExpectMsg<T>(Predicate<T>? fits = null, TimeSpan? timeout = null)
    {
        var message = Take(typeof(T).Name, timeout);
        if (message is not T typed)
        {
            throw new ExpectationException($"Expected a {typeof(T).Name}, got {message}.");
        }

        if (fits is not null && !fits(typed))
        {
            throw new ExpectationException($"The message does not fit: {message}.");
        }

        return typed;
    }

    /// <summary>Takes the next message, which must equal <paramref name="expected"/>.</summary>
    public void ExpectMsg(object expected, TimeSpan? timeout = null)
    {
        var message = Take(expected.ToString()!, timeout);
        if (!Equals(message, expected))
        {
            throw new ExpectationException($"Expected {expected}, got {message}.");
        }
    }

    /// <summary>Takes as many messages as given, which must equal these in order.</summary>
    public void ExpectMsgs(params object[] expected)
    {
        foreach (var message in expected)
        {
            ExpectMsg(message);
        }
    }

    /// <summary>
    /// Nothing comes: until the system is idle on a deterministic system, else within <paramref name="duration"/>, by default not a moment longer
    /// than now.
    /// </summary>
    public void ExpectNoMsg(TimeSpan? duration = null)
    {
        if (TryTake(duration ?? TimeSpan.Zero, out var message))
        {
            throw new ExpectationException($"Expected nothing, got {message}.");
        }
    }

    /// <summary>Takes messages until one is of that type and fits; the others are forgotten.</summary>
    public T FishForMessage<T>(Predicate<T>? fits = null, TimeSpan? timeout = null)
    {
        while (true)
        {
            if (Take($"a fitting {typeof(T).Name}", timeout) is T typed && (fits is null || fits(typed)))
            {
                return typed;
            }
        }
    }

    public void ExpectTerminated(IActorRef subject, TimeSpan? timeout = null) =>
        ExpectMsg<Terminated>(terminated => terminated.ActorRef == subject, timeout);

    /// <summary>The action ends within that time on the system's clock; expectations inside it wait no longer than what is left.</summary>
    public T Within<T>(TimeSpan maximum, Func<T> action)
    {
        var outerLimit = _limit;
        var outerLimitStart = _limitStart;
        var start = _system.TimeProvider.GetTimestamp();
        _limit = maximum;
        _limitStart = start;
        try
        {
            var result = action();
            var elapsed = _system.TimeProvider.GetElapsedTime(start);
            return elapsed <= maximum ? result : throw new ExpectationException($"Took {elapsed}, which is more than {maximum}.");
        }
        finally
        {
            _limit = outerLimit;
            _limitStart = outerLimitStart;
        }
    }

    public void Within(TimeSpan maximum, Action action) => Within(maximum, () =>
    {
        action();
        return true;
    });

    private object Take(string expectation, TimeSpan? timeout) =>
        TryTake(timeout ?? Remaining() ?? Await.DefaultTimeout, out var message)
            ? message
            : throw new ExpectationException($"Expected {expectation}, nothing came.");

    private TimeSpan? Remaining()
    {
        if (_limit is not { } limit)
        {
            return null;
        }

        var left = limit - _system.TimeProvider.GetElapsedTime(_limitStart);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private bool TryTake(TimeSpan timeout, out object message)
    {
        if (_system.Dispatcher is DeterministicDispatcher)
        {
            Await.Condition(_system, () => _messages.Count > 0);
            timeout = TimeSpan.Zero;
        }

        var taken = _messages.TryTake(out var envelope, timeout);
        message = envelope.Message;
        _lastSender = taken ? envelope.Sender : _lastSender;
        return taken;
    }

    private sealed class ProbeActor(BlockingCollection<(object Message, IActorRef Sender)> messages) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case Watch watch:
                    Context.Watch(watch.Subject);
                    break;
                case Unwatch unwatch:
                    Context.Unwatch(unwatch.Subject);
                    break;
                default:
                    messages.Add((message, Sender));
                    break;
            }
        }

        internal sealed record Watch(IActorRef Subject);

        internal sealed record Unwatch(IActorRef Subject);
    }
}

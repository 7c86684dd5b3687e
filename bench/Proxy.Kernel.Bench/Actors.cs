namespace Proxy.Kernel.Bench;

internal sealed class Counter(long expected, ManualResetEventSlim done) : UntypedActor
{
    private long _handled;

    protected override void OnReceive(object message)
    {
        if (++_handled == expected)
        {
            done.Set();
        }
    }
}

internal sealed class Pong : UntypedActor
{
    protected override void OnReceive(object message) => Sender.Tell(message, Self);
}

internal sealed class Ping(IActorRef pong, int inFlight, int roundTrips, CountdownEvent done) : UntypedActor
{
    public static readonly object Start = new();
    private static readonly object Ball = new();

    private int _sent;
    private int _received;

    protected override void OnReceive(object message)
    {
        if (ReferenceEquals(message, Start))
        {
            for (_sent = 0; _sent < inFlight; _sent++)
            {
                pong.Tell(Ball, Self);
            }

            return;
        }

        if (_sent < roundTrips)
        {
            _sent++;
            pong.Tell(Ball, Self);
        }

        if (++_received == roundTrips)
        {
            done.Signal();
        }
    }
}

internal sealed class Starting(CountdownEvent started) : UntypedActor
{
    protected override void PreStart() => started.Signal();

    protected override void OnReceive(object message) => Unhandled(message);
}

internal sealed class Idle(CountdownEvent handled) : UntypedActor
{
    protected override void OnReceive(object message) => handled.Signal();
}

internal sealed class Switching : ReceiveActor
{
    private readonly ManualResetEventSlim _done;
    private int _left;

    public Switching(int transitions, ManualResetEventSlim done)
    {
        _left = transitions;
        _done = done;
        First();
    }

    private void First()
    {
        Receive<int>(_ => { });
        Receive<long>(_ => { });
        Receive<string>(_ => Next(Second));
    }

    private void Second()
    {
        Receive<int>(_ => { });
        Receive<long>(_ => { });
        Receive<string>(_ => Next(First));
    }

    private void Next(Action state)
    {
        if (--_left == 0)
        {
            _done.Set();
            return;
        }

        Become(state);
        Self.Tell("next", Self);
    }
}

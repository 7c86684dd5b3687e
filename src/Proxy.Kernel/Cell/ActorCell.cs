using Proxy.Kernel.Event;

namespace Proxy.Kernel;

/// <summary>
/// What stays when an actor's instance is replaced: its place in the tree, its mailbox, its watches. Runs on its mailbox's turn only, but for
/// <see cref="ActorOf"/> of the guardians. What few actors need is in <see cref="ActorCellExtras"/>, so that ten thousand idle ones stay small.
/// </summary>
internal sealed partial class ActorCell : IActorContext
{
    [ThreadStatic]
    private static ActorCell? _current;

    [ThreadStatic]
    private static ActorCell? _constructing;

    private readonly Mailbox _mailbox;
    private readonly IInternalActorRef _parent;
    private ActorBase? _actor;
    private Delegate? _behavior;
    private object? _message;
    private IActorRef? _sender;
    private ActorCellExtras? _extras;
    private CellState _state;

    public ActorCell(ActorSystem system, IInternalActorRef parent, ActorPath path, Props props, MessageDispatcher dispatcher)
    {
        System = system;
        _parent = parent;
        Props = props;
        _mailbox = new Mailbox(this, dispatcher, props.MailboxCapacity);
        Self = new LocalActorRef(path, this, _mailbox);
    }

    private enum CellState : byte
    {
        New,
        Running,

        /// <summary>The failed instance is gone; children told to stop are waited for before the next one is made.</summary>
        Recreating,

        /// <summary>Children are waited for.</summary>
        Terminating,
        Terminated,
    }

    /// <summary>The cell whose turn runs on this thread.</summary>
    public static ActorCell? Current => _current;

    public ActorSystem System { get; }

    public Props Props { get; }

    public LocalActorRef Self { get; }

    IActorRef IActorContext.Self => Self;

    public IActorRef Parent => _parent;

    public IActorRef? SenderOrNull => _sender;

    public IActorRef Sender => _sender ?? System.DeadLetters;

    public MessageDispatcher Dispatcher => _mailbox.Dispatcher;

    public int RestartCount => _extras?.RestartCount ?? 0;

    public ITimerScheduler Timers => Extras.Timers ??= new TimerScheduler(System.TimeProvider, _mailbox);

    public IStash Stash => Extras.Stash ??= new ActorStash(this, _mailbox, Props.StashCapacity);

    private ActorCellExtras Extras => _extras ??= new ActorCellExtras();

    /// <summary>Hands the cell under construction to the constructor of its actor, once.</summary>
    public static ActorCell? TakeConstructing()
    {
        var cell = _constructing;
        _constructing = null;
        return cell;
    }

    public static ActorCell? EnterTurn(ActorCell cell)
    {
        var outer = _current;
        _current = cell;
        return outer;
    }

    public static void LeaveTurn(ActorCell? outer) => _current = outer;

    public void Start() => _mailbox.Start();

    /// <summary>Makes the actor, in its first turn.</summary>
    public void EnsureStarted()
    {
        if (_state != CellState.New)
        {
            return;
        }

        _state = CellState.Running;
        try
        {
            _actor = NewInstance();
            _actor.PreStart();
        }
        catch (Exception cause)
        {
            ReleaseActor();
            HandleFailure(new ActorInitializationException($"{Self} could not start: {cause.Message}", cause));
        }
    }

    /// <summary>Handles one user message; whatever it throws becomes a failure of this actor.</summary>
    public void Invoke(in Envelope envelope)
    {
        _message = envelope.Message;
        _sender = envelope.Sender;
        try
        {
            if (envelope.Message is AutoReceivedMessage automatic)
            {
                AutoReceive(automatic);
            }
            else
            {
                Dispatch(envelope.Message);
            }

            _extras?.ReceiveTimer?.Touch(envelope.Message);
        }
        catch (Exception cause)
        {
            HandleFailure(cause);
        }

        _message = null;
        _sender = null;
    }

    public void InvokeSystem(SystemMessage message)
    {
        try
        {
            switch (message)
            {
                case SystemMessage.WatchedTerminated terminated:
                    HandleWatchedTerminated(terminated.Subject);
                    break;
                case SystemMessage.Watch watch:
                    Extras.AddWatcher(watch.Watcher);
                    break;
                case SystemMessage.Unwatch unwatch:
                    _extras?.RemoveWatcher(unwatch.Watcher);
                    break;
                case SystemMessage.Stop:
                    Terminate();
                    break;
                case SystemMessage.Failed failed:
                    HandleChildFailed((LocalActorRef)failed.Child, failed.Cause);
                    break;
                case SystemMessage.Suspend:
                    _isParentSuspended = true;
                    UpdateSuspension();
                    break;
                case SystemMessage.Unsuspend:
                    _isParentSuspended = false;
                    UpdateSuspension();
                    break;
                case SystemMessage.Resume:
                    HandleResume();
                    break;
                case SystemMessage.Recreate recreate:
                    HandleRecreate(recreate.Cause);
                    break;
            }
        }
        catch (Exception cause)
        {
            HandleFailure(cause);
        }
    }

    public ILoggingAdapter GetLogger() => Extras.Logger ??= new EventStreamLogger(System, Self.Path.ToString());

    public void SetReceiveTimeout(TimeSpan? timeout)
    {
        _extras?.ReceiveTimer?.Dispose();
        if (timeout is { } idle)
        {
            Extras.ReceiveTimer = new ReceiveTimer(System.TimeProvider, _mailbox, idle);
        }
        else if (_extras is not null)
        {
            _extras.ReceiveTimer = null;
        }
    }

    /// <summary>The message in hand, for the stash.</summary>
    public Envelope CurrentEnvelope => new(
        _message ?? throw new InvalidOperationException("There is no message in hand to be stashed."),
        _sender);

    private void AutoReceive(AutoReceivedMessage message)
    {
        switch (message)
        {
            case ActorTimer tick:
                if (tick.TryAccept())
                {
                    _message = tick.Message;
                    Dispatch(tick.Message);
                }

                break;
            case ReceiveTimer timer:
                if (timer == _extras?.ReceiveTimer && timer.IsIdleLongEnough())
                {
                    _message = ReceiveTimeout.Instance;
                    Dispatch(ReceiveTimeout.Instance);
                }

                break;
            case Terminated terminated:
                if (StopsWatching(terminated.ActorRef))
                {
                    Dispatch(terminated);
                }

                break;
            case PoisonPill:
                Self.SendSystem(new SystemMessage.Stop());
                break;
            case Kill:
                throw new ActorKilledException($"{Self} was killed.");
        }
    }

    private void Dispatch(object message)
    {
        var handled = true;
        if (_behavior is null)
        {
            handled = _actor!.Receive(message);
        }
        else if (_behavior is UntypedReceive untyped)
        {
            untyped(message);
        }
        else
        {
            handled = ((Receive)_behavior)(message);
        }

        if (!handled)
        {
            _actor!.Unhandled(message);
        }
    }

    private ActorBase NewInstance()
    {
        var outer = _constructing;
        _constructing = this;
        ActorBase actor;
        bool constructed;
        try
        {
            actor = Props.Factory();
            constructed = _constructing is null;
        }
        finally
        {
            _constructing = outer;
        }

        if (!constructed)
        {
            throw new InvalidOperationException("The factory of the Props returned an actor that it had made before.");
        }

        (actor as ReceiveActor)?.EndInitialConfiguration();
        if (actor is IWithTimers timed)
        {
            timed.Timers = Timers;
        }

        if (actor is IWithStash stashing)
        {
            stashing.Stash = Stash;
        }

        return actor;
    }

    private void LogError(Exception cause, LocalActorRef source, string text) =>
        System.EventStream.Publish(new Error(cause, source.Path.ToString(), text));
}

namespace Proxy.Kernel;

/// <summary>When the child of a <see cref="BackoffSupervisor"/> is made again.</summary>
public enum BackoffTrigger
{
    /// <summary>When it fails; if it stops by itself, so does the supervisor.</summary>
    OnFailure,

    /// <summary>When it stops, also by itself; a failure stops it.</summary>
    OnStop,
}

/// <summary>How a <see cref="BackoffSupervisor"/> waits.</summary>
/// <param name="ChildProps">The child.</param>
/// <param name="ChildName">Its name.</param>
/// <param name="MinimumBackoff">The wait before the first restart; doubled for each one after it.</param>
/// <param name="MaximumBackoff">The longest wait, before jitter.</param>
/// <param name="RandomFactor">Up to this part of the wait is added by chance, so that many do not come back at once; 0.2 is 20 %.</param>
/// <param name="Random">The chance; used by this supervisor alone.</param>
public sealed record BackoffOptions(
    Props ChildProps,
    string ChildName,
    TimeSpan MinimumBackoff,
    TimeSpan MaximumBackoff,
    double RandomFactor,
    Random Random)
{
    public BackoffTrigger Trigger { get; init; } = BackoffTrigger.OnFailure;

    /// <summary>A child that has lived this long is forgiven its past restarts; null takes <see cref="MinimumBackoff"/>.</summary>
    public TimeSpan? AutoReset { get; init; }

    /// <summary>Whether only the child's <see cref="BackoffSupervisor.Reset"/> forgives.</summary>
    public bool ManualReset { get; init; }

    /// <summary>Restarts without a reset in between before the supervisor stops itself; negative for no limit.</summary>
    public int MaximumRestarts { get; init; } = -1;
}

/// <summary>
/// Keeps one child alive, waiting longer and longer between its restarts. Messages to the supervisor are forwarded to the child; while it waits
/// there is none, and they go to dead letters.
/// </summary>
public sealed class BackoffSupervisor : UntypedActor
{
    private readonly BackoffOptions _options;
    private readonly OneForOneStrategy _strategy;
    private IActorRef? _child;
    private int _restarts;

    /// <summary>Whether the present child has failed, as opposed to having stopped by itself.</summary>
    private bool _failed;

    private BackoffSupervisor(BackoffOptions options)
    {
        _options = options;
        _strategy = new OneForOneStrategy(_ =>
        {
            _failed = true;
            return Directive.Stop;
        });
    }

    private enum Timer
    {
        Start,
        Reset,
    }

    public static Props Props(BackoffOptions options) => Kernel.Props.Create(() => new BackoffSupervisor(options));

    /// <summary>The wait before restart number <paramref name="restart"/>, counted from 0.</summary>
    public static TimeSpan BackoffOf(BackoffOptions options, int restart)
    {
        // 2^30 of anything is past every maximum; a greater exponent only loses precision.
        var backoff = Math.Min(options.MaximumBackoff.Ticks, options.MinimumBackoff.Ticks * Math.Pow(2, Math.Min(restart, 30)));
        return TimeSpan.FromTicks((long)(backoff * (1 + (options.Random.NextDouble() * options.RandomFactor))));
    }

    protected internal override SupervisorStrategy SupervisorStrategy() => _strategy;

    protected internal override void PreStart() => StartChild();

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Timer.Start:
                StartChild();
                break;
            case Timer.Reset:
                _restarts = 0;
                break;
            case Terminated:
                HandleChildStopped();
                break;
            case Reset:
                _restarts = 0;
                break;
            case GetCurrentChild:
                Sender.Tell(new CurrentChild(_child), Self);
                break;
            case GetRestartCount:
                Sender.Tell(new RestartCount(_restarts), Self);
                break;
            default:
                (_child ?? Context.System.DeadLetters).Tell(message, Sender);
                break;
        }
    }

    private void StartChild()
    {
        _failed = false;
        _child = Context.Watch(Context.ActorOf(_options.ChildProps, _options.ChildName));
        if (!_options.ManualReset)
        {
            Context.Timers.StartSingleTimer(Timer.Reset, Timer.Reset, _options.AutoReset ?? _options.MinimumBackoff);
        }
    }

    private void HandleChildStopped()
    {
        _child = null;
        Context.Timers.Cancel(Timer.Reset);
        var stoppedByItself = !_failed && _options.Trigger == BackoffTrigger.OnFailure;
        var exhausted = _options.MaximumRestarts >= 0 && _restarts >= _options.MaximumRestarts;
        if (stoppedByItself || exhausted)
        {
            Context.Stop(Self);
            return;
        }

        Context.Timers.StartSingleTimer(Timer.Start, Timer.Start, BackoffOf(_options, _restarts));
        _restarts++;
    }

    /// <summary>From the child or anybody: the past restarts are forgiven.</summary>
    public sealed record Reset;

    public sealed record GetCurrentChild;

    /// <summary>The child; null during a wait.</summary>
    public sealed record CurrentChild(IActorRef? Ref);

    public sealed record GetRestartCount;

    public sealed record RestartCount(int Count);
}

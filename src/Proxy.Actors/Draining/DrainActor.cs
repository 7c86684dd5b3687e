using Proxy.Kernel;
using Proxy.Kernel.Event;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>
/// Sees to the end of something that takes nobody any more: tells how many are left, ends idle connections bit by bit, and tells its parent when
/// the time is over. Whoever made it stops it when the last has gone.
/// </summary>
internal sealed class DrainActor : ReceiveActor
{
    private readonly string _subject;
    private readonly IReadOnlyList<FrontendCounters> _counters;
    private readonly TimeSpan? _limit;
    private readonly DrainPace? _pace;
    private readonly Random _random;
    private readonly ILoggingAdapter _log;
    private readonly long _beganMicroseconds;
    private int _closed;

    /// <param name="subject">What drains, for log and status.</param>
    /// <param name="counters">Its connections.</param>
    /// <param name="limit">How long it may take; null: as long as it likes.</param>
    public DrainActor(string subject, IReadOnlyList<FrontendCounters> counters, TimeSpan? limit)
    {
        (_subject, _counters, _limit) = (subject, counters, limit);
        _pace = limit is { } time && time > TimeSpan.Zero ? new DrainPace(time) : null;
        _random = Context.System.CreateRandom();
        _log = Context.GetLogger();
        _beganMicroseconds = Loop.NowMicroseconds;
        Receive<Timer>(timer => timer == Timer.Look, _ => CloseIdle());
        Receive<Timer>(timer => timer == Timer.Progress, _ => _log.Info($"{Text()}"));
        Receive<Timer>(_ => End());
        Receive<GetStatus>(_ => Sender.Tell(new ComponentStatus { Drains = [Status()] }));
    }

    /// <summary>To the parent: the time is over, and so many connections are left.</summary>
    internal sealed record Over(int Left);

    private enum Timer
    {
        Look,
        Progress,
        End,
    }

    private IIoLoop Loop => ((LoopDispatcher)Context.Dispatcher).Loop;

    private long Elapsed => Loop.NowMicroseconds - _beganMicroseconds;

    private int Left => _counters.Sum(counters => counters.LiveCount);

    protected override void PreStart()
    {
        Context.Timers.StartPeriodicTimer(Timer.Progress, Timer.Progress, ProgressInterval);
        if (_limit is { } limit)
        {
            Context.Timers.StartSingleTimer(Timer.End, Timer.End, limit);
        }

        LookLater();
    }

    private void LookLater()
    {
        if (_pace?.NextLookMicroseconds(Elapsed, _random) is { } next)
        {
            Context.Timers.StartSingleTimer(Timer.Look, Timer.Look, TimeSpan.FromMicroseconds(next - Elapsed));
        }
    }

    private void CloseIdle()
    {
        var now = Loop.NowMicroseconds;
        var idle = _counters.SelectMany(counters => counters.Live())
            .Where(record => record.Relay is { HasEnded: false } relay && relay.QuietFor(now) >= IdleAfter)
            .OrderBy(record => record.StartMicroseconds)
            .ToArray();
        var due = _pace!.Due(idle.Length, Elapsed, _random);
        foreach (var record in idle.Take(due))
        {
            record.Relay!.CloseIfQuiet(IdleAfter);
        }

        _closed += due;
        LookLater();
    }

    private void End()
    {
        var left = Left;
        if (left > 0)
        {
            _log.Warning($"{_subject}: the time to drain is over, {left} connections are cut");
        }

        Context.Parent.Tell(new Over(left));
    }

    private string Text() =>
        $"{_subject}: draining, {Left} connections left{(_closed > 0 ? $", {_closed} idle ones were closed" : "")}"
        + (_limit is { } limit ? $", {Math.Max(0, limit.TotalSeconds - (Elapsed / 1e6)):0} s to go" : "");

    private DrainStatus Status() => new(_subject, Left, _closed, _limit is { } limit ? Math.Max(0, (long)(limit.TotalSeconds - (Elapsed / 1e6))) : null);

    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan IdleAfter = TimeSpan.FromSeconds(1);
}

using Proxy.Kernel;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>
/// Writes a line for each connection of a frontend that lives for longer than an interval, once in each: one timer for all of them, so that a
/// connection costs nothing for being watched.
/// </summary>
internal sealed class LiveLogActor : ReceiveActor
{
    private readonly TimeSpan _interval;

    public LiveLogActor(FrontendCounters counters, ConnectionAccessLog log, TimeSpan interval)
    {
        _interval = interval;
        var loop = ((LoopDispatcher)Context.Dispatcher).Loop;
        Receive<Tick>(_ => WriteLive(counters, log, loop));
    }

    private enum Tick
    {
        Interval,
    }

    protected override void PreStart() => Context.Timers.StartPeriodicTimer(Tick.Interval, Tick.Interval, _interval);

    private void WriteLive(FrontendCounters counters, ConnectionAccessLog log, IIoLoop loop)
    {
        var now = Context.System.TimeProvider.GetUtcNow();
        var youngest = loop.NowMicroseconds - (_interval.Ticks / TimeSpan.TicksPerMicrosecond);
        foreach (var record in counters.Live())
        {
            if (record.StartMicroseconds <= youngest && record.EndMicroseconds is null)
            {
                log.Live(record, now, loop.NowMicroseconds);
            }
        }
    }
}

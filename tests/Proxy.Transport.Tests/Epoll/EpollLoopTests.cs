using System.Net;
using Proxy.Transport.Epoll;
using Proxy.Transport.Tests.Contract;

namespace Proxy.Transport.Tests.Epoll;

public sealed class EpollLoopTests() : LoopbackLoopTests(LoopBackendKind.Epoll);

public sealed class EpollAllocationTests() : LoopbackAllocationTests(LoopBackendKind.Epoll);

public sealed class EpollDeadlineTests : IDisposable
{
    private readonly LoopbackEnvironment _environment = new(LoopBackendKind.Epoll, IPAddress.Loopback);

    [Fact]
    public void Deadlines_of_microseconds_are_not_rounded_to_milliseconds()
    {
        // Twenty waits of 100 µs in a row are 2 ms; rounded up to milliseconds they would be 20 ms at the very least, every time.
        var best = long.MaxValue;
        for (var tries = 0; tries < 50 && best >= 20_000; tries++)
        {
            best = Math.Min(best, TimeOfTwentyDeadlines());
        }

        using var descriptor = new EpollDescriptor(capacity: 1);
        descriptor.Wait(1);
        Assert.True(best < 20_000 || !descriptor.IsPrecise, $"Twenty deadlines 100 µs apart took {best} µs.");
    }

    public void Dispose() => _environment.Dispose();

    private long TimeOfTwentyDeadlines()
    {
        var loop = _environment.First;
        var (left, took) = (20, 0L);
        _environment.Run(loop, () =>
        {
            var start = loop.NowMicroseconds;
            IDeadline deadline = null!;
            deadline = loop.CreateDeadline(() =>
            {
                if (--left > 0)
                {
                    deadline.Set(loop.NowMicroseconds + 100);
                }
                else
                {
                    Volatile.Write(ref took, loop.NowMicroseconds - start);
                }
            });
            deadline.Set(start + 100);
        });
        _environment.Until(() => Volatile.Read(ref took) > 0, "all twenty have fired");
        return took;
    }
}

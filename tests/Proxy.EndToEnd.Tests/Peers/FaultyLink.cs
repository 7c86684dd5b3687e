using System.Net;
using Proxy.Link.Bench;

namespace Proxy.EndToEnd.Tests.Peers;

/// <summary>The benchmarks' UDP link in front of a server, on a thread of its own, with faults that a test switches on and off.</summary>
internal sealed class FaultyLink : IDisposable
{
    private readonly Link.Bench.Link _link;
    private readonly Thread _thread;
    private volatile bool _isOver;

    /// <param name="target">Where the server is.</param>
    /// <param name="delayMilliseconds">Each way.</param>
    /// <param name="megabitsPerSecond">Of the bottleneck; 0: there is none.</param>
    /// <param name="queueKibibytes">In front of the bottleneck.</param>
    public FaultyLink(IPEndPoint target, double delayMilliseconds = 0, double megabitsPerSecond = 0, double queueKibibytes = 512)
    {
        _link = new Link.Bench.Link(new LinkSettings
        {
            Listen = new IPEndPoint(IPAddress.Loopback, 0),
            Target = target,
            DelayMilliseconds = delayMilliseconds,
            MegabitsPerSecond = megabitsPerSecond,
            QueueBytes = queueKibibytes * 1024,
        });
        _thread = new Thread(() => _link.Run(() => _isOver)) { IsBackground = true, Priority = ThreadPriority.Highest };
        _thread.Start();
    }

    /// <summary>Where the client is to take the server to be.</summary>
    public IPEndPoint Entry => _link.Entry;

    /// <summary>What is lost each way, from now on; 1 is a blackout.</summary>
    public void Lose(double share) => _link.Settings = _link.Settings with { Loss = share };

    public void Reorder(double share) => _link.Settings = _link.Settings with { Reordering = share };

    public void Duplicate(double share) => _link.Settings = _link.Settings with { Duplication = share };

    /// <summary>As behind a NAT that has lost its table: see <see cref="Link.Bench.Link.Rebind"/>.</summary>
    public void Rebind() => _link.Rebind();

    public void Dispose()
    {
        _isOver = true;
        _thread.Join();
        _link.Dispose();
    }
}

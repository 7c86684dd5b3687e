namespace Proxy.Tunnel.Tests;

/// <summary>
/// Two endpoints, a link each way and a clock that moves when told: to whatever comes next, where what has arrived is handled and what is due
/// is sent.
/// </summary>
internal abstract class Conversation(Endpoint left, Endpoint right, Random random) : IDisposable
{
    private readonly Endpoint[] _ends = [left, right];
    private readonly SimulatedLink[] _links = [new(random), new(random)];

    public long Now { get; private set; } = TunnelSide.Begin;

    public TimeSpan Elapsed => TimeSpan.FromMicroseconds(Now - TunnelSide.Begin);

    public SimulatedLink FromLeft => _links[0];

    public SimulatedLink FromRight => _links[1];

    public IReadOnlyList<SimulatedLink> Links => _links;

    /// <summary>Puts another endpoint at the right end's address: the one before is gone without a word.</summary>
    public void ReplaceRight(Endpoint other)
    {
        _ends[1].Dispose();
        _ends[1] = other;
    }

    /// <summary>Everything that happens at the present moment.</summary>
    public void Settle()
    {
        var rounds = 0;
        do
        {
            for (var end = 0; end < 2; end++)
            {
                while (_links[1 - end].TryReceive(Now, out var datagram))
                {
                    _ends[end].Handle(datagram, Now);
                }

                _ends[end].Flush(_links[end], Now);
            }

            Assert.True(++rounds < 10_000, "The moment does not end.");
        }
        while (_ends.Any(end => end.HasMore) || _links.Any(link => link.NextArrivalMicroseconds <= Now));
    }

    /// <summary>Runs until nothing will ever happen, or the bound is reached.</summary>
    public void DriveFor(TimeSpan time)
    {
        var end = Now + (long)time.TotalMicroseconds;
        Settle();
        while (NextMoment() is { } next && next <= end)
        {
            MoveTo(next);
        }

        Now = end;
    }

    public void DriveFor(double seconds) => DriveFor(TimeSpan.FromSeconds(seconds));

    /// <summary>Runs until the condition holds; fails when that takes longer than the bound.</summary>
    public void DriveUntil(Func<bool> condition, double boundSeconds = 60)
    {
        var end = Now + (long)(boundSeconds * 1_000_000);
        Settle();
        while (!condition())
        {
            var next = NextMoment();
            Assert.True(next <= end, $"Not reached within {boundSeconds} s; next comes {next - TunnelSide.Begin} µs, now {Elapsed}.");
            MoveTo(next!.Value);
        }
    }

    public void Dispose()
    {
        foreach (var end in _ends)
        {
            end.Dispose();
        }
    }

    private void MoveTo(long moment)
    {
        Now = moment;
        foreach (var end in _ends)
        {
            if (end.Deadline(Now) <= Now)
            {
                end.HandleDeadline(Now);
            }
        }

        Settle();
    }

    private long? NextMoment()
    {
        long? next = null;
        foreach (var time in _ends.Select(FutureDeadline).Concat(_links.Select(link => link.NextArrivalMicroseconds)))
        {
            next = time is { } value && !(next <= value) ? value : next;
        }

        return next;
    }

    private long? FutureDeadline(Endpoint end)
    {
        var deadline = end.Deadline(Now);
        Assert.False(deadline <= Now, "A deadline right after a flush must lie ahead.");
        return deadline;
    }
}

namespace Proxy.Kcp.Tests;

/// <summary>
/// Two engines, a link each way and a clock that moves when told. <see cref="Step"/> moves it to whatever comes next: what has arrived by
/// then is handled, what is due is sent.
/// </summary>
internal sealed class KcpPair : IDisposable
{
    private readonly uint _clockOrigin;

    public KcpPair(KcpSettings? settings = null, KcpSettings? serverSettings = null, Random? random = null, uint clockOrigin = 77_000)
    {
        _clockOrigin = clockOrigin;
        random ??= new Random(1);
        ToServer = new SimulatedLink(random);
        ToClient = new SimulatedLink(random);
        Client = new KcpSide(settings ?? KcpSettings.VproxyFast3, ToServer, ToClient);
        Server = new KcpSide(serverSettings ?? settings ?? KcpSettings.VproxyFast3, ToClient, ToServer);
        Client.Start();
        Server.Start();
    }

    public KcpSide Client { get; }

    public KcpSide Server { get; }

    public SimulatedLink ToServer { get; }

    public SimulatedLink ToClient { get; }

    public IEnumerable<SimulatedLink> Links => [ToServer, ToClient];

    public long ElapsedMilliseconds { get; private set; }

    /// <summary>What the engines are told, which wraps around.</summary>
    public uint Now => _clockOrigin + (uint)ElapsedMilliseconds;

    /// <summary>Sends what the client has due, without moving the clock.</summary>
    public int FlushClient() => Client.Flush(ElapsedMilliseconds, Now);

    public int FlushServer() => Server.Flush(ElapsedMilliseconds, Now);

    public void Advance(int milliseconds) => ElapsedMilliseconds += milliseconds;

    /// <summary>Finishes the present moment and moves to the next one. False when nothing will ever happen.</summary>
    public bool Step()
    {
        Settle();
        if (NextEventMilliseconds() is not { } next)
        {
            return false;
        }

        ElapsedMilliseconds = next;
        Settle();
        return true;
    }

    /// <summary>Everything that happens at the present moment, without moving the clock.</summary>
    public void Settle()
    {
        do
        {
            Client.HandleArrivals(ElapsedMilliseconds, Now);
            Server.HandleArrivals(ElapsedMilliseconds, Now);
            FlushClient();
            FlushServer();
        }
        while (Links.Any(link => link.NextArrivalMilliseconds <= ElapsedMilliseconds));
    }

    /// <summary>Runs until nothing is left to happen; fails when that takes longer than a bound.</summary>
    public void Drive(int boundMilliseconds = 600_000) => DriveUntil(() => false, boundMilliseconds, mayGoIdle: true);

    /// <summary>Runs until the condition holds; fails when the pair goes idle before, or the bound is reached.</summary>
    public void DriveUntil(Func<bool> condition, int boundMilliseconds = 600_000, bool mayGoIdle = false)
    {
        var bound = ElapsedMilliseconds + boundMilliseconds;
        while (!condition())
        {
            if (!Step())
            {
                Assert.True(mayGoIdle || condition(), $"The pair went idle at {ElapsedMilliseconds} ms.");
                return;
            }

            Assert.True(ElapsedMilliseconds <= bound, $"The pair still runs after {boundMilliseconds} ms.");
        }
    }

    /// <summary>Runs for a while.</summary>
    public void DriveFor(int milliseconds)
    {
        var end = ElapsedMilliseconds + milliseconds;
        Settle();
        while (NextEventMilliseconds() is { } next && next <= end)
        {
            ElapsedMilliseconds = next;
            Settle();
        }

        ElapsedMilliseconds = end;
    }

    public void Dispose()
    {
        Client.Dispose();
        Server.Dispose();
        Assert.Equal(0, Client.Pool.RentedBuffers);
        Assert.Equal(0, Server.Pool.RentedBuffers);
    }

    private long? NextEventMilliseconds()
    {
        long? next = null;
        foreach (var time in (long?[])
            [ToServer.NextArrivalMilliseconds, ToClient.NextArrivalMilliseconds, Deadline(Client.Engine), Deadline(Server.Engine)])
        {
            next = time is { } value && (next is null || value < next) ? value : next;
        }

        return next;
    }

    private long? Deadline(KcpEngine engine)
    {
        if (engine.NextDeadlineMilliseconds(Now) is not { } deadline)
        {
            return null;
        }

        var wait = (int)(deadline - Now);
        Assert.True(wait > 0, "A deadline right after a flush must lie ahead.");
        return ElapsedMilliseconds + wait;
    }
}
